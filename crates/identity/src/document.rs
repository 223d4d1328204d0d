//! Policy documents in memory: their text, and what it was compiled to.

use std::fmt;
use std::sync::OnceLock;

use trent_policy::{Policy, PolicyKind, Rules};

/// What stands in for a document that should be there and is not: whoever it would have restricted may do nothing.
const WITHHELD: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"PolicyIsMissing","Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// The same where statements name principals.
const WITHHELD_FROM_EVERYBODY: &str = concat!(
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"PolicyIsMissing","Effect":"Deny","Principal":"*","#,
    r#""Action":"*","Resource":"*"}]}"#
);

/// The text of a policy, compiled once for each way in which it is used.
pub struct Document {
    text: Box<str>,
    withheld: bool,
    identity: OnceLock<Policy>,
    boundary: OnceLock<Policy>,
    session: OnceLock<Policy>,
    service_control: OnceLock<Policy>,
    resource_control: OnceLock<Policy>,
}

impl Document {
    /// A document.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self {
            text: text.into(),
            withheld: false,
            identity: OnceLock::new(),
            boundary: OnceLock::new(),
            session: OnceLock::new(),
            service_control: OnceLock::new(),
            resource_control: OnceLock::new(),
        }
    }

    /// The document in the place of one that a principal's record lists and the store does not give: it denies
    /// everything.
    pub fn withheld() -> Self {
        Self {
            withheld: true,
            ..Self::new(WITHHELD)
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this stands in for a document that is missing.
    pub fn is_withheld(&self) -> bool {
        self.withheld
    }

    /// The document as an identity policy.
    pub fn as_identity_policy(&self) -> &Policy {
        self.compiled(&self.identity, PolicyKind::Identity)
    }

    /// The document as a permissions boundary.
    pub fn as_boundary(&self) -> &Policy {
        self.compiled(&self.boundary, PolicyKind::PermissionsBoundary)
    }

    /// The document as a session policy.
    pub fn as_session_policy(&self) -> &Policy {
        self.compiled(&self.session, PolicyKind::Session)
    }

    /// The document as a service control policy.
    pub fn as_service_control_policy(&self) -> &Policy {
        self.compiled(&self.service_control, PolicyKind::ServiceControl)
    }

    /// The document as a resource control policy, which names everybody.
    pub fn as_resource_control_policy(&self) -> &Policy {
        self.compiled(&self.resource_control, PolicyKind::ResourceControl)
    }

    /// A text that cannot be read denies everything, as one that is missing does.
    fn compiled<'d>(&'d self, kept: &'d OnceLock<Policy>, kind: PolicyKind) -> &'d Policy {
        kept.get_or_init(|| {
            let withheld = match kind {
                PolicyKind::ResourceControl => WITHHELD_FROM_EVERYBODY,
                _ => WITHHELD,
            };
            let text = if self.withheld { withheld } else { &self.text };
            Policy::parse(text, kind, &Rules::STORED).unwrap_or_else(|error| {
                tracing::error!(%error, "a stored policy cannot be read: it denies everything to whoever has it");
                Policy::parse(withheld, kind, &Rules::STORED).expect("the text is a policy")
            })
        })
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.withheld) == (&other.text, other.withheld)
    }
}

impl Eq for Document {}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_compiled_once_for_each_use() {
        let document =
            Document::new(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#);
        let first = document.as_identity_policy();
        assert!(std::ptr::eq(first, document.as_identity_policy()));
        assert_eq!(first.kind(), PolicyKind::Identity);
        assert_eq!(document.as_boundary().kind(), PolicyKind::PermissionsBoundary);
        assert_eq!(document.as_session_policy().kind(), PolicyKind::Session);
    }

    #[test]
    fn what_cannot_be_read_denies_everything() {
        let policy = Document::new("{").as_identity_policy().clone();
        assert_eq!(policy.statements()[0].effect(), trent_policy::Effect::Deny);
    }

    #[test]
    fn what_is_missing_denies_everything() {
        let document: serde_json::Value = serde_json::from_str(Document::withheld().text()).expect("JSON");
        let statement = &document["Statement"][0];
        assert_eq!(
            (&statement["Effect"], &statement["Action"]),
            (&"Deny".into(), &"*".into())
        );
        assert!(statement.get("Condition").is_none());
    }
}
