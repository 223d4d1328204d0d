//! The quotas in force: the guide's, and what is set in their place.

use std::collections::BTreeMap;

use trent_names::{AccountId, Region};

use crate::{Amount, Kind, Limit, Quota};

/// Whether requests are limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// By nothing but overrides.
    #[default]
    Off,
    /// By the guide's table.
    Aws,
}

/// A value in the place of the guide's, for an account, a Region, both or everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    quota: Quota,
    account: Option<AccountId>,
    region: Option<Region>,
    value: Amount,
}

/// A value that a quota cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// The quota is fixed.
    #[error("the quota `{0:?}` is not adjustable")]
    NotAdjustable(Quota),
    /// Parts of something that is counted.
    #[error("the quota `{0:?}` is a whole number")]
    NotWhole(Quota),
    /// More than is counted.
    #[error("the quota `{0:?}` is at most 4000000 requests a second, or `unlimited`")]
    TooHigh(Quota),
}

impl Override {
    /// A value, if the quota can have it.
    pub fn new(
        quota: Quota,
        account: Option<AccountId>,
        region: Option<Region>,
        value: Amount,
    ) -> Result<Self, OverrideError> {
        if !quota.is_adjustable() {
            return Err(OverrideError::NotAdjustable(quota));
        }
        match quota.kind() {
            Kind::Rate if !value.is_unlimited() && Limit::of_rate(value).is_none() => {
                Err(OverrideError::TooHigh(quota))
            }
            Kind::Count | Kind::Size if !value.is_unlimited() && !value.is_whole() => {
                Err(OverrideError::NotWhole(quota))
            }
            _ => Ok(Self {
                quota,
                account,
                region,
                value,
            }),
        }
    }

    /// How closely it says for whom it is: whoever names the account is heard before who names the Region.
    fn closeness(&self) -> u8 {
        u8::from(self.account.is_some()) * 2 + u8::from(self.region.is_some())
    }

    fn is_for(&self, quota: Quota, account: Option<AccountId>, region: &Region) -> bool {
        self.quota == quota
            && (self.account.is_none() || self.account == account)
            && self.region.as_ref().is_none_or(|of| of == region)
    }
}

/// The quotas of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    profile: Profile,
    overrides: Vec<Override>,
    granted: BTreeMap<(AccountId, Region, Quota), Amount>,
}

impl Applied {
    /// The quotas of a profile with overrides, of which the closest counts, and of equally close ones the last.
    pub fn new(profile: Profile, overrides: Vec<Override>) -> Self {
        Self {
            profile,
            overrides,
            granted: BTreeMap::new(),
        }
    }

    /// Sets what was granted to an account in a Region, which counts before every override; or takes it back.
    pub fn grant(&mut self, quota: Quota, account: AccountId, region: Region, value: Option<Amount>) {
        match value {
            Some(value) => self.granted.insert((account, region, quota), value),
            None => self.granted.remove(&(account, region, quota)),
        };
    }

    /// Whether any request can be refused for coming too soon.
    pub fn limits_requests(&self) -> bool {
        let mut set = self
            .overrides
            .iter()
            .map(|of| of.quota)
            .chain(self.granted.keys().map(|of| of.2));
        self.profile == Profile::Aws || set.any(|quota| quota.kind() == Kind::Rate)
    }

    /// What is set for an account in a Region, if anything is; without an account, for everybody there.
    pub fn set_for(&self, quota: Quota, account: Option<AccountId>, region: &Region) -> Option<Amount> {
        let granted = account
            .filter(|_| !self.granted.is_empty())
            .and_then(|account| self.granted.get(&(account, region.clone(), quota)));
        let fitting = || self.overrides.iter().filter(|of| of.is_for(quota, account, region));
        granted
            .copied()
            .or_else(|| fitting().max_by_key(|of| of.closeness()).map(|of| of.value))
    }

    /// The value in force for an account, or for who has none of their own. Request quotas without a value are unlimited
    /// while the profile is off.
    pub fn value(&self, quota: Quota, account: impl Into<Option<AccountId>>, region: &Region) -> Amount {
        self.set_for(quota, account.into(), region).unwrap_or_else(|| {
            if quota.kind() == Kind::Rate && self.profile == Profile::Off {
                Amount::UNLIMITED
            } else {
                quota.default_in(region)
            }
        })
    }

    /// The limits of an account's requests in a Region, in the order of [`Quota::all`]; what is no rate has none.
    pub fn limits(&self, account: AccountId, region: &Region) -> Vec<Option<Limit>> {
        let limit = |quota: Quota| match self.value(quota, account, region) {
            Amount::UNLIMITED => None,
            value => Limit::of_rate(value),
        };
        Quota::all()
            .map(|quota| (quota.kind() == Kind::Rate).then(|| limit(quota)).flatten())
            .collect()
    }

    /// The quota whose bucket is charged in the place of another: SM2 shares that of ECC unless it is set apart.
    pub fn shared(&self, quota: Quota, account: AccountId, region: &Region) -> Quota {
        if quota == Quota::SM2 && self.set_for(quota, Some(account), region).is_none() {
            return Quota::ECC;
        }
        quota
    }
}
