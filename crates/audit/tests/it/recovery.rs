//! Opening a trail's file: after a crash, after tampering, and when it is not a trail.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use trent_audit::{LineError, Mode, OpenError, Trail, VerifyError, verify};

use crate::world::{events, record, record_from};

/// A trail of five events, closed.
async fn trail_of_five() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trail.jsonl");
    let trail = Trail::open(&path, Mode::Durable).expect("a new trail").trail;
    for number in 1..=5 {
        trail.append(&record(number)).await.expect("appended");
    }
    trail.close();
    (folder, path)
}

/// Where each line starts, and the end.
fn starts(path: &Path) -> Vec<usize> {
    let content = fs::read(path).expect("readable");
    let breaks = content
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1);
    std::iter::once(0).chain(breaks).collect()
}

#[tokio::test]
async fn a_trail_goes_on_where_it_ended() {
    let (_folder, path) = trail_of_five().await;
    let opened = Trail::open(&path, Mode::buffered()).expect("opened");
    assert_eq!((opened.torn_bytes, opened.trail.durable_sequence()), (0, 5));
    opened.trail.append(&record(6)).await.expect("appended");
    opened.trail.close();
    assert_eq!(events(&path), [1, 2, 3, 4, 5, 6]);
    let mode = fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_trail_cut_at_any_byte_opens_with_every_whole_line() {
    let (_folder, path) = trail_of_five().await;
    let starts = starts(&path);
    // The header and two events stand for all.
    let whole = fs::read(&path).expect("readable")[..starts[3]].to_vec();
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).expect("written");
        let opened = Trail::open(&path, Mode::Durable).expect("opened");
        let lines = starts.iter().filter(|start| **start != 0 && **start <= length).count();
        assert_eq!(
            opened.trail.durable_sequence(),
            lines.saturating_sub(1) as u64,
            "cut at {length}"
        );
        opened.trail.append(&record(9)).await.expect("appended");
        drop(opened);
        assert_eq!(events(&path).len(), lines.max(1), "cut at {length}");
    }
}

