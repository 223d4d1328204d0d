//! A finding, as data and as text.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Malformed, Problem};
use crate::kind::PolicyKind;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Access that is probably not meant, or a statement that does not do what it says.
    Warning,
    /// The document is invalid: no service saves it.
    Error,
}

impl Severity {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something doubtful in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule that found it.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The statement, counted from 0, if one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<usize>,
    /// The statement's id, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The line, counted from 1.
    pub line: u32,
    /// What was found.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// The code of a document that is invalid.
const INVALID: &str = "INVALID";

impl Finding {
    /// A document that its service would refuse.
    pub(super) fn invalid(malformed: &Malformed, kind: PolicyKind) -> Self {
        let advice = match malformed.problem {
            Problem::NotAnArn(_) => {
                "Name a key by its ARN, arn:aws:kms:REGION:ACCOUNT:key/ID: neither a key id nor an alias name will do."
            }
            Problem::OverlyPermissive { .. } => "Leave ForAllValues out: the key has one value.",
            _ => "Mend the document: it cannot be saved as it is.",
        };
        Self {
            code: INVALID,
            severity: Severity::Error,
            statement: None,
            sid: None,
            line: malformed.line,
            what: malformed.problem.to_string(),
            why: format!("It is refused: {}", malformed.service_message(kind)),
            advice,
        }
    }
}

/// `warning EVERYBODY, statement "Open": everybody is allowed kms:*`, then why and what to do, each in a line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.severity.as_str(), self.code)?;
        match (&self.sid, self.statement) {
            (Some(sid), _) => write!(f, ", statement {sid:?}")?,
            (None, Some(index)) => write!(f, ", statement {index}")?,
            (None, None) => {}
        }
        write!(f, ": {}\n    {}\n    {}", self.what, self.why, self.advice)
    }
}
