//! What a quota is, and which ones a request is charged to.

use std::fmt;

use smallvec::SmallVec;
use trent_names::Region;

use crate::Amount;
use crate::table::{ROWS, Row};

/// The group of the operations whose quota is chosen by the key.
const CRYPTOGRAPHIC: &str = "cryptographic";

/// What a quota limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How many of something an account or a key has.
    Count,
    /// How large something is, in bytes.
    Size,
    /// How many requests there are in a second.
    Rate,
}

/// One quota: a row of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quota(u8);

impl Quota {
    /// Customer managed keys of an account in a Region.
    pub const KEYS: Self = Self(0);
    /// Aliases of a customer managed key.
    pub const ALIASES: Self = Self(1);
    /// Grants on a customer managed key.
    pub const GRANTS: Self = Self(2);
    /// Bytes of a key policy.
    pub const POLICY_SIZE: Self = Self(3);
    /// Custom key stores of an account in a Region.
    pub const CUSTOM_KEY_STORES: Self = Self(4);
    /// Rotations on demand in the life of a key.
    pub const ON_DEMAND_ROTATIONS: Self = Self(5);
    /// Changes of the state of one key, whoever asks for them.
    pub const STATE_CHANGES: Self = Self(6);
    /// Cryptographic operations with symmetric keys.
    pub const SYMMETRIC: Self = Self(7);
    /// Cryptographic operations with RSA keys.
    pub const RSA: Self = Self(8);
    /// Cryptographic operations with keys on elliptic curves, SM2 included unless that has a quota of its own.
    pub const ECC: Self = Self(9);
    /// Cryptographic operations with SM2 keys, if an override sets them apart.
    pub const SM2: Self = Self(10);
    /// Cryptographic operations with ML-DSA and ML-KEM keys.
    pub const ML: Self = Self(11);
    /// What has no quota of its own.
    pub const OTHER: Self = Self(12);

    /// Every quota.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..ROWS.len()).map(|at| Self(u8::try_from(at).expect("the table has fewer rows than a byte has values")))
    }

    /// The quota with this code or name; the words "request rate" may be left out.
    pub fn find(text: &str) -> Option<Self> {
        Self::all().find(|quota| {
            let row = quota.row();
            let short = row.name.strip_suffix(" request rate");
            row.code == text || row.name == text || short == Some(text)
        })
    }

    /// The quota of cryptographic operations with keys of a spec, by the spec's name.
    pub fn cryptographic(key_spec: &str) -> Self {
        match key_spec.split('_').next() {
            Some("RSA") => Self::RSA,
            Some("ECC") => Self::ECC,
            Some("SM2") => Self::SM2,
            Some("ML") => Self::ML,
            _ => Self::SYMMETRIC,
        }
    }

    /// The quota of making data key pairs of a spec, by the spec's name.
    pub fn data_key_pair(spec: &str) -> Self {
        let pair = Self::all().find(|quota| quota.row().pair == Some(spec));
        pair.unwrap_or(Self::OTHER)
    }

    /// The quota of an operation that shares its own with no other.
    pub fn of_operation(name: &str) -> Self {
        let own = |quota: &Self| quota.kind() == Kind::Rate && quota.row().operations == [name];
        Self::all().find(own).unwrap_or(Self::OTHER)
    }

    /// The quota of a group, as the rows of operations name it, where nothing is known of a request but its operation.
    pub fn of_group(name: &str) -> Self {
        match name {
            CRYPTOGRAPHIC => Self::SYMMETRIC,
            name => Self::of_operation(name),
        }
    }

    /// Its place among all.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Its code: that of Service Quotas, where that is public, else one that begins with `T-`.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it limits.
    pub fn kind(self) -> Kind {
        self.row().kind
    }

    /// Whether it can be changed.
    pub fn is_adjustable(self) -> bool {
        self.row().adjustable
    }

    /// The operations that are charged to it, where it is a rate.
    pub fn operations(self) -> &'static [&'static str] {
        self.row().operations
    }

    /// The guide's value in a Region. That of [`Quota::SM2`] is the one that it shares.
    pub fn default_in(self, region: &Region) -> Amount {
        let row = self.row();
        let regional = row
            .regional
            .iter()
            .find(|(regions, _)| regions.contains(&region.as_str()));
        regional.map_or(row.default, |(_, amount)| *amount)
    }

    fn row(self) -> &'static Row {
        &ROWS[self.index()]
    }
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Requests that count towards a quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The quota.
    pub quota: Quota,
    /// As how many requests.
    pub requests: u32,
    /// The Region whose bucket it is; that of the call, if none is named.
    pub region: Option<Region>,
}

impl From<Quota> for Charge {
    fn from(quota: Quota) -> Self {
        Self {
            quota,
            requests: 1,
            region: None,
        }
    }
}

/// All that one request counts towards.
pub type Charges = SmallVec<[Charge; 2]>;
