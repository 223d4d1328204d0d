//! Who a caller is that signed nothing: what the token of an identity provider proves.

use std::collections::BTreeMap;

use trent_api::sts::error;
use trent_api::{ApiError, sts};
use trent_identity::directory::principals::ProviderRecord;
use trent_identity::session::Claim;
use trent_identity::web_identity::{Claims, Token, TokenError};
use trent_identity::{EntityError, Party, rules};
use trent_policy::{ConditionKey, Values};
use trent_service::{Call, internal};

use super::Sts;
use super::role::NamedRole;
use super::tagging::SessionTags;

/// Somebody for whom an OIDC provider of the role's account vouches.
pub(crate) struct Vouched {
    /// The provider.
    pub(crate) provider: Party,
    /// Its ARN, which trust policies name.
    pub(crate) provider_arn: String,
    /// The issuer's URL.
    pub(crate) issuer: String,
    /// Who the caller is to the issuer.
    pub(crate) subject: String,
    /// The audience of the token that the provider is trusted for.
    pub(crate) audience: String,
    /// What policies can ask of the token.
    pub(crate) claims: Vec<Claim>,
    /// The session tags that it brings.
    pub(crate) tags: SessionTags,
    /// The source identity that it brings.
    pub(crate) source_identity: Option<String>,
}

impl Vouched {
    /// Believes a token if its issuer is listed and signed it, its time is now, the role's account has a provider for the
    /// issuer, and the token is for an audience that the provider is trusted for. In this order: who cannot show a token
    /// of a listed issuer does not learn what accounts have.
    pub(crate) async fn by_token(service: &Sts, call: &Call, role: &NamedRole, token: &str) -> Result<Self, ApiError> {
        let token = Token::parse(token).map_err(|error| refused(&error, ""))?;
        let issuer = token.issuer().to_owned();
        let claims = service.issuers().verify(&token, call.now).await;
        let claims = claims.map_err(|error| refused(&error, &issuer))?;
        let name = rules::provider_name(&issuer).map_err(|_| no_provider(&issuer))?;
        let found = service.directory().find::<ProviderRecord>(role.account(), name).await;
        let (id, provider) = match found {
            Ok(found) if found.1.name == name => found,
            Ok(_) | Err(EntityError::NoSuch { .. }) => return Err(no_provider(&issuer)),
            Err(error) => return Err(internal(error)),
        };
        let known = |audience: &&String| provider.client_ids.contains(audience);
        let audience = claims.audiences().iter().find(known).cloned();
        let audience = audience.ok_or_else(|| error::invalid_identity_token("Incorrect token audience"))?;
        Ok(Self {
            provider: Party {
                account: role.account(),
                id: Some(id),
            },
            provider_arn: provider.arn(role.partition(), role.account()),
            claims: asked_for(name, &claims, &audience),
            tags: tags(&claims)?,
            subject: claims.subject,
            source_identity: claims.source_identity,
            audience,
            issuer,
        })
    }

    /// The values of the request's condition keys.
    pub(crate) fn condition<'a>(&'a self, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "aws:federatedprovider" => Values::One(&self.provider_arn),
            "sts:sourceidentity" => Values::optional(self.source_identity.as_deref()),
            lower => {
                let claim = self.claims.iter().find(|claim| claim.key.eq_ignore_ascii_case(lower));
                claim.map_or_else(|| self.tags.condition(key), |claim| Values::Strings(&claim.values))
            }
        }
    }
}

/// The claims that policies ask for by the provider's name.
fn asked_for(provider: &str, claims: &Claims, audience: &str) -> Vec<Claim> {
    let claim = |name: &str, values: Vec<String>| Claim {
        key: format!("{provider}:{name}"),
        values,
    };
    let mut asked = vec![
        claim("aud", vec![audience.to_owned()]),
        claim("sub", vec![claims.subject.clone()]),
    ];
    if !claims.methods.is_empty() {
        asked.push(claim("amr", claims.methods.clone()));
    }
    asked
}

/// The session tags of a token, each with one value.
fn tags(claims: &Claims) -> Result<SessionTags, ApiError> {
    let claimed: &BTreeMap<String, Vec<String>> = &claims.tags.principal_tags;
    let tags = claimed.iter().map(|(key, values)| match values.as_slice() {
        [value] => Ok(sts::Tag {
            key: key.clone(),
            value: value.clone(),
        }),
        _ => Err(error::idp_rejected_claim(format!("The tag {key} must have one value"))),
    });
    let tags = tags.collect::<Result<Vec<_>, _>>()?;
    Ok(SessionTags::new(
        Some(&tags),
        Some(&claims.tags.transitive_tag_keys),
        None,
    ))
}

/// The refusal on the wire.
fn refused(error: &TokenError, issuer: &str) -> ApiError {
    match *error {
        TokenError::Malformed => error::invalid_identity_token(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        ),
        TokenError::UnknownIssuer => no_provider(issuer),
        TokenError::NoKey => error::invalid_identity_token(
            "Couldn't retrieve verification key from your identity provider,  please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        ),
        TokenError::Signature => error::invalid_identity_token("The signature of the ID Token is not valid"),
        TokenError::Expired { expiry, now } => error::expired_token(format!(
            "Token expired: current date/time {now} must be before the expiration date/time {expiry}"
        )),
        TokenError::NotYetValid => error::idp_rejected_claim("The ID Token is not valid yet"),
    }
}

fn no_provider(issuer: &str) -> ApiError {
    error::invalid_identity_token(format!("No OpenIDConnect provider found in your account for {issuer}"))
}
