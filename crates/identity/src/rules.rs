//! IAM's rules on names, paths, tags and texts, and its default quotas.

use trent_names::{AccountId, Partition};

use crate::directory::service_linked::MULTI_REGION_KEYS;

/// Most users of an account.
pub const USERS: u64 = 5_000;
/// Most groups of an account.
pub const GROUPS: u64 = 300;
/// Most roles of an account.
pub const ROLES: u64 = 1_000;
/// Most managed policies of an account.
pub const POLICIES: u64 = 1_500;
/// Most OIDC providers of an account.
pub const PROVIDERS: u64 = 100;
/// Most groups that one user is in.
pub const GROUPS_OF_A_USER: usize = 10;
/// Most managed policies attached to one user, group or role.
pub const ATTACHED_POLICIES: usize = 10;
/// Most versions that a managed policy keeps.
pub const POLICY_VERSIONS: usize = 5;
/// Most tags of one user, role, policy or provider, and of one session.
pub const TAGS: usize = 50;
/// Most characters of a managed policy, white space not counted.
pub const MANAGED_POLICY_SIZE: usize = 6_144;
/// Most characters of all inline policies of a user together, white space not counted.
pub const USER_POLICY_SIZE: usize = 2_048;
/// Most characters of all inline policies of a group together, white space not counted.
pub const GROUP_POLICY_SIZE: usize = 5_120;
/// Most characters of all inline policies of a role together, white space not counted.
pub const ROLE_POLICY_SIZE: usize = 10_240;
/// Most characters of a trust policy, white space not counted.
pub const TRUST_POLICY_SIZE: usize = 2_048;
/// The shortest and longest session that a role may allow, in seconds.
pub const SESSION_SECONDS: std::ops::RangeInclusive<u32> = 3_600..=43_200;
/// Most audiences of an OIDC provider.
pub const CLIENT_IDS: usize = 100;
/// Most certificate thumbprints of an OIDC provider.
pub const THUMBPRINTS: usize = 5;

/// What is wrong with a value that a caller chose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidInput {
    /// A name with other characters than letters, digits and `+=,.@_-`, or of another length.
    #[error("`{value}` is no {what}: 1 to {max} letters, digits or any of _+=,.@-")]
    Name {
        /// Of what.
        what: &'static str,
        /// The longest that is accepted.
        max: usize,
        /// What was given.
        value: String,
    },
    /// The name of a service-linked role.
    #[error("`{0}` is a service-linked role, which is made by its service alone")]
    ServiceLinkedRole(String),
    /// A path that does not begin and end with a slash, or has characters that paths do not have.
    #[error("`{0}` is no path: it begins and ends with / and has at most 512 printable ASCII characters")]
    Path(String),
    /// A tag key.
    #[error("`{0}` is no tag key: 1 to 128 letters, digits, spaces or any of _.:/=+-@, not beginning with aws:")]
    TagKey(String),
    /// A tag value.
    #[error("`{0}` is no tag value: at most 256 letters, digits, spaces or any of _.:/=+-@")]
    TagValue(String),
    /// Two tags whose keys differ in nothing but case.
    #[error("the tag key `{0}` is given twice; case does not tell tag keys apart")]
    RepeatedTagKey(String),
    /// A description.
    #[error("a description has at most 1000 characters of Latin-1")]
    Description,
    /// A policy document without a character, or one that no policy can have.
    #[error("a policy document has 1 to 131072 characters of Latin-1")]
    Document,
    /// The longest session of a role.
    #[error("a role's longest session is 3600 to 43200 seconds, not {0}")]
    SessionSeconds(u32),
    /// The alias of an account.
    #[error("`{0}` is no account alias: 3 to 63 of a-z, 0-9 and single hyphens inside")]
    AccountAlias(String),
    /// The URL of an OIDC provider.
    #[error("`{0}` is no URL of an OIDC provider: https:// and at most 255 characters, without query or fragment")]
    ProviderUrl(String),
    /// An audience of an OIDC provider.
    #[error("`{0}` is no client id: 1 to 255 characters")]
    ClientId(String),
    /// A certificate thumbprint.
    #[error("`{0}` is no thumbprint: 40 hexadecimal digits")]
    Thumbprint(String),
    /// The ARN of a managed policy.
    #[error("`{0}` is no ARN of a managed policy")]
    PolicyArn(String),
}

fn is_name_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

fn name(what: &'static str, max: usize, text: &str) -> Result<(), InvalidInput> {
    if (1..=max).contains(&text.len()) && text.bytes().all(is_name_character) {
        return Ok(());
    }
    let value = text.to_owned();
    Err(InvalidInput::Name { what, max, value })
}

/// The name of a user.
pub fn user_name(text: &str) -> Result<(), InvalidInput> {
    name("user name", 64, text)
}

/// The names of the roles that KMS makes for itself when they are needed (guide, "Using service-linked roles").
const SERVICE_LINKED_ROLES: [&str; 2] = [
    "AWSServiceRoleForKeyManagementServiceCustomKeyStores",
    MULTI_REGION_KEYS.name,
];

