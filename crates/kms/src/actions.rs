//! The permissions reference as data: every action of KMS with what it is done to, its access level and its condition
//! keys (service authorization reference; guide, "KMS API permissions"). Read off the catalogue's rows, so that whoever
//! lists actions and whoever decides about them cannot differ.

use trent_api::{ApiError, protocol};
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_policy::Action;
use trent_policy::lint::{KnownAction, ResourceType};
use trent_service::{Access, Catalogue, Row, action};

use crate::operations::aliases::{create_alias, delete_alias, update_alias};
use crate::operations::encryption::re_encrypt;
use crate::rules::{Naming, Rules};
use crate::{Kms, conditions};

/// An action of the catalogue.
pub(crate) struct Known {
    pub(crate) row: &'static Row<Rules>,
    pub(crate) action: &'static Action,
}

/// Every action that operations ask for.
pub(crate) fn known() -> impl Iterator<Item = Known> {
    let of_rows = Kms::catalogue().iter().map(|entry| Known {
        row: entry.row,
        action: &entry.row.action,
    });
    // The one permission that is no operation's first.
    of_rows.chain(std::iter::once(Known {
        row: &re_encrypt::ROW,
        action: &re_encrypt::TO,
    }))
}

impl Known {
    pub(crate) fn find(name: &str) -> Result<Self, ApiError> {
        known()
            .find(|known| known.action.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| protocol::validation(format!("{name} is no action of KMS")))
    }

    /// Every action on a key has the condition keys that tell of the key.
    pub(crate) fn is_on_a_key(&self) -> bool {
        self.row.condition_keys.contains(&"kms:ResourceAliases")
    }

    pub(crate) fn is_on_an_alias(&self) -> bool {
        [&create_alias::ROW, &delete_alias::ROW, &update_alias::ROW]
            .iter()
            .any(|row| row.name == self.row.name)
    }

    fn resources(&self) -> &'static [ResourceType] {
        match (self.is_on_a_key(), self.is_on_an_alias()) {
            (true, true) => &[ResourceType::Key, ResourceType::Alias],
            (true, false) => &[ResourceType::Key],
            (false, _) => &[],
        }
    }

    /// Operations that use key material take every form of a key's name, and so do some that only read.
    fn is_cryptographic(&self) -> bool {
        self.row.rules.naming == Naming::KeyOrAlias && self.row.access == Access::Write
    }

    /// The grant operation that can permit it.
    pub(crate) fn grant(&self) -> Option<&'static str> {
        match self.row.grant {
            Some(_) if *self.action == re_encrypt::TO => Some("ReEncryptTo"),
            grant => grant,
        }
    }

    fn facts(&self) -> KnownAction {
        KnownAction {
            action: self.action,
            operation: Some(self.row.name),
            access_level: self.row.access.as_str(),
            resources: self.resources(),
            across_accounts: self.row.across_accounts,
            cryptographic: self.is_cryptographic(),
            grant: self.grant(),
            condition_keys: self.row.condition_keys,
        }
    }
}

/// What the service itself does to replicas, and no operation asks for.
static SYNCHRONIZE: Action = action!("kms:SynchronizeMultiRegionKey");

/// Every action of KMS, sorted by name.
pub fn actions() -> Vec<KnownAction> {
    let mut actions: Vec<_> = known().map(|known| known.facts()).collect();
    actions.push(KnownAction {
        action: &SYNCHRONIZE,
        operation: None,
        access_level: Access::Write.as_str(),
        resources: &[ResourceType::Key],
        across_accounts: false,
        cryptographic: false,
        grant: None,
        condition_keys: conditions::KEY,
    });
    actions.sort_by_key(|known| known.action.as_str());
    actions
}

