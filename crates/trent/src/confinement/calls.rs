//! The calls of the system that the server has no use for, and somebody who took it over might.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};

/// Looking into other processes.
const PROCESSES: [libc::c_long; 6] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
];

/// Another view of the file system, or another way to a file than its path.
const FILE_SYSTEMS: [libc::c_long; 17] = [
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
];

/// The machine itself: its kernel, clock, names, swap.
const MACHINE: [libc::c_long; 17] = [
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_personality,
];

/// Parts of the kernel that are large, seldom needed and often broken.
const WIDE: [libc::c_long; 9] = [
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
];

/// Running another program.
const PROGRAMS: [libc::c_long; 2] = [libc::SYS_execve, libc::SYS_execveat];

/// Has the kernel refuse them to this process, for good, with `EPERM`.
pub(super) fn limit(runs_programs: bool) -> Result<(), String> {
    let program = filter(runs_programs).map_err(|error| format!("no filter for this machine: {error}"))?;
    apply_filter_all_threads(&program).map_err(|error| format!("the kernel takes no filter: {error}"))
}

fn filter(runs_programs: bool) -> Result<BpfProgram, seccompiler::BackendError> {
    let programs = if runs_programs { &[] } else { &PROGRAMS[..] };
    let refused = [&PROCESSES[..], &FILE_SYSTEMS, &MACHINE, &WIDE, programs].concat();
    // No condition on what they are called with.
    let rules: BTreeMap<i64, Vec<_>> = refused.into_iter().map(|call| (call, Vec::new())).collect();
    let refusal = u32::try_from(libc::EPERM).unwrap_or_default();
    let architecture = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(refusal), architecture)?.try_into()
}
