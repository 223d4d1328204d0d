//! What the server gives up before it serves, so that whoever takes it over, or looks at what it leaves behind, gets less.
//!
//! Its memory is in no core dump and no other process of its user reads it; where the system allows it, none of it is
//! swapped out. It writes to the places of its configuration alone, runs no program unless the configuration names one,
//! and makes no call of the system that a server has no use for. All of this is for ever, and holds for every thread and
//! every program that it runs: it comes before the first thread.

mod calls;
mod files;
mod memory;
mod user;

use std::path::PathBuf;

use crate::Failure;
use crate::config::Config;
use files::Writable;

pub(crate) use user::RunAs;

/// How much is insisted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Not done.
    Off,
    /// Done as far as the system can; what it cannot is told.
    Auto,
    /// Without it the server does not start.
    Required,
}

impl Demand {
    /// As the configuration names them.
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("required", Self::Required), ("off", Self::Off)];
}

/// The settings.
#[derive(Clone, Debug)]
pub(crate) struct ConfinementSettings {
    /// Files, programs and calls of the system.
    pub(crate) sandbox: Demand,
    /// Folders that programs of the configuration write to.
    pub(crate) writable: Vec<PathBuf>,
    /// Memory that is not swapped out.
    pub(crate) lock_memory: Demand,
    /// As whom it goes on when it is started by root.
    pub(crate) run_as: Option<RunAs>,
}

/// What came of it, to be told once there is a log.
#[derive(Debug, Default)]
pub(crate) struct Confined {
    /// What holds.
    pub(crate) holds: Vec<&'static str>,
    /// What does not although it was to be tried, and why.
    pub(crate) lacks: Vec<String>,
}

impl Confined {
    /// Notes how one part went. What was required and did not succeed is an error.
    fn note(&mut self, demand: Demand, part: &'static str, outcome: Result<(), String>) -> Result<(), Failure> {
        match (outcome, demand) {
            (Ok(()), _) => self.holds.push(part),
            (Err(reason), Demand::Required) => return Err(format!("{part}: {reason}").into()),
            (Err(reason), Demand::Auto | Demand::Off) => self.lacks.push(format!("{part}: {reason}")),
        }
        Ok(())
    }

    /// Writes it to the log.
    pub(crate) fn tell(&self) {
        tracing::info!(holds = self.holds.join(", "), "confined");
        for lack in &self.lacks {
            tracing::warn!("{lack}");
        }
    }
}

/// Keeps the memory of this process out of core dumps and from other processes of its user.
pub(crate) fn keep_memory_private() -> Result<(), Failure> {
    memory::keep_private().map_err(|error| format!("memory cannot be kept out of core dumps: {error}").into())
}

/// Confines this process for good. To be called before it has a second thread.
pub(crate) fn confine(config: &Config, is_development: bool) -> Result<Confined, Failure> {
    let settings = &config.confinement;
    let mut confined = Confined::default();
    if let Some(user) = &settings.run_as {
        user.become_it()?;
    } else if user::is_root() && !is_development {
        let reason = "the server runs as root: `run_as` names a user for it";
        confined.lacks.push(reason.to_owned());
    }
    // Changing the user makes it readable again.
    keep_memory_private()?;
    confined.holds.push("no core dumps");
    // What a development server holds is nobody's secret.
    if settings.lock_memory != Demand::Off && !is_development {
        let locked = memory::lock();
        confined.note(settings.lock_memory, "no swapping", locked)?;
    }
    if settings.sandbox != Demand::Off {
        if !is_development {
            files::make_own(config)?;
        }
        let writable = Writable::of(config, is_development);
        let limited = files::limit(&writable, config);
        for (folder, above) in writable.missing {
            let (folder, above) = (folder.display(), above.display());
            confined
                .lacks
                .push(format!("{folder} is not there: the server may write to all of {above}"));
        }
        confined.note(settings.sandbox, "files and ports of the configuration only", limited)?;
        let limited = calls::limit(config.runs_programs());
        confined.note(settings.sandbox, "calls of a server only", limited)?;
    }
    Ok(confined)
}
