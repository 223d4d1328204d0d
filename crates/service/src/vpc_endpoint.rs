//! Private endpoints: what is known of the listener that a request came through, and the policy that limits what may be
//! done through it (VPC User Guide, "Control access to VPC endpoints using endpoint policies").
//!
//! The operator's configuration says all of it, for each listener. Nothing of it is read from a request.

use trent_names::AccountId;
use trent_policy::{Malformed, Policy, PolicyKind, Rules};

/// The policy of an endpoint that was given none.
const EVERYTHING: &str = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// The longest id, in characters.
const LONGEST: usize = 32;

/// A private endpoint.
#[derive(Debug, Clone)]
pub struct VpcEndpoint {
    id: String,
    vpc: String,
    account: Option<AccountId>,
    policy: Policy,
    tells_denials: bool,
}

/// What a private endpoint cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VpcEndpointError {
    /// The id has another form.
    #[error("`{id}` is no id: it should be `{beginning}` and up to {LONGEST} lower-case letters and digits")]
    Id {
        /// What was given.
        id: String,
        /// What it should begin with.
        beginning: &'static str,
    },
    /// The policy is not one.
    #[error("the policy is not accepted: {0}")]
    Policy(#[from] Malformed),
}

impl VpcEndpoint {
    /// The endpoint `id` (`vpce-...`) of the network `vpc` (`vpc-...`), of an account if one owns it, with this policy;
    /// without one it lets everything through (POL-469).
    pub fn new(
        id: &str,
        vpc: &str,
        account: Option<AccountId>,
        policy: Option<&str>,
    ) -> Result<Self, VpcEndpointError> {
        let text = policy.unwrap_or(EVERYTHING);
        Ok(Self {
            id: checked(id, "vpce-")?,
            vpc: checked(vpc, "vpc-")?,
            account,
            policy: Policy::parse(text, PolicyKind::Endpoint, &Rules::ENDPOINT_POLICY)?,
            tells_denials: false,
        })
    }

    /// The same, whose refusals are in the records of the caller's account and not the operator's alone.
    #[must_use]
    pub fn telling_denials(self) -> Self {
        Self {
            tells_denials: true,
            ..self
        }
    }

    /// Whether the caller's account has records of what the policy alone refused.
    pub(crate) fn tells_denials(&self) -> bool {
        self.tells_denials
    }

    /// Its id, `aws:SourceVpce`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The id of its network, `aws:SourceVpc`.
    pub fn vpc(&self) -> &str {
        &self.vpc
    }

    /// The account that owns it, `aws:VpceAccount`.
    pub fn account(&self) -> Option<&AccountId> {
        self.account.as_ref()
    }

    /// What may be done through it, at most.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }
}

fn checked(id: &str, beginning: &'static str) -> Result<String, VpcEndpointError> {
    let rest = id.strip_prefix(beginning).unwrap_or_default();
    let plain = rest
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if plain && (1..=LONGEST).contains(&rest.len()) {
        return Ok(id.to_owned());
    }
    Err(VpcEndpointError::Id {
        id: id.to_owned(),
        beginning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked_and_so_is_the_policy() {
        let made = |id, vpc, policy| VpcEndpoint::new(id, vpc, None, policy);
        assert!(made("vpce-1234abcdf5678c90a", "vpc-12345678", None).is_ok());
        let long = format!("vpc-{}", "1".repeat(LONGEST + 1));
        for (id, vpc) in [
            ("vpce-", "vpc-1"),
            ("vpce-1", "vpce-1"),
            ("vpc-1", "vpc-1"),
            ("vpce-A", "vpc-1"),
            ("vpce-1", "vpc-1 "),
            ("vpce-1", long.as_str()),
        ] {
            assert!(
                matches!(made(id, vpc, None), Err(VpcEndpointError::Id { .. })),
                "{id} {vpc}"
            );
        }
        // It needs no version, and it names its principals (POL-470, POL-474).
        assert!(made("vpce-1", "vpc-1", Some(EVERYTHING)).is_ok());
        for bad in ["", "{}", &EVERYTHING.replace(r#""Principal":"*","#, "")] {
            assert!(
                matches!(made("vpce-1", "vpc-1", Some(bad)), Err(VpcEndpointError::Policy(_))),
                "{bad}"
            );
        }
    }
}
