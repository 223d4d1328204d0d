//! As whom the server goes on when root started it.

use std::fs;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::Failure;

/// The users that this machine knows.
const USERS: &str = "/etc/passwd";

/// A user with its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunAs {
    user: u32,
    group: u32,
}

/// Whether this process is root's.
pub(super) fn is_root() -> bool {
    geteuid().is_root()
}

impl RunAs {
    /// Reads `name`, as `/etc/passwd` has it, or `user:group` in numbers.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some((user, group)) = text.split_once(':') {
            let number = |text: &str| {
                text.parse()
                    .map_err(|_| format!("`{text}` is no number of a user or group"))
            };
            return Self::other_than_root(number(user)?, number(group)?);
        }
        let users = fs::read_to_string(USERS).map_err(|error| format!("{USERS}: {error}"))?;
        let (user, group) = find(&users, text).ok_or_else(|| format!("{USERS} has no user `{text}`"))?;
        Self::other_than_root(user, group)
    }

    fn other_than_root(user: u32, group: u32) -> Result<Self, String> {
        if user == 0 || group == 0 {
            return Err("a server that goes on as root gives nothing up".to_owned());
        }
        Ok(Self { user, group })
    }

    /// Goes on as this user, for good: this thread, which is the only one.
    pub(super) fn become_it(self) -> Result<(), Failure> {
        let (user, group) = (Uid::from_raw(self.user), Gid::from_raw(self.group));
        if geteuid() == user {
            return Ok(());
        }
        if !is_root() {
            return Err("`run_as` names another user, and only root can become one".into());
        }
        let became = set_thread_groups(&[])
            .and_then(|()| set_thread_gid(group))
            .and_then(|()| set_thread_uid(user));
        became.map_err(|error| format!("`run_as`: the user cannot be changed: {error}").into())
    }
}

/// The numbers of a user and its group in what `/etc/passwd` has.
fn find(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        let mut numbers = fields.skip(1).map(str::parse);
        match (is_it, numbers.next(), numbers.next()) {
            (true, Some(Ok(user)), Some(Ok(group))) => Some((user, group)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\ntrent:x:998:997::/var/lib/trent:/usr/sbin/nologin\nodd\n";
        assert_eq!(find(users, "trent"), Some((998, 997)));
        assert_eq!(find(users, "nobody"), None);
        assert_eq!(find(users, "odd"), None);
    }

    #[test]
    fn root_is_no_user_to_go_on_as() {
        assert_eq!(RunAs::parse("998:997"), Ok(RunAs { user: 998, group: 997 }));
        for refused in ["0:0", "998:0", "root", "nobody of that name", "a:b", ""] {
            assert!(RunAs::parse(refused).is_err(), "{refused}");
        }
    }
}
