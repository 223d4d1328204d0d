//! What replies of several families show: times, tags and boundaries.

use trent_api::{Timestamp, iam};
use trent_identity::directory::principals::{PolicyReference, Tag};

/// A time of the directory, which counts milliseconds since 1970, as IAM tells it: in whole seconds.
pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(millis / 1_000).unwrap_or(i64::MAX))
}

/// A permissions boundary, if there is one.
pub(crate) fn boundary(boundary: Option<&PolicyReference>) -> Option<iam::AttachedPermissionsBoundary> {
    boundary.map(|policy| iam::AttachedPermissionsBoundary {
        permissions_boundary_type: Some(iam::PermissionsBoundaryAttachmentType::PermissionsBoundaryPolicy),
        permissions_boundary_arn: Some(policy.arn.clone()),
    })
}

/// Tags, if there are any.
pub(crate) fn tags(tags: &[Tag]) -> Option<Vec<iam::Tag>> {
    let shown = tags.iter().map(|tag| iam::Tag {
        key: tag.key.clone(),
        value: tag.value.clone(),
    });
    (!tags.is_empty()).then(|| shown.collect())
}

/// The tags that a request brings, for the directory.
pub(crate) fn new_tags(tags: Option<&[iam::Tag]>) -> Vec<Tag> {
    let tags = tags.unwrap_or_default().iter();
    tags.map(|tag| Tag {
        key: tag.key.clone(),
        value: tag.value.clone(),
    })
    .collect()
}
