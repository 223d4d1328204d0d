//! What the linter is told about actions and services.

use serde::Serialize;

use crate::request::Action;

/// What an action can be done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceType {
    /// A key.
    Key,
    /// An alias.
    Alias,
}

/// An action of a service, as the service's permissions reference has it.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownAction {
    /// Its name, such as `kms:Decrypt`.
    #[serde(serialize_with = "name")]
    pub action: &'static Action,
    /// The operation that asks for it; the service itself may do what no operation asks for.
    pub operation: Option<&'static str>,
    /// `List`, `Read`, `Write`, `Permissions management` or `Tagging`.
    pub access_level: &'static str,
    /// What it is done to; nothing if policies can name it with `*` only.
    pub resources: &'static [ResourceType],
    /// Whether it can have an effect on resources of other accounts.
    pub across_accounts: bool,
    /// Whether it uses key material.
    pub cryptographic: bool,
    /// The grant operation that can permit it.
    pub grant: Option<&'static str>,
    /// The condition keys of the service that apply to it.
    pub condition_keys: &'static [&'static str],
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn name<S: serde::Serializer>(action: &&'static Action, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(action.as_str())
}

impl KnownAction {
    /// Whether it is done to a key.
    pub fn is_on_key(&self) -> bool {
        self.resources.contains(&ResourceType::Key)
    }

    /// Whether it is done to an alias, perhaps besides the key.
    pub fn is_on_alias(&self) -> bool {
        self.resources.contains(&ResourceType::Alias)
    }

    /// Whether a condition key, in lower case, applies to it. A key with a name of the caller's in it, such as
    /// `aws:ResourceTag/${TagKey}`, is known by what precedes the name.
    pub(super) fn has_condition_key(&self, lower: &str) -> bool {
        self.condition_keys.iter().any(|known| match known.split_once("${") {
            Some((before, _)) => {
                let begins = lower.get(..before.len());
                lower.len() > before.len() && begins.is_some_and(|begins| begins.eq_ignore_ascii_case(before))
            }
            None => known.eq_ignore_ascii_case(lower),
        })
    }
}

/// Everything that there is.
#[derive(Clone, Copy)]
pub struct Vocabulary<'a> {
    /// The actions of KMS.
    pub actions: &'a [KnownAction],
    /// Whether a service calls itself this before the Region in `kms:ViaService`, such as `s3`.
    pub is_service: &'a dyn Fn(&str) -> bool,
}

impl<'a> Vocabulary<'a> {
    /// What the names of all actions begin with.
    pub(super) fn prefix(&self) -> &'a str {
        let first = self.actions.first().map(|known| known.action.as_str());
        first
            .and_then(|name| name.split_inclusive(':').next())
            .unwrap_or_default()
    }
}
