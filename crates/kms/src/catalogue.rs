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
    Entry::unbuilt(&agreement::decapsulate::ROW),
    Entry::unbuilt(&agreement::derive_shared_secret::ROW),
    Entry::unbuilt(&agreement::encapsulate::ROW),
    Entry::built::<aliases::create_alias::CreateAlias>(),
    Entry::built::<aliases::delete_alias::DeleteAlias>(),
    Entry::built::<aliases::list_aliases::ListAliases>(),
    Entry::built::<aliases::update_alias::UpdateAlias>(),
    Entry::unbuilt(&custom_key_stores::connect_custom_key_store::ROW),
    Entry::unbuilt(&custom_key_stores::create_custom_key_store::ROW),
    Entry::unbuilt(&custom_key_stores::delete_custom_key_store::ROW),
    Entry::unbuilt(&custom_key_stores::describe_custom_key_stores::ROW),
    Entry::unbuilt(&custom_key_stores::disconnect_custom_key_store::ROW),
    Entry::unbuilt(&custom_key_stores::update_custom_key_store::ROW),
    Entry::built::<encryption::decrypt::Decrypt>(),
    Entry::built::<encryption::encrypt::Encrypt>(),
    Entry::built::<encryption::generate_data_key::GenerateDataKey>(),
    Entry::unbuilt(&encryption::generate_data_key_pair::ROW),
    Entry::unbuilt(&encryption::generate_data_key_pair_without_plaintext::ROW),
    Entry::built::<encryption::generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintext>(),
    Entry::built::<encryption::generate_random::GenerateRandom>(),
    Entry::built::<encryption::re_encrypt::ReEncrypt>(),
    Entry::built::<grants::create_grant::CreateGrant>(),
    Entry::built::<grants::list_grants::ListGrants>(),
    Entry::built::<grants::list_retirable_grants::ListRetirableGrants>(),
    Entry::built::<grants::retire_grant::RetireGrant>(),
    Entry::built::<grants::revoke_grant::RevokeGrant>(),
    Entry::unbuilt(&import::delete_imported_key_material::ROW),
    Entry::unbuilt(&import::get_parameters_for_import::ROW),
    Entry::unbuilt(&import::import_key_material::ROW),
    Entry::unbuilt(&keys::cancel_key_deletion::ROW),
    Entry::built::<keys::create_key::CreateKey>(),
    Entry::built::<keys::describe_key::DescribeKey>(),
    Entry::built::<keys::disable_key::DisableKey>(),
    Entry::built::<keys::enable_key::EnableKey>(),
    Entry::unbuilt(&keys::get_key_last_usage::ROW),
    Entry::built::<keys::list_keys::ListKeys>(),
    Entry::unbuilt(&keys::schedule_key_deletion::ROW),
    Entry::built::<keys::update_key_description::UpdateKeyDescription>(),
    Entry::unbuilt(&mac::generate_mac::ROW),
    Entry::unbuilt(&mac::verify_mac::ROW),
    Entry::unbuilt(&multi_region::replicate_key::ROW),
    Entry::unbuilt(&multi_region::update_primary_region::ROW),
    Entry::built::<policies::get_key_policy::GetKeyPolicy>(),
    Entry::built::<policies::list_key_policies::ListKeyPolicies>(),
    Entry::built::<policies::put_key_policy::PutKeyPolicy>(),
    Entry::unbuilt(&rotation::disable_key_rotation::ROW),
    Entry::unbuilt(&rotation::enable_key_rotation::ROW),
    Entry::unbuilt(&rotation::get_key_rotation_status::ROW),
    Entry::unbuilt(&rotation::list_key_rotations::ROW),
    Entry::unbuilt(&rotation::rotate_key_on_demand::ROW),
    Entry::unbuilt(&signing::get_public_key::ROW),
    Entry::unbuilt(&signing::sign::ROW),
    Entry::unbuilt(&signing::verify::ROW),
    Entry::built::<tags::list_resource_tags::ListResourceTags>(),
    Entry::built::<tags::tag_resource::TagResource>(),
    Entry::built::<tags::untag_resource::UntagResource>(),
];

#[cfg(test)]
mod tests;
