//! What the operator registers of a service: its names, and how far it may go.

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_names::{AccountId, Region, ServicePrincipal, via_service};
use trent_store::{Everywhere, GlobalStore, Key, Kind, LivesIn, Record, Stored, kinds};

use crate::directory::records::AccessKeyEntry;

/// What stands for every account or every Region in a registration.
pub const EVERY: &str = "*";

/// A registered service. Its key is its blinded name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ServiceRecord {
    /// The service principal: `backup.amazonaws.com`.
    #[n(0)]
    pub name: String,
    /// What its name in `kms:ViaService` begins with.
    #[n(1)]
    pub via: String,
    /// What it is called in the credential scope of requests that are signed for it.
    #[n(2)]
    pub signing_name: String,
    /// The Regions that it is in, or [`EVERY`].
    #[n(3)]
    pub regions: Vec<String>,
    /// The accounts that it acts in, or [`EVERY`].
    #[n(4)]
    pub accounts: Vec<String>,
    /// The actions that it may ask for, each a name or the beginning of one and `*`.
    #[n(5)]
    pub actions: Vec<String>,
    /// The accounts whose users it may name without a proof.
    #[n(6)]
    pub trusted_in: Vec<String>,
    /// Its access keys.
    #[n(7)]
    pub access_keys: Vec<AccessKeyEntry>,
    /// The serial of the access key made last. Those of a service begin at the time at which it was registered, so that
    /// none of a service that was removed is used again.
    #[n(8)]
    pub last_serial: u64,
    /// When it was registered: milliseconds since 1970. A token of an earlier service of the same name is none.
    #[n(9)]
    pub registered_at: u64,
}

impl Record for ServiceRecord {
    const KIND: Kind = kinds::SERVICE;
    const CLASS: Class = Class::Policy;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for ServiceRecord {}

pub(crate) fn service_key(store: &GlobalStore, name: &str) -> Key<ServiceRecord> {
    Key::new().part(&store.blind::<ServiceRecord>(name.as_bytes()))
}

/// A registered service in memory.
#[derive(Debug, PartialEq, Eq)]
pub struct RegisteredService {
    record: ServiceRecord,
    name: ServicePrincipal,
}

impl RegisteredService {
    /// The service of a record; `None` if its name is none, which no declaration brings about.
    pub(crate) fn of(stored: Stored<ServiceRecord>) -> Option<Self> {
        let record = stored.value;
        let name = ServicePrincipal::parse(&record.name).ok()?;
        Some(Self { record, name })
    }

    /// The service principal.
    pub fn name(&self) -> &ServicePrincipal {
        &self.name
    }

    /// Its name in `kms:ViaService`.
    pub fn via_name(&self, region: &Region) -> String {
        via_service(&self.record.via, region)
    }

    /// What requests to it are signed for.
    pub fn signing_name(&self) -> &str {
        &self.record.signing_name
    }

    /// Whether it is in a Region.
    pub fn is_in(&self, region: &Region) -> bool {
        lists(&self.record.regions, region.as_str())
    }

    /// Whether it acts in an account.
    pub fn serves(&self, account: AccountId) -> bool {
        lists(&self.record.accounts, account.as_str())
    }

    /// Whether it may name the users of an account without a proof. No list stands for every account.
    pub fn is_trusted_in(&self, account: AccountId) -> bool {
        self.serves(account) && self.record.trusted_in.iter().any(|trusted| trusted == account.as_str())
    }

    /// Whether it may ask for an action, for itself or for anybody.
    pub fn may(&self, action: &str) -> bool {
        self.record.actions.iter().any(|listed| match listed.strip_suffix('*') {
            Some(beginning) => action
                .get(..beginning.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(beginning)),
            None => listed.eq_ignore_ascii_case(action),
        })
    }

    /// When it was registered: milliseconds since 1970.
    pub(crate) fn registered_at(&self) -> u64 {
        self.record.registered_at
    }

    /// Whether one of its access keys signs requests.
    pub(crate) fn admits(&self, id: &str, serial: u64) -> bool {
        self.record.access_keys.iter().any(|entry| entry.admits(id, serial))
    }
}

fn lists(list: &[String], wanted: &str) -> bool {
    list.iter().any(|listed| listed == EVERY || listed == wanted)
}

#[cfg(test)]
pub(crate) mod fixture {
    use trent_store::Revision;

    use super::*;

    /// A service of these accounts and actions in `us-east-1`.
    pub(crate) fn service(name: &str, accounts: &[&str], actions: &[&str], trusted_in: &[&str]) -> RegisteredService {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let via = name.split('.').next().unwrap_or_default().to_owned();
        let record = ServiceRecord {
            name: name.to_owned(),
            signing_name: via.clone(),
            via,
            regions: vec!["us-east-1".to_owned()],
            accounts: texts(accounts),
            actions: texts(actions),
            trusted_in: texts(trusted_in),
            access_keys: Vec::new(),
            last_serial: 0,
            registered_at: 1,
        };
        let stored = Stored {
            value: record,
            revision: Revision::ZERO,
            version: 0,
        };
        RegisteredService::of(stored).expect("a legal name")
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::service;
    use super::*;

    fn account(id: &str) -> AccountId {
        AccountId::parse(id).expect("twelve digits")
    }

    #[test]
    fn a_service_may_do_what_is_listed_and_nothing_else() {
        let service = service(
            "s3.amazonaws.com",
            &["111122223333"],
            &["kms:GenerateDataKey*", "kms:Decrypt"],
            &[],
        );
        for (action, may) in [
            ("kms:Decrypt", true),
            ("KMS:decrypt", true),
            ("kms:GenerateDataKey", true),
            ("kms:GenerateDataKeyPair", true),
            ("kms:GenerateDat\u{e9}", false),
            ("kms:DecryptAll", false),
            ("kms:Encrypt", false),
            ("iam:GetUser", false),
            ("", false),
        ] {
            assert_eq!(service.may(action), may, "{action}");
        }
        assert!(service.serves(account("111122223333")) && !service.serves(account("444455556666")));
        let region = |name| Region::parse(name).expect("a Region");
        assert!(service.is_in(&region("us-east-1")) && !service.is_in(&region("us-west-2")));
        assert_eq!(service.via_name(&region("cn-north-1")), "s3.cn-north-1.amazonaws.com");
    }

    #[test]
    fn nobody_is_trusted_everywhere() {
        let everywhere = service("s3.amazonaws.com", &[EVERY], &["kms:*"], &[EVERY]);
        assert!(everywhere.serves(account("444455556666")) && !everywhere.is_trusted_in(account("444455556666")));
        let here = service(
            "s3.amazonaws.com",
            &["111122223333"],
            &["kms:*"],
            &["111122223333", "444455556666"],
        );
        assert!(here.is_trusted_in(account("111122223333")));
        assert!(
            !here.is_trusted_in(account("444455556666")),
            "it does not serve the account"
        );
    }
}
