//! `DestructionStatus`: which keys were destroyed, and so what older backups and the data file's history may still hold.

use trent_api::shape::Structure;
use trent_api::{ApiError, Encode, FromValue, Input, ObjectWriter, Output, Shaped, Timestamp, Value};
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action};
use trent_store::Destroyed;

use super::{on_the_deployment, reading};
use crate::Operator;

/// The operation.
pub(crate) struct DestructionStatus;

/// It takes nothing.
pub(crate) struct DestructionStatusRequest;

/// What it answers.
pub(crate) struct DestructionStatusResponse {
    keys: Vec<DestroyedKey>,
}

struct DestroyedKey {
    region: String,
    account: String,
    key: String,
    at: Timestamp,
}

impl DestroyedKey {
    fn new(destroyed: &Destroyed) -> Self {
        Self {
            region: destroyed.region.to_string(),
            account: destroyed.account.to_string(),
            key: destroyed.key.to_string(),
            at: Timestamp::from_millis(destroyed.at),
        }
    }
}

impl Shaped for DestructionStatusRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "DestructionStatusRequest",
        members: &[],
    };
}

impl FromValue for DestructionStatusRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        value.into_fields().map(|_| Self)
    }
}

impl Input for DestructionStatusRequest {}

impl Encode for DestroyedKey {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("Region", &self.region);
        object.required("AccountId", &self.account);
        object.required("KeyId", &self.key);
        object.required("DeletionDate", &self.at.to_string());
        object.end();
    }
}

impl Encode for DestructionStatusResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("DestroyedKeys", &self.keys);
        object.end();
    }
}

impl Output for DestructionStatusResponse {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

impl Operation for DestructionStatus {
    type Service = Operator;
    type Input = DestructionStatusRequest;
    type Output = DestructionStatusResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("DestructionStatus", action!("trent:DestructionStatus"));

    async fn resolve(_: &Operator, _: &Call, _: &DestructionStatusRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a DestructionStatusRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        _: &DestructionStatusRequest,
        (): &(),
    ) -> Result<Effect<DestructionStatusResponse>, ApiError> {
        let destroyed = operator.ledger.as_ref().map(|ledger| ledger.destroyed());
        let keys = destroyed.iter().flatten().map(DestroyedKey::new).collect();
        Ok(Effect::reply(DestructionStatusResponse { keys }))
    }

    fn describe(_: &Call, _: &DestructionStatusRequest, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