#[tokio::test]
async fn blocks_that_were_never_filled_are_cut_off() {
    let (_folder, path) = trail_of_five().await;
    OpenOptions::new()
        .append(true)
        .open(&path)
        .expect("there")
        .write_all(&vec![0; 200_000])
        .expect("written");
    let opened = Trail::open(&path, Mode::Durable).expect("opened");
    assert_eq!((opened.torn_bytes, opened.trail.durable_sequence()), (200_000, 5));
    drop(opened);
    assert_eq!(events(&path), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_damaged_chain_is_reported_and_left_as_it_is() {
    let (_folder, path) = trail_of_five().await;
    let whole = fs::read(&path).expect("readable");
    let starts = starts(&path);
    for line in 1..=5_usize {
        let mut altered = whole.clone();
        altered[starts[line] + 200] ^= 1;
        fs::write(&path, &altered).expect("written");
        let Err(OpenError::Damaged { offset, reason, .. }) = Trail::open(&path, Mode::Durable) else {
            panic!("line {line} was altered unnoticed");
        };
        assert_eq!((offset, reason), (starts[line] as u64, LineError::Altered));
        assert_eq!(fs::read(&path).expect("readable"), altered);
        let Err(VerifyError::Damaged {
            line: found,
            reason: LineError::Altered,
            ..
        }) = verify(&path, |_| ())
        else {
            panic!("line {line} was altered unnoticed");
        };
        assert_eq!(found, line as u64 + 1);
    }
}

#[tokio::test]
async fn removed_and_reordered_lines_are_named() {
    let (_folder, path) = trail_of_five().await;
    let whole = fs::read(&path).expect("readable");
    let starts = starts(&path);
    let line = |number: usize| &whole[starts[number]..starts[number + 1]];
    for (order, bad) in [
        (&[1, 3, 4, 5][..], 3),
        (&[2, 1, 3, 4, 5], 2),
        (&[1, 2, 3, 5, 4], 5),
        (&[2, 3, 4, 5], 2),
    ] {
        let content: Vec<u8> = std::iter::once(&0)
            .chain(order)
            .flat_map(|number| line(*number))
            .copied()
            .collect();
        fs::write(&path, content).expect("written");
        let Err(VerifyError::Damaged { line, .. }) = verify(&path, |_| ()) else {
            panic!("{order:?} went unnoticed")
        };
        assert_eq!(line, bad, "{order:?}");
        assert!(
            matches!(Trail::open(&path, Mode::Durable), Err(OpenError::Damaged { .. })),
            "{order:?}"
        );
    }
}

#[tokio::test]
async fn another_header_breaks_the_chain() {
    let (_folder, path) = trail_of_five().await;
    let content = fs::read_to_string(&path).expect("readable");
    let id = content[content.find("chain\":\"").expect("there") + 8..][..36].to_owned();
    let other = if id.starts_with('0') {
        id.replacen('0', "1", 1)
    } else {
        format!("0{}", &id[1..])
    };
    fs::write(&path, content.replacen(&id, &other, 1)).expect("written");
    assert!(matches!(
        verify(&path, |_| ()),
        Err(VerifyError::Damaged {
            line: 2,
            reason: LineError::Unlinked,
            ..
        })
    ));
}

#[tokio::test]
async fn a_long_trail_is_checked_at_its_end_when_opened_and_everywhere_when_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trail.jsonl");
    let trail = Trail::open(&path, Mode::buffered()).expect("a new trail").trail;
    for _ in 0..3000 {
        trail.append(&record(1)).await.expect("appended");
    }
    trail.close();
    let mut content = fs::read(&path).expect("readable");
    assert!(content.len() > 2 * 1024 * 1024);
    let mut told = 0;
    let summary = verify(&path, |bytes| told = bytes).expect("intact");
    assert_eq!(
        (summary.head.sequence, summary.torn_bytes, told),
        (3000, 0, content.len() as u64)
    );
    content[5000] ^= 1;
    fs::write(&path, content).expect("written");
    assert_eq!(
        Trail::open(&path, Mode::Durable)
            .expect("opened")
            .trail
            .durable_sequence(),
        3000
    );
    assert!(matches!(verify(&path, |_| ()), Err(VerifyError::Damaged { .. })));
}

#[tokio::test]
async fn files_that_are_no_trail_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trail.jsonl");
    let long = "x".repeat(1000);
    for content in ["something else\n", &long, "{\"seq\":1}\n{}\n"] {
        fs::write(&path, content).expect("written");
        assert!(
            matches!(Trail::open(&path, Mode::Durable), Err(OpenError::NotATrail { .. })),
            "{content}"
        );
        assert!(
            matches!(verify(&path, |_| ()), Err(VerifyError::NotATrail)),
            "{content}"
        );
        assert_eq!(fs::read_to_string(&path).expect("readable"), content);
    }
    fs::write(&path, "{\"trail\":2,\"keys\":{}}\n").expect("written");
    assert!(matches!(
        Trail::open(&path, Mode::Durable),
        Err(OpenError::Newer { format: 2, .. })
    ));
    assert!(matches!(
        Trail::open(&folder.path().join("none/trail.jsonl"), Mode::Durable),
        Err(OpenError::Io { .. })
    ));
}

#[tokio::test]
async fn what_a_caller_sends_cannot_forge_a_line() {
    let (_folder, path) = trail_of_five().await;
    let trail = Trail::open(&path, Mode::Durable).expect("opened").trail;
    let forged = fs::read_to_string(&path)
        .expect("readable")
        .lines()
        .last()
        .expect("a line")
        .to_owned();
    for separator in ["\n", "\r\n", "\u{2028}", "\u{85}", "\0", "\"},\n", "\\\n"] {
        trail
            .append(&record_from(7, &format!("agent{separator}{forged}")))
            .await
            .expect("appended");
    }
    trail.close();
    assert_eq!(events(&path), [1, 2, 3, 4, 5, 7, 7, 7, 7, 7, 7, 7]);
}
