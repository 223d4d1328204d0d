//! What the system says of a process: processor time and memory.

use std::{fs, time::Duration};

use crate::error::BenchError;

/// Processor time, user and system, that a process has used.
pub(crate) fn processor_time(pid: u32) -> Result<Duration, BenchError> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).map_err(BenchError::io(&path))?;
    let malformed = || BenchError::Answer(format!("{path} has another form"));
    // The name, in parentheses, may contain spaces: fields are counted behind it. 14 and 15 are the times.
    let (_, fields) = stat.rsplit_once(')').ok_or_else(malformed)?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = times.sum::<Result<u64, _>>().map_err(|_| malformed())?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_nanos(ticks * (1_000_000_000 / per_second)))
}

/// Resident memory in KiB.
pub(crate) fn resident_kib(pid: u32) -> Result<u64, BenchError> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).map_err(BenchError::io(&path))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| BenchError::Answer(format!("{path} has no VmRSS")))
}

/// The processor's name, for the table.
pub(crate) fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| "unknown".into(), |(_, name)| name.trim().to_owned())
}
