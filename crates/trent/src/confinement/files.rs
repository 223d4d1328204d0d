//! The places that the server writes to, and the ports that it listens at.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use crate::Failure;
use crate::config::Config;

/// What the kernel is asked for; an older one does what it knows of it.
const KNOWN: ABI = ABI::V6;

/// Makes the folders of a production server: a rule can only be about what is there.
pub(super) fn make_own(config: &Config) -> Result<(), Failure> {
    for folder in own(config) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}

/// The folders of the store, the seal and the operator's socket.
fn own(config: &Config) -> Vec<PathBuf> {
    let files = [&config.seal.key_file, &config.operator_socket];
    let folders = files.into_iter().filter_map(|file| file.parent()).map(named);
    std::iter::once(config.data_dir.clone()).chain(folders).collect()
}

/// The folder of a file that was named without one is the current one.
fn named(folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder.to_owned()
    }
}

/// Where the server may write.
#[derive(Default)]
pub(super) struct Writable {
    folders: BTreeSet<PathBuf>,
    /// Folders that are not there yet, each with the one above it that is.
    pub(super) missing: Vec<(PathBuf, PathBuf)>,
}

impl Writable {
    /// The folders of a configuration. Who needs one that is not there may make it later: it may write to the one above.
    pub(super) fn of(config: &Config, is_development: bool) -> Self {
        let mut wanted: Vec<_> = config.folders_written().iter().map(|folder| named(folder)).collect();
        if !is_development || config.data_dir_chosen {
            wanted.extend(own(config));
        }
        let mut writable = Self::default();
        for folder in wanted {
            let mut above = folder.ancestors();
            let there = above
                .find(|folder| folder.is_dir())
                .map_or_else(|| PathBuf::from("."), named);
            if there != folder && !is_development {
                writable.missing.push((folder, there.clone()));
            }
            writable.folders.insert(there);
        }
        writable
    }
}

/// Has the kernel refuse this process, for good, to write and make files elsewhere, to run programs that the configuration
/// does not ask for, to listen elsewhere, and to reach other processes by signals and abstract sockets.
pub(super) fn limit(writable: &Writable, config: &Config) -> Result<(), String> {
    let status = ruleset(writable, config).map_err(|error| error.to_string())?;
    match status {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock".to_owned()),
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Ok(()),
    }
}

fn ruleset(writable: &Writable, config: &Config) -> Result<RulesetStatus, RulesetError> {
    let (reading, running) = (AccessFs::from_read(KNOWN) & !AccessFs::Execute, AccessFs::Execute);
    // What is read is left to the permissions of files: certificates, lists and secrets lie in many places.
    let handled = AccessFs::from_all(KNOWN) & !reading;
    let everywhere = if config.runs_programs() { &["/"][..] } else { &[] };
    let ports = config
        .ports()
        .map(|port| Ok::<_, RulesetError>(NetPort::new(port, AccessNet::BindTcp)));
    let created = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(handled)?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(everywhere, running))?
        .add_rules(path_beneath_rules(&writable.folders, handled & !running))?
        .add_rules(path_beneath_rules(
            ["/dev/null"],
            AccessFs::WriteFile | AccessFs::Truncate,
        ))?
        .add_rules(ports)?;
    Ok(created.restrict_self()?.ruleset)
}
