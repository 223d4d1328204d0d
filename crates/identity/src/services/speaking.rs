//! For whom a service speaks: what its headers say, believed as far as its registration and the directory bear it out.

use std::sync::Arc;
use std::time::Duration;

use trent_names::{AccountId, PrincipalArn, Region};
use trent_store::StoreError;

use super::caller::ServiceCaller;
use super::headers::{ON_BEHALF_OF, SOURCE_ACCOUNT, SOURCE_ARN, ServiceHeaders};
use super::registration::RegisteredService;
use super::source::{Source, account_of};
use super::token::{Link, Proof, Token, party};
use super::via::Via;
use crate::caller::{Caller, Identity};
use crate::directory::{Directory, Lookup};
use crate::error::{AuthenticationError, unavailable};
use crate::sender::Sender;

impl Directory {
    /// Who calls with an authenticated request of a service to the service `asked`: itself, or whom it calls for.
    pub(crate) async fn speaker(
        &self,
        service: &ServiceCaller,
        headers: ServiceHeaders<'_>,
        asked: &str,
        now: Duration,
    ) -> Result<Sender, AuthenticationError> {
        if !service.service.is_in(&service.region) {
            return Err(AuthenticationError::ServiceElsewhere(service.region.to_string()));
        }
        match headers {
            ServiceHeaders::None => Ok(Sender::Service(service.clone())),
            ServiceHeaders::Source { arn, account } => {
                let source = self.source(service, arn, account).await?;
                Ok(Sender::Service(service.acting_for(source)))
            }
            ServiceHeaders::Token(token) => {
                let token = self.forward_access(service, token, &service.region, now).await?;
                let caller = self.forwarded(service, &token, asked).await;
                let caller = caller.map_err(|error| unavailable(&error))?;
                caller
                    .map(Sender::Principal)
                    .ok_or(AuthenticationError::ForwardAccessToken)
            }
            ServiceHeaders::OnBehalfOf(user) => {
                let caller = self.asserted(service, user, asked, now).await?;
                caller
                    .map(Sender::Principal)
                    .ok_or_else(|| AuthenticationError::ServiceHeader(ON_BEHALF_OF.to_owned()))
            }
        }
    }

    /// Opens a token that is this service's, is good for a Region, and is not over.
    pub(crate) async fn forward_access(
        &self,
        service: &ServiceCaller,
        token: &str,
        region: &Region,
        now: Duration,
    ) -> Result<Token, AuthenticationError> {
        let opened = Token::open(self.keystore().as_ref(), token).await;
        let fits = |token: &Token| is(&token.service, &service.service) && token.region == region.as_str();
        let token = opened.filter(fits).ok_or(AuthenticationError::ForwardAccessToken)?;
        if now >= token.expires_at() {
            return Err(AuthenticationError::ExpiredToken);
        }
        Ok(token)
    }

    /// Whom a service's token is of, as far as everybody whom it depends on is there and none has ended it.
    async fn forwarded(
        &self,
        service: &ServiceCaller,
        token: &Token,
        asked: &str,
    ) -> Result<Option<Caller>, StoreError> {
        let Some(caller) = self.principal_of(token, &service.region, asked).await? else {
            return Ok(None);
        };
        let mut before = Vec::with_capacity(token.before.len());
        for link in &token.before {
            match self.service(&link.name).await? {
                Some(known) if is(link, &known) && known.serves(caller.account) => before.push(link.name.clone()),
                _ => return Ok(None),
            }
        }
        let via = Via::new(&service.service, &before, &service.region);
        Ok(service.service.serves(caller.account).then(|| through(&caller, via)))
    }

    /// The principal whose request a token was issued for, if its credential still signs.
    pub(crate) async fn principal_of(
        &self,
        token: &Token,
        region: &Region,
        asked: &str,
    ) -> Result<Option<Caller>, StoreError> {
        match &token.proof {
            Proof::Session(content) => {
                let identity = self.resolve_session(content, region.clone(), asked).await?;
                Ok(identity.map(Caller::from))
            }
            Proof::AccessKey {
                id,
                serial,
                account,
                user,
            } => {
                let Lookup::Active {
                    party: holder,
                    live,
                    key,
                } = self.look_up(id).await?
                else {
                    return Ok(None);
                };
                let same = key.serial == *serial && party(account, user.as_ref()).as_ref() == Some(&holder);
                // Who ends the sessions of a principal ends what it has lent as well.
                let ended =
                    !live.accepts(token.issued_at) || !self.account_accepts(holder.account, token.issued_at).await?;
                if !same || ended {
                    return Ok(None);
                }
                self.holder(id, region.clone(), asked, &holder, &live).await
            }
        }
    }

    /// A user that a service names without a proof, where it is trusted to. Never the root user, and no session: what
    /// limits one stands in its token alone.
    async fn asserted(
        &self,
        service: &ServiceCaller,
        user: &str,
        asked: &str,
        now: Duration,
    ) -> Result<Option<Caller>, AuthenticationError> {
        let named = PrincipalArn::parse(user)
            .ok()
            .filter(|arn| matches!(arn, PrincipalArn::User { .. }) && arn.partition() == service.region.partition());
        let Some(named) = named.filter(|arn| service.service.is_trusted_in(arn.account())) else {
            return Ok(None);
        };
        let caller = self.impersonate(&named, service.region.clone(), asked, now).await;
        let caller = caller.map_err(|error| unavailable(&error))?;
        Ok(caller.map(|caller| through(&caller, Via::asserted(&service.service, &service.region))))
    }

    /// What a service says that it acts for: in one account, and one that it serves.
    async fn source(
        &self,
        service: &ServiceCaller,
        arn: Option<&str>,
        account: Option<&str>,
    ) -> Result<Source, AuthenticationError> {
        let refused = |header: &str| AuthenticationError::ServiceHeader(header.to_owned());
        let of_arn = match arn {
            Some(arn) => account_of(arn).map_err(|_| refused(SOURCE_ARN))?,
            None => None,
        };
        let given = account.map(AccountId::parse).transpose();
        let given = given.map_err(|_| refused(SOURCE_ACCOUNT))?;
        if of_arn.is_some() && given.is_some() && of_arn != given {
            return Err(refused(SOURCE_ACCOUNT));
        }
        let account = given.or(of_arn);
        if account.is_some_and(|account| !service.service.serves(account)) {
            return Err(refused(if given.is_some() { SOURCE_ACCOUNT } else { SOURCE_ARN }));
        }
        let placement = match account {
            Some(account) => self.placement(account).await.map_err(|error| unavailable(&error))?,
            None => None,
        };
        Ok(Source {
            arn: arn.map(str::to_owned),
            account,
            placement,
        })
    }
}

/// Whether a link is this service and no earlier one of its name.
fn is(link: &Link, service: &RegisteredService) -> bool {
    link.name == service.name().as_str() && link.registered_at == service.registered_at()
}

/// A caller for whom a service calls.
fn through(caller: &Caller, via: Via) -> Caller {
    Caller::from(Identity {
        via: Some(Arc::new(via)),
        ..Identity::clone(caller)
    })
}
