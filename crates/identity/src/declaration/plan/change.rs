//! What a plan says: changes, and what it leaves alone on purpose.

use std::fmt;

use trent_names::AccountId;

use crate::access_key::AccessKeyId;

/// What happens to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It comes to be.
    Add,
    /// It is changed.
    Alter,
    /// It goes.
    Remove,
}

impl Kind {
    /// The sign before a line of a plan: `+`, `~` or `-`.
    pub const fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Alter => '~',
            Self::Remove => '-',
        }
    }

    /// A name for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Alter => "Change",
            Self::Remove => "Remove",
        }
    }
}

/// One change, told as a line of a plan: `+ user alice`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happens.
    pub kind: Kind,
    /// To what.
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.sign(), self.what)
    }
}

/// Something that the declaration asks for and that is not brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The access key was retired since; its id does not come back.
    AccessKeyStaysRetired(AccountId, AccessKeyId),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessKeyStaysRetired(account, id) => {
                write!(f, "access key {id} of account {account} was retired and stays retired")
            }
        }
    }
}

/// Whose changes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// An account's.
    Account(AccountId),
    /// The organization's.
    Organization,
    /// The services'.
    Services,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account {id}"),
            Self::Organization => f.write_str("organization"),
            Self::Services => f.write_str("services"),
        }
    }
}
