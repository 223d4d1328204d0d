//! `ListKeyRotations`: the completed rotations of a key, oldest first, and its other materials for whoever asks for them.

use trent_api::{ApiError, Timestamp, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::keys::Key;
use crate::paging::{Limits, Listing};
use crate::records::{KeyRecord, MaterialRecord, Origin, Rotated, RotationKind, Standing};
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ListKeyRotations",
    action: action!("kms:ListKeyRotations"),
    access: Access::List,
    across_accounts: false,
    grant: None,
    quota: "ListKeyRotations",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::Rotatable,
        origin: Origins::Kept,
        states: States::Every,
    },
};

const LIMITS: Limits = Limits {
    default: 100,
    most: 1000,
};

/// The operation.
pub struct ListKeyRotations;

impl Operation for ListKeyRotations {
    type Service = Kms;
    type Input = kms::ListKeyRotationsRequest;
    type Output = kms::ListKeyRotationsResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let included = input
            .include_key_material
            .unwrap_or(kms::IncludeKeyMaterial::RotationsOnly);
        let what = format!("{} {included}", key.arn);
        let listing = Listing::new(service, call, &ROW, &what)?;
        let page = listing.page(LIMITS, input.limit, input.marker.as_deref()).await?;
        let (shown, more) = page_of(&key.record, included, page.after.as_deref(), page.limit);
        let next_marker = match shown.last() {
            Some(last) if more => Some(listing.marker(&last.id.0).await?),
            _ => None,
        };
        Ok(Effect::reply(kms::ListKeyRotationsResponse {
            truncated: Some(next_marker.is_some()),
            next_marker,
            rotations: Some(shown.into_iter().map(|material| entry(key, material)).collect()),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text(
                "includeKeyMaterial",
                input.include_key_material.map(kms::IncludeKeyMaterial::as_str),
            )
            .number("limit", input.limit)
            .text("marker", input.marker.as_deref())
            .about(key)
    }
}

/// The materials of a page, and whether there are more. If the last one of the page before is gone there are none: only a
/// material that waits can go, and those come last.
fn page_of<'a>(
    record: &'a KeyRecord,
    included: kms::IncludeKeyMaterial,
    after: Option<&[u8]>,
    limit: usize,
) -> (Vec<&'a MaterialRecord>, bool) {
    let mut listed = record.materials.iter().filter(|it| is_listed(included, it));
    if let Some(after) = after {
        listed.find(|material| material.id.0 == *after);
    }
    let shown = listed.by_ref().take(limit).collect();
    (shown, listed.next().is_some())
}

/// Whether a material is on the list. One that was made here and is not in every Region yet is on none: its rotation is not
/// completed.
fn is_listed(included: kms::IncludeKeyMaterial, material: &MaterialRecord) -> bool {
    let completed = material.standing.is_none() && material.rotated.is_some();
    match included {
        kms::IncludeKeyMaterial::RotationsOnly => completed,
        kms::IncludeKeyMaterial::AllKeyMaterial => completed || material.rotated.is_none(),
    }
}

fn entry(key: &Key, material: &MaterialRecord) -> kms::RotationsListEntry {
    let current = key.record.current().map(|current| current.id);
    let expires = material.imported.as_ref().map(|imported| imported.expires);
    kms::RotationsListEntry {
        key_id: Some(key.arn.as_str().to_owned()),
        key_material_id: Some(material.id.to_string()),
        key_material_state: Some(match material.standing {
            Some(Standing::PendingRotation) => kms::KeyMaterialState::PendingRotation,
            Some(Standing::PendingMultiRegion) => kms::KeyMaterialState::PendingMultiRegionImportAndRotation,
            None if current == Some(material.id) => kms::KeyMaterialState::Current,
            None => kms::KeyMaterialState::NonCurrent,
        }),
        key_material_description: material.imported.as_ref().and_then(|it| it.description.clone()),
        import_state: (key.record.origin == Origin::External).then_some(match material.wrapped {
            Some(_) => kms::ImportState::Imported,
            None => kms::ImportState::PendingImport,
        }),
        expiration_model: expires.map(|expires| match expires {
            Some(_) => kms::ExpirationModelType::KeyMaterialExpires,
            None => kms::ExpirationModelType::KeyMaterialDoesNotExpire,
        }),
        valid_to: expires.flatten().map(Timestamp::from_millis),
        rotation_date: material.rotated.map(|rotated| Timestamp::from_millis(rotated.at)),
        rotation_type: material.rotated.map(|Rotated { how, .. }| match how {
            RotationKind::Automatic => kms::RotationType::Automatic,
            RotationKind::OnDemand => kms::RotationType::OnDemand,
        }),
    }
}
