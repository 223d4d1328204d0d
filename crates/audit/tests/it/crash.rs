//! A process that is killed while it appends: what it was told is durable is there.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use trent_audit::{Mode, Trail};

use crate::world::{events, record};

const FILE: &str = "TRENT_AUDIT_TEST_TRAIL";

/// Not a test by itself: run by the test below in a process of its own, it appends without end and prints what was
/// answered. Without a file to append to there is nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn appends_until_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let trail = Trail::open(Path::new(&path), Mode::Durable).expect("opened").trail;
    for number in 0..=u8::MAX {
        trail.append(&record(number)).await.expect("appended");
        println!("answered {number}");
    }
    // The killer is late; it must not find a clean end.
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn an_answered_append_survives_a_kill() {
    let this = std::env::current_exe().expect("this test's binary");
    for wanted in [0, 1, 7, 40, 120] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trail.jsonl");
        let mut child = Command::new(&this)
            .args(["--exact", "crash::appends_until_killed", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut answered = BTreeSet::new();
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        while answered.len() <= wanted {
            let line = lines.next().expect("it goes on").expect("text");
            answered.extend(number_in(&line));
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        answered.extend(lines.map_while(Result::ok).filter_map(|line| number_in(&line)));

        let opened = Trail::open(&path, Mode::Durable).expect("opened");
        drop(opened);
        let found: BTreeSet<u8> = events(&path).into_iter().collect();
        assert!(found.is_superset(&answered), "answered {answered:?}, found {found:?}");
        assert!(found.len() <= answered.len() + 1, "one append at most was under way");
    }
}

fn number_in(line: &str) -> Option<u8> {
    line.rsplit_once("answered ")?.1.trim().parse().ok()
}
