//! OIDC providers: whose tokens roles may trust.

pub(crate) mod add_client_id;
pub(crate) mod create_provider;
pub(crate) mod delete_provider;
pub(crate) mod get_provider;
pub(crate) mod list_providers;
pub(crate) mod remove_client_id;
pub(crate) mod update_thumbprints;

use trent_api::ApiError;
use trent_identity::EntityError;
use trent_identity::directory::Entity;

use crate::iam::refusals::{no_such, refused};

/// What the directory refuses to do with a provider: it goes by its ARN here.
pub(crate) fn refused_provider(arn: &str, error: EntityError) -> ApiError {
    match error {
        EntityError::NoSuch {
            entity: Entity::Provider,
            ..
        } => no_such(Entity::Provider, arn),
        error => refused(error),
    }
}
