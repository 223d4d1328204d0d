//! Which core a thread, and what it starts, runs on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::error::BenchError;

/// The cores that this process may use.
pub(crate) fn cores() -> Result<Vec<usize>, BenchError> {
    let allowed = sched_getaffinity(None).map_err(|error| BenchError::io("reading the cores")(error.into()))?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect())
}

/// Keeps the calling thread on one core. Threads and processes that it starts from now on inherit that.
pub(crate) fn pin(core: usize) -> Result<(), BenchError> {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).map_err(|error| BenchError::io(format!("moving to core {core}"))(error.into()))
}
