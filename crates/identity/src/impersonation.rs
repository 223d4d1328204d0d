//! A principal as the caller that it would be, for questions about what it may do. Such a caller signed nothing: it has
//! no access key, and nothing but a question may be asked with it.

use std::time::Duration;

use trent_names::{PrincipalArn, Region};

use crate::caller::{Caller, Identity, PrincipalKind};
use crate::directory::{Directory, EntityError, Party};
use crate::session::{Session, SessionKind};

impl Directory {
    /// Who `principal` would be if it called a service now, `now` after 1970: with what the directory says of it at this
    /// moment. A role is some session of it; a session has the role's permissions, as if it had been begun without
    /// session policies, tags or source identity, of which nothing is stored. `None` if there is no such principal, or
    /// if it is a federated user, whose permissions are in its session alone.
    pub async fn impersonate(
        &self,
        principal: &PrincipalArn,
        region: Region,
        service: &str,
        now: Duration,
    ) -> Result<Option<Caller>, EntityError> {
        let Some(party) = self.party_of(principal).await? else {
            return Ok(None);
        };
        let account = party.account;
        let root = Caller::root(account, "", region.clone(), service);
        let Some(entitlements) = self.entitlements(&party).await? else {
            return Ok(None);
        };
        let (kind, unique_id, session) = match (principal, &party.id) {
            (PrincipalArn::Root { .. }, _) => {
                return Ok(Some(Caller::from(Identity {
                    entitlements,
                    ..Identity::clone(&root)
                })));
            }
            (PrincipalArn::User { .. }, Some(id)) => (PrincipalKind::User, id.to_string(), None),
            (PrincipalArn::Role { .. }, Some(id)) => {
                let session = begun(now, &party, principal.clone(), None);
                (PrincipalKind::AssumedRole, format!("{id}:"), Some(session))
            }
            (PrincipalArn::AssumedRole { session: name, .. }, Some(id)) => {
                let Some(role) = self.arn_of_role(&party, principal.partition()).await? else {
                    return Ok(None);
                };
                let session = begun(now, &party, role, Some(name));
                (PrincipalKind::AssumedRole, format!("{id}:{name}"), Some(session))
            }
            _ => return Ok(None),
        };
        Ok(Some(Caller::from(Identity {
            principal: principal.clone(),
            is_root: false,
            kind,
            unique_id,
            session,
            entitlements,
            ..Identity::clone(&root)
        })))
    }
}

/// A session of a role that was begun at this moment.
fn begun(now: Duration, party: &Party, role: PrincipalArn, name: Option<&str>) -> Session {
    Session {
        kind: SessionKind::Role,
        issued_at: now,
        expires_at: now,
        principal: party.clone(),
        issuer: party.clone(),
        principal_arn: role,
        name: name.map(str::to_owned),
        source_identity: None,
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        federated_provider: None,
        claims: Vec::new(),
    }
}
