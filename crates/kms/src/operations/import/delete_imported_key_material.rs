//! `DeleteImportedKeyMaterial`: removes imported material and leaves the key waiting for it.

use trent_api::{ApiError, kms};
use trent_audit::json::Object;
use trent_crypto::MaterialId;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::keys::Key;
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DeleteImportedKeyMaterial",
    action: action!("kms:DeleteImportedKeyMaterial"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "DeleteImportedKeyMaterial",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::Key,
        takes: Takes::AnyKey,
        origin: Origins::Imported,
        states: States::MaterialDeletable,
    },
};

/// The operation.
pub struct DeleteImportedKeyMaterial;

impl Operation for DeleteImportedKeyMaterial {
    type Service = Kms;
    type Input = kms::DeleteImportedKeyMaterialRequest;
    type Output = kms::DeleteImportedKeyMaterialResponse;
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
        let id = material(key, input.key_material_id.as_deref())?;
        let output = kms::DeleteImportedKeyMaterialResponse {
            key_id: Some(key.arn.as_str().to_owned()),
            key_material_id: id.map(|id| id.to_string()),
        };
        let mut record = key.record.clone();
        let effect = if id.is_some_and(|id| record.drop_material(id)) {
            let space = service.space(&call.region)?;
            let mut txn = space.store.txn();
            space.update(&mut txn, key, &record);
            Effect::change(txn, output)
        } else {
            Effect::reply(output)
        };
        let mut shown = Object::new();
        shown.string("keyId", &key.arn);
        if let Some(id) = id {
            shown.string("keyMaterialId", &id.to_string());
        }
        Ok(Effect {
            response_elements: Some(shown.finish()),
            ..effect
        })
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("keyMaterialId", input.key_material_id.as_deref())
            .about(key)
    }
}

/// The material that is named, or else the current one, if the key has had any.
fn material(key: &Key, named: Option<&str>) -> Result<Option<MaterialId>, ApiError> {
    let Some(named) = named else {
        return Ok(key.record.current().map(|material| material.id));
    };
    let mut materials = key.record.materials.iter().map(|material| material.id);
    let found = materials.find(|id| id.to_string() == named);
    let missing = || kms::error::not_found(format!("Key material {named} is not associated with {}.", key.arn));
    found.map(Some).ok_or_else(missing)
}
