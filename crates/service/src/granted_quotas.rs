//! Quotas that the operator has set for an account in a Region: kept in the store, in force at once and after each start.

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_names::{AccountId, Region};
use trent_quotas::{Amount, Quota};
use trent_store::{Everywhere, GlobalTxn, Key, Kind, LivesIn, Record, Sealed, StoreError, kinds};

use crate::quotas::Quotas;

/// How many are read at once.
const PAGE: usize = 256;

/// A quota of one account in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct GrantedQuota {
    #[n(0)]
    account: String,
    #[n(1)]
    region: String,
    /// The quota's code.
    #[n(2)]
    code: String,
    /// The value in thousandths.
    #[n(3)]
    value: u64,
}

impl Record for GrantedQuota {
    const KIND: Kind = kinds::QUOTA_OVERRIDE;
    const CLASS: Class = Class::Policy;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for GrantedQuota {}

fn address(quota: Quota, account: AccountId, region: &Region) -> Key<GrantedQuota> {
    Key::new()
        .part(account.as_str().as_bytes())
        .part(region.as_str().as_bytes())
        .part(quota.code().as_bytes())
}

/// The change that sets a quota, or with no value takes back what was set.
pub fn setting(
    store: &Sealed,
    (quota, account, region): (Quota, AccountId, &Region),
    value: Option<Amount>,
) -> GlobalTxn {
    let mut txn = store.global().txn();
    let address = address(quota, account, region);
    match value {
        Some(value) => txn.put(
            &address,
            &GrantedQuota {
                account: account.to_string(),
                region: region.to_string(),
                code: quota.code().to_owned(),
                value: value.in_thousandths(),
            },
        ),
        None => txn.remove(&address),
    };
    txn
}

/// Puts in force what the store has. Quotas that there are no more are passed over.
pub async fn load(store: &Sealed, quotas: &Quotas) -> Result<(), StoreError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .global()
            .range(&Key::<GrantedQuota>::new(), after.as_ref(), PAGE)
            .await?;
        for (_, granted) in &page.items {
            let granted = &granted.value;
            let known = (
                Quota::find(&granted.code),
                AccountId::parse(&granted.account).ok(),
                Region::parse(&granted.region).ok(),
            );
            if let (Some(quota), Some(account), Some(region)) = known {
                found.push((quota, account, region, Amount::thousandths(granted.value)));
            }
        }
        after = page.items.into_iter().next_back().map(|(address, _)| address);
        if after.is_none() {
            break;
        }
    }
    quotas.change(|applied| {
        for (quota, account, region, value) in &found {
            applied.grant(*quota, *account, region.clone(), Some(*value));
        }
    });
    Ok(())
}
