//! `Backup`: copies the store into a file while the server goes on serving.
//!
//! The copy is sealed as the store is, so the file tells nothing to whoever lacks the seal. The server writes it as its
//! own user, under a name that must be new.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use trent_api::shape::{Length, Member, Shape, Structure, Text};
use trent_api::{ApiError, Encode, ErrorShape, FromValue, Input, ObjectWriter, Output, Shaped, Value};
use trent_audit::json::Object;
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action, internal};
use trent_store::backup::{self, BackupError, Summary};

use super::{on_the_deployment, reading};
use crate::Operator;

/// The path cannot be written to.
const INVALID_PATH: ErrorShape = ErrorShape::modelled("InvalidPathException", 400);

/// The operation.
pub(crate) struct Backup;

/// Where to.
pub(crate) struct BackupRequest {
    path: String,
}

/// What was written.
pub(crate) struct BackupResponse {
    revision: String,
    records: String,
}

static PATH: Shape = Shape::Text(Text {
    length: Some(Length { min: 1, max: 4096 }),
    pattern: None,
    sensitive: false,
});

impl Shaped for BackupRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "BackupRequest",
        members: &[Member {
            name: "Path",
            path: "path",
            required: true,
            shape: &PATH,
        }],
    };
}

impl FromValue for BackupRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            path: fields.required(0)?,
        })
    }
}

impl Input for BackupRequest {}

impl Encode for BackupResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("StoreRevision", &self.revision);
        object.required("Records", &self.records);
        object.end();
    }
}

impl Output for BackupResponse {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

impl Operation for Backup {
    type Service = Operator;
    type Input = BackupRequest;
    type Output = BackupResponse;
    type Resolved = PathBuf;

    const ROW: &'static Row<()> = &reading("Backup", action!("trent:Backup"));

    async fn resolve(_: &Operator, _: &Call, input: &BackupRequest) -> Result<PathBuf, ApiError> {
        let path = PathBuf::from(&input.path);
        if path.is_absolute() {
            Ok(path)
        } else {
            Err(INVALID_PATH.with("Path must be absolute"))
        }
    }

    fn targets<'a>(_: &'a Call, _: &'a BackupRequest, _: &'a PathBuf) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        _: &BackupRequest,
        path: &PathBuf,
    ) -> Result<Effect<BackupResponse>, ApiError> {
        let (store, mode, path) = (operator.store.clone(), operator.mode, path.clone());
        let runtime = tokio::runtime::Handle::current();
        // Writing a file blocks, so it is done on a thread that may.
        let copied = tokio::task::spawn_blocking(move || -> Result<Summary, ApiError> {
            let file = create(&path).map_err(|error| INVALID_PATH.with(format!("{}: {error}", path.display())))?;
            let summary = write(&runtime, &store, mode, file);
            if summary.is_err() {
                // Half a backup is worse than none; if it cannot be removed, the client's check finds it.
                let _ = fs::remove_file(&path);
            }
            summary.map_err(internal)
        });
        let summary = copied.await.map_err(internal)??;
        Ok(Effect::reply(BackupResponse {
            revision: summary.revision.to_string(),
            records: summary.records.to_string(),
        }))
    }

    fn describe(_: &Call, input: &BackupRequest, _: Option<&PathBuf>) -> Facts {
        let mut parameters = Object::new();
        parameters.string("path", &input.path);
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn write(
    runtime: &tokio::runtime::Handle,
    store: &trent_store::Sealed,
    mode: trent_store::Mode,
    file: File,
) -> Result<Summary, BackupError> {
    let mut out = BufWriter::new(file);
    let summary = runtime.block_on(backup::write(&**store.engine(), mode, &mut out))?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(summary)
}
