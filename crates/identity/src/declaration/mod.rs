//! Files that declare accounts, who is in them, their organization and the services around (the bootstrap), and whole worlds (the development
//! seed): what is wrong in one is said with its line and its field, and never with the value of a secret.

mod access_keys;
mod accounts;
pub mod bootstrap;
mod documents;
mod entities;
mod organization;
pub mod plan;
pub mod seed;
mod services;

use std::fmt;

use toml::de::{DeTable, DeValue};
use trent_names::{AliasNameError, InvalidAccountId, InvalidKeyId, InvalidRegion, InvalidServicePrincipal, Region};

use crate::access_key::InvalidAccessKeyId;

pub use access_keys::DeclaredAccessKey;
pub use accounts::DeclaredAccount;
pub use documents::{ReadFile, no_files};
pub use entities::{DeclaredHolder, DeclaredPolicy, DeclaredProvider, DeclaredRole, DeclaredUser};

pub use organization::{DeclaredControl, DeclaredOrganization, DeclaredUnit};
pub use services::DeclaredService;

use crate::rules::InvalidInput;

/// What is wrong with a declaration, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationError {
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
    /// The field, as in `accounts[0].access_keys[1].secret`; empty if the file cannot be read at all.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for DeclarationError {}

/// What can be wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file is not of its format, or a field is unknown, missing or of another type.
    #[error("{0}")]
    Syntax(String),
    /// Not an account id.
    #[error(transparent)]
    Account(#[from] InvalidAccountId),
    /// Not an access key id.
    #[error(transparent)]
    AccessKey(#[from] InvalidAccessKeyId),
    /// Not a Region.
    #[error(transparent)]
    Region(#[from] InvalidRegion),
    /// Not a key id.
    #[error(transparent)]
    Key(#[from] InvalidKeyId),
    /// Not an alias name.
    #[error(transparent)]
    Alias(#[from] AliasNameError),
    /// An alias that only the service itself makes.
    #[error("aliases that begin with `alias/aws/` belong to AWS managed keys")]
    ReservedAlias,
    /// A secret that no signer could use or that is too easily guessed. The secret is not repeated.
    #[error("a secret access key has {min} to 128 printable ASCII characters and no spaces")]
    Secret {
        /// The shortest that is accepted here.
        min: usize,
    },
    /// An id that only temporary credentials have.
    #[error("`{0}`: access key ids that begin with `ASIA` belong to temporary credentials")]
    TemporaryAccessKey(String),
    /// A Region that every account needs.
    #[error("`{0}` is where IAM and STS answer for the whole partition: no account is without it")]
    GlobalRegion(Region),
    /// The same thing declared twice.
    #[error("`{0}` is declared twice")]
    Twice(String),
    /// More than the service allows.
    #[error("at most {max} {what} are allowed, this has {found}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        max: usize,
        /// How many there are.
        found: usize,
    },
    /// Longer or shorter than the service allows.
    #[error("it must have {min} to {max} characters, this has {found}")]
    Length {
        /// The shortest.
        min: usize,
        /// The longest.
        max: usize,
        /// What it has.
        found: usize,
    },
    /// Key material that is not 32 bytes in base64. The material is not repeated.
    #[error("the material of a symmetric key is 32 bytes in base64")]
    Material,
    /// A name, a path, a tag or another value that IAM's operations would not take.
    #[error(transparent)]
    Value(#[from] InvalidInput),
    /// A policy that the policy language does not know, or that its place does not take.
    #[error("the policy is not accepted: {file}{reason}")]
    Document {
        /// The file that it stands in and a colon; nothing if it stands in the declaration.
        file: String,
        /// What is wrong with it, and the line of the policy.
        reason: String,
    },
    /// A file that a policy should stand in.
    #[error("cannot read `{path}`: {reason}")]
    File {
        /// The file, as the declaration names it.
        path: String,
        /// Why it cannot be read.
        reason: String,
    },
    /// A managed policy of another account, or one that does not come with the product.
    #[error("`{0}` is no managed policy that this account can use: its own, or one that comes with the product")]
    UnusablePolicy(String),
    /// An id of an organization, its root or a unit that is not of its form.
    #[error("`{value}` should be `{beginning}` and {shortest} to 32 lower-case letters and digits")]
    OrganizationId {
        /// What was given.
        value: String,
        /// How it begins.
        beginning: String,
        /// How much follows at least.
        shortest: usize,
    },
    /// A root, unit or account that the organization does not have, or that is declared further down.
    #[error("the organization has no `{0}`, or it is declared further down")]
    Target(String),
    /// A resource control policy with a statement that allows.
    #[error("a resource control policy denies; what it does not deny is allowed by RCPFullAWSAccess")]
    AllowingResourceControl,
    /// Not a service principal.
    #[error(transparent)]
    Service(#[from] InvalidServicePrincipal),
    /// A name of a service that is not what can stand in its other names.
    #[error("`{0}` should be lower-case letters, digits and hyphens")]
    ServiceLabel(String),
    /// A service that would take requests that are signed for this server.
    #[error("`{0}` is what requests to this server itself are signed for")]
    OwnSigningName(String),
    /// Not an action that a service may be given.
    #[error("`{0}` is no action of KMS such as `kms:Decrypt`, nor the beginning of one such as `kms:GenerateDataKey*`")]
    ServiceAction(String),
    /// An account that the service is trusted in and does not serve.
    #[error("the service does not serve account {0}, which is not among its `accounts`")]
    NotServed(String),
    /// A policy that is not a JSON object.
    #[error("a policy is a JSON object, in place or as text: {0}")]
    Policy(String),
}

/// A field's place in a declaration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Item(usize),
}

impl Path {
    pub(crate) fn field(&self, name: &str) -> Self {
        self.with(Step::Field(name.to_owned()))
    }

    pub(crate) fn item(&self, index: usize) -> Self {
        self.with(Step::Item(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.0.push(step);
        path
    }

    /// An error at this place; its line is filled in by [`Source::locate`].
    pub(crate) fn error(&self, problem: impl Into<Problem>) -> Misplaced {
        Misplaced {
            path: self.clone(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if at == 0 => write!(f, "{name}")?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A problem whose place is known by its path only.
pub(crate) struct Misplaced {
    path: Path,
    problem: Problem,
}

/// The text of a declaration, in the format that it is written in.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Toml(&'a str),
    Json(&'a str),
}

impl<'a> Source<'a> {
    /// TOML never begins with a brace, a JSON object always does.
    pub(crate) fn detect(text: &'a str) -> Self {
        if text.trim_start().starts_with('{') {
            Self::Json(text)
        } else {
            Self::Toml(text)
        }
    }

    pub(crate) fn read<T: serde::de::DeserializeOwned>(self) -> Result<T, DeclarationError> {
        let syntax = |line, message: String| DeclarationError {
            line,
            field: String::new(),
            problem: Problem::Syntax(message),
        };
        match self {
            // The error's own rendering quotes the line, and with it perhaps a secret: only its message is used.
            Self::Toml(text) => toml::from_str(text).map_err(|error| {
                syntax(
                    error.span().map(|span| line_of(text, span.start)),
                    error.message().to_owned(),
                )
            }),
            Self::Json(text) => serde_json::from_str(text).map_err(|error| {
                let line = (error.line() > 0).then(|| error.line());
                syntax(line, error.to_string())
            }),
        }
    }

    /// Finds the line of a problem.
    pub(crate) fn locate(self, misplaced: Misplaced) -> DeclarationError {
        let line = match self {
            Self::Toml(text) => toml_line(text, &misplaced.path),
            Self::Json(_) => None,
        };
        DeclarationError {
            line,
            field: misplaced.path.to_string(),
            problem: misplaced.problem,
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The line of the deepest part of `path` that the file has: a field that is missing is reported where its table begins.
fn toml_line(text: &str, path: &Path) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut offset = None;
    let mut value: Option<&DeValue<'_>> = None;
    for step in &path.0 {
        let next = match (step, value) {
            (Step::Field(name), None) => root.get_ref().get(name.as_str()),
            (Step::Field(name), Some(DeValue::Table(table))) => table.get(name.as_str()),
            (Step::Item(index), Some(DeValue::Array(items))) => items.get(*index),
            _ => None,
        };
        let Some(next) = next else { break };
        offset = Some(next.span().start);
        value = Some(next.get_ref());
    }
    offset.map(|offset| line_of(text, offset))
}
