//! The condition keys of a call, looked up only when a policy names them and lent, not built.
//!
//! Who knows what: the operation its request's values, the resource its attributes, the service what all its operations
//! have in common, and this module the `aws:` keys of every call (IAM User Guide, "AWS global condition context keys").
//! A key that a call does not carry is absent (AUTHZ-96).

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::time::Duration;

use time::OffsetDateTime;
use trent_identity::organization::Placement;
use trent_identity::{Caller, ServiceCaller, Via};
use trent_names::AccountId;
use trent_policy::{ConditionKey, Context, Values};

use crate::call::{Actor, Call};
use crate::callers_side::user_name;
use crate::operation::{Guarded, Service};
use crate::target::{Resource, Target};
use crate::vpc_endpoint::VpcEndpoint;

/// Everything that policies can ask about one target of a call.
pub struct Conditions<'a, O: Guarded> {
    call: &'a Call,
    input: &'a O::Input,
    resolved: &'a O::Resolved,
    target: &'a Target<'a>,
    of_call: CallConditions<'a>,
}

/// What every call tells policies, whatever it is for.
pub(crate) struct CallConditions<'a> {
    call: &'a Call,
    /// What the target is done to.
    resource: Resource<'a>,
    owner: Option<AccountId>,
    /// Where the owner stands in its organization.
    place: Option<&'a Placement>,
    time: OnceCell<Text>,
    epoch: OnceCell<Text>,
    source_ip: OnceCell<Text>,
    token_issued: OnceCell<Text>,
}

impl<'a, O: Guarded> Conditions<'a, O> {
    /// The conditions of `target`, one of the targets of this call of the operation.
    pub fn new(call: &'a Call, input: &'a O::Input, resolved: &'a O::Resolved, target: &'a Target<'a>) -> Self {
        Self {
            call,
            input,
            resolved,
            target,
            of_call: CallConditions::new(call, target),
        }
    }

    /// The keys that the service's operations list: of the request, of the resource, of the service.
    fn of_service<'k>(&'k self, key: &'k ConditionKey) -> Values<'k> {
        let of_request = O::condition(self.input, self.resolved, self.target, key);
        if !matches!(of_request, Values::Absent) {
            return of_request;
        }
        let attributes = self.target.resource.attributes();
        let of_resource = attributes.map_or(Values::Absent, |attributes| attributes.lookup(key));
        match of_resource {
            Values::Absent => O::Service::condition(self.call, key),
            found => found,
        }
    }
}

impl<'a> CallConditions<'a> {
    pub(crate) fn new(call: &'a Call, target: &Target<'a>) -> Self {
        Self {
            call,
            resource: target.resource,
            owner: target.resource.account(),
            place: target.owner,
            time: OnceCell::new(),
            epoch: OnceCell::new(),
            source_ip: OnceCell::new(),
            token_issued: OnceCell::new(),
        }
    }

