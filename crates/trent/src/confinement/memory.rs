//! Memory that nobody else gets to see.

use rustix::io;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, capabilities};

/// No core dump, whatever receives them, and no look into the memory by other processes of the same user: the kernel asks
/// `CAP_SYS_PTRACE` of whoever would.
pub(super) fn keep_private() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

/// Keeps what this process has in memory, and will have, from being swapped out. A page is locked once it is used.
pub(super) fn lock() -> Result<(), String> {
    let limit = getrlimit(Resource::Memlock).current;
    let is_free = capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK));
    // With a limit, memory that is asked for later would be refused once it is reached.
    if let (Some(limit), false) = (limit, is_free) {
        return Err(format!(
            "memory may be swapped out: the limit on locked memory is {} KiB; lift it (`LimitMEMLOCK=infinity`, \
             `ulimit -l unlimited`), or do without swap",
            limit / 1024
        ));
    }
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    mlockall(all).map_err(|error| format!("memory may be swapped out: it cannot be locked: {error}"))
}
