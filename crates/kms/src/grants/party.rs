//! The principals of grants: who may be one, how a caller is one, and how one is shown (guide, "Grant concepts").

use smallvec::SmallVec;
use trent_api::{ApiError, kms};
use trent_identity::{Presence, PrincipalDirectory, UniqueId};
use trent_names::{Partition, PrincipalArn};
use trent_policy::Grantee;
use trent_service::{Asking, Call, internal};

use crate::records::grants::PartyRecord;

/// What a caller may be the grantee as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// In which way.
    pub(crate) grantee: Grantee,
    /// Who, as [`PartyRecord::identity`] has it.
    pub(crate) identity: String,
}

/// All that whoever asks may be the grantee as: a service by its names; a principal of an account itself, its role, its
/// account, users, roles and sessions by their unique ids, and by their ARNs for those whose ids were not known.
pub(crate) fn forms(asking: Asking<'_>, partition: Partition) -> SmallVec<[Form; 5]> {
    let form = |grantee, identity| Form { grantee, identity };
    let caller = match asking {
        Asking::Principal(caller) => caller,
        Asking::Service(service) => {
            let names = service.names.iter();
            return names.map(|name| form(Grantee::Caller, name.clone())).collect();
        }
    };
    let mut forms = SmallVec::new();
    match &caller.principal {
        PrincipalArn::Root { .. } => {}
        PrincipalArn::FederatedUser { .. } => forms.push(form(Grantee::Caller, caller.principal.to_string())),
        PrincipalArn::User { .. } | PrincipalArn::Role { .. } | PrincipalArn::AssumedRole { .. } => {
            forms.push(form(Grantee::Caller, caller.unique_id.clone()));
            forms.push(form(Grantee::Caller, caller.principal.to_string()));
        }
    }
    if let (PrincipalArn::AssumedRole { .. }, Some(session)) = (&caller.principal, &caller.session) {
        let id = session.principal.id.as_ref().map(UniqueId::to_string);
        forms.extend(id.map(|id| form(Grantee::Role, id)));
        forms.push(form(Grantee::Role, session.principal_arn.to_string()));
    }
    let account = caller.account;
    let root = PrincipalArn::Root { partition, account };
    forms.push(form(Grantee::Account, root.to_string()));
    forms
}

/// Whether a name is that of the service that calls, for itself or for somebody.
pub(crate) fn is_calling(call: &Call, name: &str) -> bool {
    match call.asking() {
        Some(Asking::Service(service)) => service.names.iter().any(|own| own == name),
        _ => call.via().is_some_and(|via| via.is_called(name)),
    }
}

/// In which way one of these forms is the principal.
pub(crate) fn fit(forms: &[Form], party: &PartyRecord) -> Option<Grantee> {
    let form = forms.iter().find(|form| form.identity == party.identity());
    form.map(|form| form.grantee)
}

/// The principal that an ARN in a request names, which must be one and must exist, as far as this deployment can know.
pub(crate) async fn of_arn(
    directory: &dyn PrincipalDirectory,
    partition: Partition,
    text: &str,
) -> Result<PartyRecord, ApiError> {
    let invalid = || kms::error::invalid_arn(format!("ARN does not refer to a valid principal: {text}"));
    let arn = parse(partition, text)?;
    match directory.presence(&arn).await.map_err(internal)? {
        Presence::Missing => Err(invalid()),
        Presence::Elsewhere => Ok(named(text, None)),
        Presence::Here(id) => Ok(named(text, id.map(|id| identity(&arn, &id)))),
    }
}

/// Reads the ARN of a principal of the partition.
pub(crate) fn parse(partition: Partition, text: &str) -> Result<PrincipalArn, ApiError> {
    PrincipalArn::parse(text)
        .ok()
        .filter(|arn| arn.partition() == partition && arn.to_string() == text)
        .ok_or_else(|| kms::error::invalid_arn(format!("ARN does not refer to a valid principal: {text}")))
}

/// A service, by its name.
pub(crate) fn of_service(name: &str) -> PartyRecord {
    named(name, None)
}

/// Every identity that grants may have this principal by: the one that it has now, and its name.
pub(crate) async fn identities(
    directory: &dyn PrincipalDirectory,
    arn: &PrincipalArn,
) -> Result<SmallVec<[String; 2]>, ApiError> {
    let mut identities = SmallVec::from_iter([arn.to_string()]);
    if let Presence::Here(Some(id)) = directory.presence(arn).await.map_err(internal)? {
        identities.push(identity(arn, &id));
    }
    Ok(identities)
}

impl PartyRecord {
    /// The service's name, if it is a service.
    pub(crate) fn service(&self) -> Option<String> {
        (!self.name.starts_with("arn:")).then(|| self.name.clone())
    }

    /// How lists show it: by its ARN or name, and what is gone by what remains of it, its unique id.
    pub(crate) async fn shown(&self, directory: &dyn PrincipalDirectory) -> Result<String, ApiError> {
        let (Some(had), Ok(arn)) = (&self.id, PrincipalArn::parse(&self.name)) else {
            return Ok(self.name.clone());
        };
        let has = match directory.presence(&arn).await.map_err(internal)? {
            Presence::Here(Some(id)) => Some(identity(&arn, &id)),
            Presence::Here(None) | Presence::Missing | Presence::Elsewhere => None,
        };
        Ok(if has.as_ref() == Some(had) { &self.name } else { had }.clone())
    }
}

fn named(name: &str, id: Option<String>) -> PartyRecord {
    PartyRecord {
        name: name.to_owned(),
        id,
    }
}

/// The unique id as a caller has it: a session's is its role's with the session's name.
fn identity(arn: &PrincipalArn, id: &UniqueId) -> String {
    match arn {
        PrincipalArn::AssumedRole { session, .. } => format!("{id}:{session}"),
        _ => id.to_string(),
    }
}
