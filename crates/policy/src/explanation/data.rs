//! What an explanation consists of. It is written and read as JSON under these names.

use serde::{Deserialize, Serialize};

/// A decision, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Explanation {
    /// Who asks.
    pub principal: String,
    /// To do what.
    pub action: String,
    /// To what: an ARN, or `*`.
    pub resource: String,
    /// `Allow`, `ExplicitDeny` or `ImplicitDeny`.
    pub decision: String,
    /// How it came about; the names are those of [`Code`](crate::Code).
    pub code: String,
    /// The same in a sentence.
    pub reason: String,
    /// The questions that were asked, in order.
    pub steps: Vec<Step>,
    /// Every statement that applies to the request.
    pub statements: Vec<Ground>,
    /// Every `Allow` that would apply but for its conditions; looked for only if the request is refused.
    #[serde(rename = "NearMisses", default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<Near>,
    /// Whether any change of policies could allow the request.
    pub possible: bool,
    /// The changes that together would allow it, in the order in which the decision needs them.
    #[serde(rename = "Changes", default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<Remedy>,
    /// Whether still more changes would be needed than these.
    #[serde(rename = "MoreChanges", default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The grant operation that would allow it in the place of all changes, given to the caller.
    #[serde(rename = "OrGrant", default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Step {
    /// Its place in the flowchart, such as `4a`.
    pub number: String,
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: bool,
    /// What the answer means for the decision, if it does not only lead to the next question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What a grant or an account's trust means, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it rests on.
    #[serde(rename = "By", default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
}

/// What an answer rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ground {
    /// The kind of policy, as scenarios name it; or `grant`, `rootUser`, `policy`, `organization`, `region`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The policy's name, or the id of the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The level of an organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The statement's place in the document, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<usize>,
    /// The statement's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The line that the statement begins on, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// `Allow` or `Deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
}

/// An `Allow` that only its conditions keep from applying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Near {
    /// The statement.
    #[serde(flatten)]
    pub ground: Ground,
    /// The conditions that are not met.
    pub unmet: Vec<Unmet>,
}

/// A condition that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Unmet {
    /// The operator.
    pub operator: String,
    /// The condition key.
    pub key: String,
    /// Whether the request has the key at all.
    pub present: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Remedy {
    /// What kind of change it is.
    pub change: Change,
    /// The policy or statement that it is about.
    #[serde(flatten)]
    pub ground: Ground,
    /// The statement to add, in the language of policies.
    #[serde(rename = "Add", default, skip_serializing_if = "Option::is_none")]
    pub addition: Option<serde_json::Value>,
    /// The conditions to meet, or to get out of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
}

/// The kinds of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A `Deny` statement has to go, or to say less.
    RemoveStatement,
    /// A statement has to be added.
    AddStatement,
    /// The request has to meet the conditions of a statement that is there.
    MeetConditions,
}
