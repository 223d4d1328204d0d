//! What the server gives up before it serves, and what it needs all the same.

use std::path::{Path, PathBuf};

use super::deliveries::TargetKind;
use super::sinks::{LogPlace, SinkKind};
use super::sources::Reader;
use super::{Config, value};
use crate::confinement::{ConfinementSettings, Demand, RunAs};
use trent_delivery::security_log::Destination;

/// The settings of the confinement.
pub(super) fn settings(r: &mut Reader) -> Option<ConfinementSettings> {
    let demand = |text: &str| value::one_of(&Demand::NAMES, text);
    let sandbox = r.read(
        "sandbox.mode",
        "confine the server to the files and ports of this configuration and to what a server asks of the system: \
         `auto` (as far as the kernel can), `required`, `off`",
        "auto",
        demand,
    );
    let writable = r.read(
        "sandbox.writable",
        "further folders, with commas between them, that programs of `events.targets` write to",
        "",
        |text| {
            let folders = text.split(',').map(str::trim).filter(|folder| !folder.is_empty());
            folders.map(value::path).collect::<Result<Vec<_>, _>>()
        },
    );
    let lock_memory = r.read(
        "memory.lock",
        "keep the server's memory from being swapped out: `auto` (if the limit on locked memory allows it), `required`, `off`",
        "auto",
        demand,
    );
    let run_as = r.read(
        "run_as",
        "user, or `user:group` in numbers, that a server started by root goes on as",
        "",
        |text| match text {
            "" => Ok(None),
            text => RunAs::parse(text).map(Some),
        },
    );
    Some(ConfinementSettings {
        sandbox: sandbox?,
        writable: writable?,
        lock_memory: lock_memory?,
        run_as: run_as?,
    })
}

impl Config {
    /// The folders that are written to, beside those of the store and of the seal.
    pub(crate) fn folders_written(&self) -> Vec<PathBuf> {
        let targets = self.event_targets.iter().filter_map(|target| match &target.kind {
            TargetKind::File(path) => path.parent(),
            TargetKind::Webhook { .. } | TargetKind::Stdout | TargetKind::Command(_) => None,
        });
        let sinks = self.sinks.iter().filter_map(|sink| match &sink.kind {
            SinkKind::File(path) => path.parent(),
            SinkKind::LogFiles {
                place: LogPlace::Folder(folder),
                ..
            } => Some(folder.as_path()),
            SinkKind::Stdout | SinkKind::Syslog(_) | SinkKind::Otlp(_) | SinkKind::LogFiles { .. } => None,
        });
        let security_log = match &self.security_log.destination {
            Destination::File { path, .. } => path.parent(),
            Destination::Stdout => None,
        };
        let named = targets.chain(sinks).chain(security_log).map(Path::to_owned);
        named.chain(self.confinement.writable.iter().cloned()).collect()
    }

    /// Whether the server is to run programs.
    pub(crate) fn runs_programs(&self) -> bool {
        let mut targets = self.event_targets.iter();
        targets.any(|target| matches!(target.kind, TargetKind::Command(_)))
    }

    /// The ports that the server listens at.
    pub(crate) fn ports(&self) -> impl Iterator<Item = u16> {
        self.addresses()
            .chain(self.metrics_listen)
            .map(|address| address.port())
    }
}
