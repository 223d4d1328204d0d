//! Amazon Resource Names: the generic form, and those of keys and aliases.

use crate::{AccountId, AliasName, AliasNameError, InvalidAccountId, InvalidKeyId, InvalidRegion};
use crate::{KeyId, Partition, Region, UnknownPartition};
use std::fmt;
use std::str::FromStr;

/// Any ARN, `arn:partition:service:region:account:resource`, split into its fields.
///
/// Region and account may be empty, as they are for IAM and S3; the resource may hold further colons.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arn {
    /// The partition.
    pub partition: Partition,
    /// The service's namespace, such as `kms`.
    pub service: String,
    /// The Region, if the service has Regions.
    pub region: Option<Region>,
    /// The account, if the resource has one.
    pub account: Option<AccountId>,
    /// The rest, uninterpreted.
    pub resource: String,
}

/// The ARN of a KMS key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyArn {
    /// The partition of the Region.
    pub partition: Partition,
    /// The Region that the key lives in.
    pub region: Region,
    /// The account that owns the key.
    pub account: AccountId,
    /// The key.
    pub key: KeyId,
}

/// The ARN of an alias.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AliasArn {
    /// The partition of the Region.
    pub partition: Partition,
    /// The Region that the alias lives in.
    pub region: Region,
    /// The account that owns the alias.
    pub account: AccountId,
    /// The alias.
    pub alias: AliasName,
}

/// What is wrong with a text that should be an ARN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// It has not six fields separated by colons, or its first is not `arn`.
    #[error("'{0}' is not an ARN")]
    Malformed(String),
    /// The partition is unknown.
    #[error(transparent)]
    Partition(#[from] UnknownPartition),
    /// The Region is malformed.
    #[error(transparent)]
    Region(#[from] InvalidRegion),
    /// The account is malformed.
    #[error(transparent)]
    Account(#[from] InvalidAccountId),
    /// It is the ARN of some other service's resource, or lacks its Region or account.
    #[error("'{0}' is not the ARN of a KMS resource")]
    NotKms(String),
    /// It is a KMS ARN of neither a key nor an alias, or not of the kind asked for.
    #[error("'{0}' does not name the expected kind of resource")]
    Resource(String),
    /// It is a key ARN with a malformed key id.
    #[error(transparent)]
    KeyId(#[from] InvalidKeyId),
    /// It is an alias ARN with a malformed alias name.
    #[error(transparent)]
    Alias(#[from] AliasNameError),
}

/// What a KMS ARN names.
pub(crate) enum KmsArn {
    Key(KeyArn),
    Alias(AliasArn),
}

impl Arn {
    /// Splits an ARN and checks the form of each field but the resource.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        let malformed = || ArnError::Malformed(text.to_owned());
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next().ok_or_else(malformed);
        let (prefix, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        if prefix != "arn" || service.is_empty() || resource.is_empty() {
            return Err(malformed());
        }
        Ok(Self {
            partition: Partition::parse(partition)?,
            service: service.to_owned(),
            region: present(region).map(Region::parse).transpose()?,
            account: present(account).map(AccountId::parse).transpose()?,
            resource: resource.to_owned(),
        })
    }
}

fn present(field: &str) -> Option<&str> {
    (!field.is_empty()).then_some(field)
}

impl KmsArn {
    pub(crate) fn parse(text: &str) -> Result<Self, ArnError> {
        let arn = Arn::parse(text)?;
        let (Some(region), Some(account), "kms") = (arn.region, arn.account, arn.service.as_str()) else {
            return Err(ArnError::NotKms(text.to_owned()));
        };
        let partition = arn.partition;
        if let Some(id) = arn.resource.strip_prefix("key/") {
            let key = KeyId::parse(id)?;
            Ok(Self::Key(KeyArn {
                partition,
                region,
                account,
                key,
            }))
        } else if arn.resource.starts_with("alias/") {
            let alias = AliasName::parse(&arn.resource)?;
            Ok(Self::Alias(AliasArn {
                partition,
                region,
                account,
                alias,
            }))
        } else {
            Err(ArnError::Resource(text.to_owned()))
        }
    }
}

impl KeyArn {
    /// The ARN of a key in a Region; the partition follows from the Region.
    pub fn new(region: Region, account: AccountId, key: KeyId) -> Self {
        Self {
            partition: region.partition(),
            region,
            account,
            key,
        }
    }

    /// Reads `arn:<partition>:kms:<region>:<account>:key/<key id>`.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        match KmsArn::parse(text)? {
            KmsArn::Key(arn) => Ok(arn),
            KmsArn::Alias(_) => Err(ArnError::Resource(text.to_owned())),
        }
    }
}

impl AliasArn {
    /// The ARN of an alias in a Region; the partition follows from the Region.
    pub fn new(region: Region, account: AccountId, alias: AliasName) -> Self {
        Self {
            partition: region.partition(),
            region,
            account,
            alias,
        }
    }

    /// Reads `arn:<partition>:kms:<region>:<account>:alias/<name>`.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        match KmsArn::parse(text)? {
            KmsArn::Alias(arn) => Ok(arn),
            KmsArn::Key(_) => Err(ArnError::Resource(text.to_owned())),
        }
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl FromStr for KeyArn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl FromStr for AliasArn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.region.as_ref().map_or("", Region::as_str);
        let account = self.account.as_ref().map_or("", AccountId::as_str);
        write!(
            f,
            "arn:{}:{}:{region}:{account}:{}",
            self.partition, self.service, self.resource
        )
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
            key,
        } = self;
        write!(f, "arn:{partition}:kms:{region}:{account}:key/{key}")
    }
}

impl fmt::Display for AliasArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
            alias,
        } = self;
        write!(f, "arn:{partition}:kms:{region}:{account}:{alias}")
    }
}

impl fmt::Debug for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for AliasArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
