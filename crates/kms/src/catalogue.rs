//! Every operation of KMS, built or not. A row is in its operation's own file; here they are only listed.

use trent_service::{Catalogue, Entry};

use crate::Kms;
use crate::operations::{
    agreement, aliases, custom_key_stores, encryption, grants, import, keys, mac, multi_region, policies, rotation,
    signing, tags,
};

impl Catalogue for Kms {
    fn catalogue() -> &'static [Entry<Self>] {
        ENTRIES
    }
}

static ENTRIES: &[Entry<Kms>] = &[
    Entry::built::<agreement::decapsulate::Decapsulate>(),
    Entry::built::<agreement::derive_shared_secret::DeriveSharedSecret>(),
    Entry::built::<agreement::encapsulate::Encapsulate>(),
    Entry::built::<aliases::create_alias::CreateAlias>(),
    Entry::built::<aliases::delete_alias::DeleteAlias>(),
    Entry::built::<aliases::list_aliases::ListAliases>(),
    Entry::built::<aliases::update_alias::UpdateAlias>(),
    Entry::unbuilt::<custom_key_stores::connect_custom_key_store::ConnectCustomKeyStore>(),
    Entry::unbuilt::<custom_key_stores::create_custom_key_store::CreateCustomKeyStore>(),
    Entry::unbuilt::<custom_key_stores::delete_custom_key_store::DeleteCustomKeyStore>(),
    Entry::unbuilt::<custom_key_stores::describe_custom_key_stores::DescribeCustomKeyStores>(),
    Entry::unbuilt::<custom_key_stores::disconnect_custom_key_store::DisconnectCustomKeyStore>(),
    Entry::unbuilt::<custom_key_stores::update_custom_key_store::UpdateCustomKeyStore>(),
    Entry::built::<encryption::decrypt::Decrypt>(),
    Entry::built::<encryption::encrypt::Encrypt>(),
    Entry::built::<encryption::generate_data_key::GenerateDataKey>(),
    Entry::built::<encryption::generate_data_key_pair::GenerateDataKeyPair>(),
    Entry::built::<encryption::generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintext>(),
    Entry::built::<encryption::generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext>(),
    Entry::built::<encryption::generate_random::GenerateRandom>(),
    Entry::built::<encryption::re_encrypt::ReEncrypt>(),
    Entry::built::<grants::create_grant::CreateGrant>(),
    Entry::built::<grants::list_grants::ListGrants>(),
    Entry::built::<grants::list_retirable_grants::ListRetirableGrants>(),
    Entry::built::<grants::retire_grant::RetireGrant>(),
    Entry::built::<grants::revoke_grant::RevokeGrant>(),
    Entry::built::<import::delete_imported_key_material::DeleteImportedKeyMaterial>(),
    Entry::built::<import::get_parameters_for_import::GetParametersForImport>(),
    Entry::built::<import::import_key_material::ImportKeyMaterial>(),
    Entry::built::<keys::cancel_key_deletion::CancelKeyDeletion>(),
    Entry::built::<keys::create_key::CreateKey>(),
    Entry::built::<keys::describe_key::DescribeKey>(),
    Entry::built::<keys::disable_key::DisableKey>(),
    Entry::built::<keys::enable_key::EnableKey>(),
    Entry::built::<keys::get_key_last_usage::GetKeyLastUsage>(),
    Entry::built::<keys::list_keys::ListKeys>(),
    Entry::built::<keys::schedule_key_deletion::ScheduleKeyDeletion>(),
    Entry::built::<keys::update_key_description::UpdateKeyDescription>(),
    Entry::built::<mac::generate_mac::GenerateMac>(),
    Entry::built::<mac::verify_mac::VerifyMac>(),
    Entry::built::<multi_region::replicate_key::ReplicateKey>(),
    Entry::built::<multi_region::update_primary_region::UpdatePrimaryRegion>(),
    Entry::built::<policies::get_key_policy::GetKeyPolicy>(),
    Entry::built::<policies::list_key_policies::ListKeyPolicies>(),
    Entry::built::<policies::put_key_policy::PutKeyPolicy>(),
    Entry::built::<rotation::disable_key_rotation::DisableKeyRotation>(),
    Entry::built::<rotation::enable_key_rotation::EnableKeyRotation>(),
    Entry::built::<rotation::get_key_rotation_status::GetKeyRotationStatus>(),
    Entry::built::<rotation::list_key_rotations::ListKeyRotations>(),
    Entry::built::<rotation::rotate_key_on_demand::RotateKeyOnDemand>(),
    Entry::built::<signing::get_public_key::GetPublicKey>(),
    Entry::built::<signing::sign::Sign>(),
    Entry::built::<signing::verify::Verify>(),
    Entry::built::<tags::list_resource_tags::ListResourceTags>(),
    Entry::built::<tags::tag_resource::TagResource>(),
    Entry::built::<tags::untag_resource::UntagResource>(),
];

#[cfg(test)]
mod tests;
