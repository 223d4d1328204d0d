//! The list of STS's operations. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use super::Sts;
use super::operations::assume_role::AssumeRole;
use super::operations::assume_role_with_web_identity::AssumeRoleWithWebIdentity;
use super::operations::decode_authorization_message::DecodeAuthorizationMessage;
use super::operations::get_access_key_info::GetAccessKeyInfo;
use super::operations::get_caller_identity::GetCallerIdentity;
use super::operations::get_federation_token::GetFederationToken;
use super::operations::get_session_token::GetSessionToken;

impl Catalogue for Sts {
    fn catalogue() -> &'static [Entry<Self>] {
        const {
            &[
                Entry::built::<AssumeRole>(),
                Entry::unsigned::<AssumeRoleWithWebIdentity>(),
                Entry::built::<DecodeAuthorizationMessage>(),
                Entry::built::<GetAccessKeyInfo>(),
                Entry::built::<GetCallerIdentity>(),
                Entry::built::<GetFederationToken>(),
                Entry::built::<GetSessionToken>(),
            ]
        }
    }
}
