//! The machine: its limits, its swap, its clock.

use std::fs;

use rustix::process::{Resource, geteuid, getrlimit};

use super::Finding;
use crate::config::Config;
use crate::confinement::Demand;

/// What a server has open beside its connections, roughly.
const FILES_BESIDE_CONNECTIONS: u64 = 64;

pub(super) fn look_over(config: &Config) -> Vec<Finding> {
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    let mut findings = vec![files(config), memory(config, has_swap(&swaps))];
    findings.extend(user(config));
    findings.extend(sandbox(config));
    findings
}

/// Whether `/proc/swaps` has more than its heading.
fn has_swap(swaps: &str) -> bool {
    swaps.lines().skip(1).any(|line| !line.trim().is_empty())
}

fn files(config: &Config) -> Finding {
    let listeners = config.addresses().count() as u64;
    let wanted = config.limits.connections as u64 * listeners + FILES_BESIDE_CONNECTIONS;
    match getrlimit(Resource::Nofile).maximum {
        Some(limit) if limit < wanted => Finding::advice(
            "open files",
            format!(
                "{limit} may be open, and `limits.connections` asks for {wanted}: fewer connections are served at once; \
                 raise the limit (`LimitNOFILE=`, `ulimit -Hn`)"
            ),
        ),
        _ => Finding::good(
            "open files",
            format!("as many may be open as connections ask for ({wanted})"),
        ),
    }
}

fn memory(config: &Config, has_swap: bool) -> Finding {
    const ABOUT: &str = "memory";
    if !has_swap {
        return Finding::good(ABOUT, "the machine has no swap");
    }
    match (config.confinement.lock_memory, getrlimit(Resource::Memlock).current) {
        (Demand::Off, _) => Finding::advice(
            ABOUT,
            "the machine has swap, and `memory.lock` is off: key material may reach the disk",
        ),
        (_, Some(limit)) if !geteuid().is_root() => Finding::advice(
            ABOUT,
            format!(
                "the machine has swap, and this user may lock {} KiB: key material may reach the disk; lift the limit \
                 (`LimitMEMLOCK=infinity`, `ulimit -l unlimited`)",
                limit / 1024
            ),
        ),
        _ => Finding::good(ABOUT, "can be kept from being swapped out"),
    }
}

fn user(config: &Config) -> Option<Finding> {
    let is_root = geteuid().is_root() && config.confinement.run_as.is_none();
    is_root.then(|| {
        Finding::advice(
            "user",
            "started by this user, root, the server goes on as root: `run_as` names another for it",
        )
    })
}

fn sandbox(config: &Config) -> Option<Finding> {
    (config.confinement.sandbox == Demand::Off).then(|| {
        Finding::advice(
            "sandbox",
            "`sandbox.mode` is off: whoever takes the server over can do whatever its user can",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_no_swap() {
        let heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        assert!(!has_swap(heading));
        assert!(!has_swap(""));
        assert!(has_swap(&format!("{heading}/swapfile file 2097148 0 -2\n")));
    }
}