    /// The keys of every call.
    pub(crate) fn values<'k>(&'k self, key: &ConditionKey) -> Values<'k> {
        match key.lower() {
            "aws:currenttime" => Values::One(self.time.get_or_init(|| Text::time(self.call.now)).as_str()),
            "aws:epochtime" => Values::One(self.epoch.get_or_init(|| Text::epoch(self.call)).as_str()),
            "aws:requestedregion" => Values::One(self.region()),
            "aws:resourceorgid" => Values::optional(self.place.map(|place| place.organization.as_str())),
            "aws:resourceorgpaths" => paths(self.place),
            "aws:resourceaccount" => Values::optional(self.owner.as_ref().map(AccountId::as_str)),
            // An address in a private network means nothing outside it, so it has a name of its own (AUTHZ-49).
            "aws:sourceip" if self.call.through.is_none() => self.address(),
            "aws:vpcsourceip" if self.call.through.is_some() => self.address(),
            "aws:sourcevpce" => Values::optional(self.call.through.as_deref().map(VpcEndpoint::id)),
            "aws:sourcevpc" => Values::optional(self.call.through.as_deref().map(VpcEndpoint::vpc)),
            "aws:vpceaccount" => {
                let account = self.call.through.as_deref().and_then(VpcEndpoint::account);
                Values::optional(account.map(AccountId::as_str))
            }
            "aws:referer" => Values::optional(self.call.referer.as_deref()),
            "aws:useragent" => Values::optional(Some(&*self.call.user_agent).filter(|text| !text.is_empty())),
            // TLS that somebody else ends counts for nothing: nobody's word for it is taken.
            "aws:securetransport" => Values::boolean(self.call.tls.is_some()),
            "aws:viaawsservice" => Values::boolean(self.call.via().is_some()),
            "aws:principalisawsservice" => Values::boolean(matches!(self.call.actor, Actor::Service(_))),
            _ => match &self.call.actor {
                Actor::Principal(caller) => self.of_caller(caller, key),
                Actor::Service(service) => of_service(service, key),
                Actor::Operator { .. } | Actor::Unsigned => Values::Absent,
            },
        }
    }

    /// Where the target is. A call of several targets may reach into other Regions than its own.
    fn region(&self) -> &str {
        let of_arn = |arn: &'a str| arn.split(':').nth(3).filter(|region| !region.is_empty());
        let named = match self.resource {
            Resource::Elsewhere { region, .. } => Some(region.as_str()),
            Resource::Key { arn, .. } | Resource::Other { arn, .. } => of_arn(arn),
            _ => None,
        };
        named.unwrap_or(self.call.region.as_str())
    }

    /// The address that the call came from.
    fn address(&self) -> Values<'_> {
        match self.call.source_ip {
            Some(_) => Values::One(self.source_ip.get_or_init(|| Text::source_ip(self.call)).as_str()),
            None => Values::Absent,
        }
    }

    /// The keys of the caller.
    fn of_caller<'k>(&'k self, caller: &'k Caller, key: &ConditionKey) -> Values<'k> {
        let chain = caller.via.as_deref().map(Via::chain);
        let session = caller.session.as_ref();
        match key.lower() {
            "aws:principalarn" => Values::One(caller.principal_arn()),
            "aws:principalaccount" => Values::One(caller.account.as_str()),
            "aws:principalorgid" => {
                let organization = caller.entitlements.organization.as_deref();
                Values::optional(organization.map(|place| place.organization.as_str()))
            }
            "aws:principalorgpaths" => paths(caller.entitlements.organization.as_deref()),
            "aws:calledvia" => chain.map_or(Values::Absent, Values::Strings),
            "aws:calledviafirst" => Values::optional(chain.and_then(<[_]>::first).map(String::as_str)),
            "aws:calledvialast" => Values::optional(chain.and_then(<[_]>::last).map(String::as_str)),
            "aws:principaltype" => Values::One(caller.kind.as_str()),
            "aws:userid" => Values::One(&caller.unique_id),
            "aws:username" => Values::optional(user_name(caller)),
            "aws:sourceidentity" => Values::optional(session.and_then(|session| session.source_identity.as_deref())),
            "aws:federatedprovider" => {
                Values::optional(session.and_then(|session| session.federated_provider.as_deref()))
            }
            // Nobody has a second factor here, which only temporary credentials tell.
            "aws:multifactorauthpresent" => Values::optional(session.map(|_| "false")),
            "aws:tokenissuetime" => Values::optional(
                session.map(|session| self.token_issued.get_or_init(|| Text::time(session.issued_at)).as_str()),
            ),
            _ => match key.suffix("aws:principaltag/") {
                Some(name) => {
                    let mut tags = caller.entitlements.tags.iter();
                    Values::optional(
                        tags.find(|tag| tag.key.to_lowercase() == name)
                            .map(|tag| tag.value.as_str()),
                    )
                }
                // What the provider that vouched for the session's holder said (AUTHZ-132).
                None => session
                    .and_then(|session| {
                        session
                            .claims
                            .iter()
                            .find(|claim| claim.key.eq_ignore_ascii_case(key.lower()))
                    })
                    .map_or(Values::Absent, |claim| Values::Strings(&claim.values)),
            },
        }
    }
}

impl<O: Guarded> Context for Conditions<'_, O> {
    fn lookup<'k>(&'k self, key: &'k ConditionKey) -> Values<'k> {
        let listed = if self.target.has(key) {
            self.of_service(key)
        } else {
            Values::Absent
        };
        match listed {
            Values::Absent => self.of_call.values(key),
            found => found,
        }
    }
}

/// The keys of a service that calls as itself, and of what it acts for.
fn of_service<'k>(service: &'k ServiceCaller, key: &ConditionKey) -> Values<'k> {
    let source = service.source.as_ref();
    let place = source.and_then(|source| source.placement.as_deref());
    match key.lower() {
        "aws:principalservicename" => Values::One(service.name()),
        "aws:principalservicenameslist" => Values::Strings(&service.names),
        "aws:sourcearn" => Values::optional(source.and_then(|source| source.arn.as_deref())),
        "aws:sourceaccount" => {
            Values::optional(source.and_then(|source| source.account.as_ref()).map(AccountId::as_str))
        }
        "aws:sourceorgid" => Values::optional(place.map(|place| place.organization.as_str())),
        "aws:sourceorgpaths" => paths(place),
        _ => Values::Absent,
    }
}

fn paths(place: Option<&Placement>) -> Values<'_> {
    place.map_or(Values::Absent, |place| Values::Strings(&place.paths))
}

/// A short text that is written in place. What does not fit is cut off.
struct Text {
    bytes: [u8; Self::ROOM],
    length: usize,
}

impl Text {
    /// The longest of them is an IPv6 address.
    const ROOM: usize = 48;

    fn of(value: std::fmt::Arguments<'_>) -> Self {
        let mut text = Self {
            bytes: [0; Self::ROOM],
            length: 0,
        };
        // It fails only by being cut off.
        let _ = text.write_fmt(value);
        text
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    /// `2024-02-29T12:00:00Z`
    fn time(since_epoch: Duration) -> Self {
        let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
        let Ok(time) = OffsetDateTime::from_unix_timestamp(seconds) else {
            return Self::of(format_args!(""));
        };
        Self::of(format_args!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second()
        ))
    }

    fn epoch(call: &Call) -> Self {
        Self::of(format_args!("{}", call.now.as_secs()))
    }

    /// An IPv4 address that came over an IPv6 socket is an IPv4 address.
    fn source_ip(call: &Call) -> Self {
        match call.source_ip {
            Some(address) => Self::of(format_args!("{}", address.to_canonical())),
            None => Self::of(format_args!("")),
        }
    }
}

impl std::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
