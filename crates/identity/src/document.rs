//! Policy documents in memory: their text, and a place for what was compiled from it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// What stands in for a document that should be there and is not: whoever it would have restricted may do nothing.
const WITHHELD: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"PolicyIsMissing","Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// The text of a policy, kept together with its compiled form: this crate stores policies and does not know their
/// language, and whoever does compiles each but once.
pub struct Document {
    text: Box<str>,
    withheld: bool,
    compiled: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Document {
    /// A document.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self {
            text: text.into(),
            withheld: false,
            compiled: OnceLock::new(),
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

    /// What `compile` makes of the text: made by the first who asks, then kept. Everyone must ask for the same type.
    pub fn compiled<T: Send + Sync + 'static>(&self, compile: impl Fn(&str) -> T) -> Arc<T> {
        let kept = self.compiled.get_or_init(|| Arc::new(compile(&self.text)));
        Arc::clone(kept)
            .downcast()
            .unwrap_or_else(|_| Arc::new(compile(&self.text)))
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
    fn a_document_is_compiled_once() {
        let document = Document::new("{}");
        let first = document.compiled(str::len);
        let second = document.compiled(|_| unreachable!("it is compiled already"));
        assert!(Arc::ptr_eq(&first, &second));
        // Another type does not panic; it is only not kept.
        assert_eq!(*document.compiled(str::to_owned), "{}");
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