/// Whether a name is kept for a service-linked role. Names of roles are told apart without regard to case.
pub fn is_service_linked_role(name: &str) -> bool {
    let mut reserved = SERVICE_LINKED_ROLES.iter();
    reserved.any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// The name of a role that an account makes.
pub fn role_name(text: &str) -> Result<(), InvalidInput> {
    if is_service_linked_role(text) {
        return Err(InvalidInput::ServiceLinkedRole(text.to_owned()));
    }
    name("role name", 64, text)
}

/// The name of a group.
pub fn group_name(text: &str) -> Result<(), InvalidInput> {
    name("group name", 128, text)
}

/// The name of a policy, inline or managed.
pub fn policy_name(text: &str) -> Result<(), InvalidInput> {
    name("policy name", 128, text)
}

/// The name of a role's session, or a source identity: two characters at least.
pub fn session_name(text: &str) -> Result<(), InvalidInput> {
    short_name("session name", 64, text)
}

/// The name of a federated user: two characters at least.
pub fn federated_name(text: &str) -> Result<(), InvalidInput> {
    short_name("federated user name", 32, text)
}

fn short_name(what: &'static str, max: usize, text: &str) -> Result<(), InvalidInput> {
    if text.len() >= 2 {
        return name(what, max, text);
    }
    let value = text.to_owned();
    Err(InvalidInput::Name { what, max, value })
}

/// A path: `/`, or `/division/team/`.
pub fn path(text: &str) -> Result<(), InvalidInput> {
    let good = text.len() <= 512
        && text.starts_with('/')
        && text.ends_with('/')
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if good {
        Ok(())
    } else {
        Err(InvalidInput::Path(text.to_owned()))
    }
}

/// Tags: their keys, their values, and that no two keys differ in case alone.
pub fn tags<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), InvalidInput> {
    let mut keys = std::collections::HashSet::new();
    for (key, value) in tags {
        tag_key(key)?;
        if value.chars().count() > 256 || !value.chars().all(is_tag_character) {
            return Err(InvalidInput::TagValue(value.to_owned()));
        }
        if !keys.insert(key.to_lowercase()) {
            return Err(InvalidInput::RepeatedTagKey(key.to_owned()));
        }
    }
    Ok(())
}

/// The key of a tag.
pub fn tag_key(key: &str) -> Result<(), InvalidInput> {
    let reserved = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if (1..=128).contains(&key.chars().count()) && key.chars().all(is_tag_character) && !reserved {
        Ok(())
    } else {
        Err(InvalidInput::TagKey(key.to_owned()))
    }
}

/// `\p{L}`, `\p{Z}`, `\p{N}` and a few signs.
fn is_tag_character(character: char) -> bool {
    let space = character.is_whitespace() && !character.is_control();
    character.is_alphanumeric() || space || "_.:/=+-@".contains(character)
}

/// A description.
pub fn description(text: &str) -> Result<(), InvalidInput> {
    if text.chars().count() <= 1_000 && text.chars().all(is_document_character) {
        Ok(())
    } else {
        Err(InvalidInput::Description)
    }
}

/// The text of a policy, as far as the wire has rules for it; whether it is a policy is the policy language's business.
pub fn document(text: &str) -> Result<(), InvalidInput> {
    if (1..=131_072).contains(&text.chars().count()) && text.chars().all(is_document_character) {
        Ok(())
    } else {
        Err(InvalidInput::Document)
    }
}

fn is_document_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}')
}

/// The size of a policy as quotas count it: characters that are no white space.
pub fn policy_size(document: &str) -> usize {
    document.chars().filter(|character| !character.is_whitespace()).count()
}

/// The alias of an account.
pub fn account_alias(text: &str) -> Result<(), InvalidInput> {
    let good = (3..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && AccountId::parse(text).is_err();
    if good {
        Ok(())
    } else {
        Err(InvalidInput::AccountAlias(text.to_owned()))
    }
}

/// The name of an OIDC provider: its URL without `https://`.
pub fn provider_name(url: &str) -> Result<&str, InvalidInput> {
    let name = url
        .strip_prefix("https://")
        .map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let good = |name: &&str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"?#@".contains(&byte))
    };
    name.filter(good)
        .filter(|_| url.len() <= 255)
        .ok_or_else(|| InvalidInput::ProviderUrl(url.to_owned()))
}

/// An audience of an OIDC provider.
pub fn client_id(text: &str) -> Result<(), InvalidInput> {
    if (1..=255).contains(&text.len()) {
        Ok(())
    } else {
        Err(InvalidInput::ClientId(text.to_owned()))
    }
}

/// The thumbprint of a certificate: SHA-1 in hexadecimal.
pub fn thumbprint(text: &str) -> Result<(), InvalidInput> {
    if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(InvalidInput::Thumbprint(text.to_owned()))
    }
}

/// The ARN of a managed policy, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyArn<'a> {
    /// The account; `None` for policies that come with the product, which stand in the account `aws`.
    pub account: Option<AccountId>,
    /// The path.
    pub path: &'a str,
    /// The name.
    pub name: &'a str,
}

impl<'a> PolicyArn<'a> {
    /// Reads `arn:aws:iam::111122223333:policy/path/name`, or one of `arn:aws:iam::aws:policy/name`.
    pub fn parse(text: &'a str) -> Result<Self, InvalidInput> {
        Self::read(text).ok_or_else(|| InvalidInput::PolicyArn(text.to_owned()))
    }

    fn read(text: &'a str) -> Option<Self> {
        let (partition, rest) = text.strip_prefix("arn:")?.split_once(':')?;
        partition.parse::<Partition>().ok()?;
        let (account, resource) = rest.strip_prefix("iam::")?.split_once(':')?;
        let account = match account {
            "aws" => None,
            account => Some(AccountId::parse(account).ok()?),
        };
        let rest = resource.strip_prefix("policy")?;
        let (path, name) = rest.split_at(rest.rfind('/')? + 1);
        self::path(path).ok()?;
        policy_name(name).ok()?;
        Some(Self { account, path, name })
    }
}

#[cfg(test)]
mod tests;