/// Whether a key of this spec and usage can do an action at all.
pub fn key_can(spec: KeySpec, usage: KeyUsage, action: &KnownAction) -> bool {
    let row = known()
        .find(|known| known.action == action.action)
        .map(|known| known.row);
    row.is_none_or(|row| row.rules.takes.accepts(spec, usage))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// POL-268
    #[test]
    fn every_operation_has_exactly_one_entry() {
        let actions = actions();
        let names: BTreeSet<_> = actions.iter().map(|known| known.action.as_str()).collect();
        assert_eq!(names.len(), actions.len(), "no action is there twice");
        for entry in Kms::catalogue() {
            let of_operation: Vec<_> = actions
                .iter()
                .filter(|known| known.operation == Some(entry.row.name))
                .map(|known| known.action.as_str())
                .collect();
            let expected = match entry.row.name {
                "ReEncrypt" => vec!["kms:ReEncryptFrom", "kms:ReEncryptTo"],
                _ => vec![entry.row.action.as_str()],
            };
            assert_eq!(of_operation, expected);
        }
        assert_eq!(actions.len(), Kms::catalogue().len() + 2);
    }

    /// The groupings by access level that policy editors unfold, from the same table.
    ///
    /// POL-269
    #[test]
    fn access_levels_part_the_actions() {
        let actions = actions();
        let count = |level: &str| actions.iter().filter(|known| known.access_level == level).count();
        let levels = ["List", "Read", "Write", "Permissions management", "Tagging"];
        let counts = levels.map(count);
        assert_eq!(counts.iter().sum::<usize>(), actions.len());
        assert_eq!((counts[0], counts[3], counts[4]), (6, 4, 2));
        let named = |name: &str| actions.iter().find(|known| known.action.as_str() == name).expect(name);
        for (name, level) in [
            ("kms:ListKeys", "List"),
            ("kms:GetKeyPolicy", "Read"),
            ("kms:Decrypt", "Write"),
            ("kms:PutKeyPolicy", "Permissions management"),
            ("kms:TagResource", "Tagging"),
        ] {
            assert_eq!(named(name).access_level, level);
        }
    }

    /// The older names stand beside the newer ones, actions on keys have what tells of keys, `CreateGrant` has what tells
    /// of the grant, and retirable grants are listed on no key.
    ///
    /// POL-326
    #[test]
    fn entries_follow_the_current_guide() {
        let actions = actions();
        let of_keys = [
            "kms:CallerAccount",
            "kms:CustomerMasterKeySpec",
            "kms:CustomerMasterKeyUsage",
            "kms:KeySpec",
            "kms:KeyUsage",
            "kms:KeyOrigin",
            "kms:MultiRegion",
            "kms:MultiRegionKeyType",
            "kms:ResourceAliases",
            "aws:ResourceTag/${TagKey}",
            "kms:ViaService",
        ];
        for known in actions
            .iter()
            .filter(|known| known.is_on_key() && known.operation != Some("RetireGrant"))
        {
            for key in of_keys {
                assert!(known.condition_keys.contains(&key), "{:?} {key}", known.action);
            }
        }
        let named = |name: &str| actions.iter().find(|known| known.operation == Some(name)).expect(name);
        for key in ["kms:GrantOperations", "kms:GranteePrincipal", "kms:RetiringPrincipal"] {
            assert!(named("CreateGrant").condition_keys.contains(&key));
        }
        for key in of_keys
            .iter()
            .filter(|key| !key.contains("Aliases") && !key.contains("Tag"))
        {
            assert!(named("CreateKey").condition_keys.contains(key), "{key}");
        }
        assert!(named("ListRetirableGrants").resources.is_empty());
    }

    #[test]
    fn keys_can_do_what_their_type_is_for() {
        let actions = actions();
        let can = |spec: &str, usage: &str, name: &str| {
            let (spec, usage) = (KeySpec::parse(spec).expect(spec), KeyUsage::parse(usage).expect(usage));
            let known = actions.iter().find(|known| known.action.as_str() == name).expect(name);
            key_can(spec, usage, known)
        };
        assert!(can("HMAC_256", "GENERATE_VERIFY_MAC", "kms:GenerateMac"));
        assert!(!can("HMAC_256", "GENERATE_VERIFY_MAC", "kms:Encrypt"));
        assert!(!can("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "kms:GetPublicKey"));
        assert!(can("RSA_2048", "SIGN_VERIFY", "kms:GetPublicKey"));
        assert!(can("RSA_2048", "SIGN_VERIFY", "kms:DescribeKey"));
    }
}
