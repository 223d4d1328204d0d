//! Opening a trail's file: after a crash, after a clean stop, when it was cut, and when it is not a trail.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use tempfile::TempDir;
use trent_audit::{Chains, Files, LineError, Mode, OpenError, Opened, Torn, Trail, VerifyError, verify, verify_after};
use trent_store::Sealed;

use crate::world::{content, events, events_in, record, record_from, store};

/// A store and a folder for a trail.
struct World {
    _folder: TempDir,
    path: PathBuf,
    store: Sealed,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            path: folder.path().join("trail.jsonl"),
            _folder: folder,
            store: store().await,
        }
    }

    /// With a trail of five events, each a batch of its own, that a process without an anchor at its end left.
    async fn with_five() -> Self {
        let world = Self::new().await;
        let trail = world.open().await.expect("a new trail").trail;
        for number in 1..=5 {
            trail.append(&record(number)).await.expect("appended");
        }
        trail.close();
        world
    }

    async fn open(&self) -> Result<Opened, OpenError> {
        Trail::open(&self.path, Mode::Durable, &self.store).await
    }

    async fn verify(&self) -> Result<trent_audit::Summary, VerifyError> {
        let chains = Chains::load(&self.store).await.expect("read");
        verify(&self.path, &chains, |_| ())
    }

    async fn events(&self) -> Vec<u8> {
        events(&self.path, &self.store).await
    }

    fn content(&self) -> Vec<u8> {
        content(&self.path)
    }

    fn write(&self, content: &[u8]) {
        fs::write(&self.path, content).expect("written");
    }

    /// Where each line starts, and the end.
    fn starts(&self) -> Vec<usize> {
        let content = self.content();
        let breaks = content.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
    }
}

#[tokio::test]
async fn a_trail_goes_on_where_it_ended() {
    let world = World::with_five().await;
    let opened = world.open().await.expect("opened");
    assert_eq!((opened.torn, opened.trail.durable_sequence()), (Torn::default(), 5));
    opened.trail.append(&record(6)).await.expect("appended");
    opened.trail.close();
    assert_eq!(world.events().await, [1, 2, 3, 4, 5, 6]);
    let mode = fs::metadata(&world.path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let summary = world.verify().await.expect("intact");
    assert_eq!((summary.head.sequence, summary.head.batch, summary.earlier), (6, 1, 0));
}

/// After a power cut the disk may hold the end of what was written last and not its beginning.
#[tokio::test]
async fn a_hole_behind_the_anchor_is_a_torn_write_and_one_before_it_is_damage() {
    let world = World::with_five().await;
    let (mut content, starts) = (world.content(), world.starts());
    // Lines: the header, then five times a record and its batch line. The record of the fourth batch is lost.
    content[starts[7] + 10..starts[8] - 10].fill(0);
    world.write(&content);
    let opened = world.open().await.expect("opened");
    assert_eq!(opened.torn.bytes, (content.len() - starts[7]) as u64);
    opened.trail.append(&record(9)).await.expect("appended");
    // A clean stop, which anchors.
    opened.trail.anchor().await.expect("anchored");
    opened.trail.close();
    assert_eq!(world.events().await, [1, 2, 3, 9]);

    let (mut content, starts) = (world.content(), world.starts());
    let last_record = starts[starts.len() - 3];
    content[last_record + 10..last_record + 40].fill(0);
    world.write(&content);
    assert!(matches!(world.open().await, Err(OpenError::Damaged { .. })));
}

/// What is made ready ahead of the lines is there after a crash, and neither a torn write nor a hole in one.
#[tokio::test]
async fn zeros_behind_the_lines_are_cut_off_and_hide_no_damage() {
    let zeros = vec![0; 100_000];
    let world = World::with_five().await;
    let content = world.content();
    world.write(&[content.as_slice(), &zeros].concat());
    assert_eq!(world.verify().await.expect("intact").torn, Torn::default());
    let opened = world.open().await.expect("opened");
    assert_eq!((opened.torn, opened.trail.durable_sequence()), (Torn::default(), 5));
    drop(opened);
    assert_eq!(world.events().await, [1, 2, 3, 4, 5]);

    let world = World::with_five().await;
    let (content, starts) = (world.content(), world.starts());
    let half = &content[..content.len() - 20];
    world.write(&[half, &zeros].concat());
    let torn = world.open().await.expect("opened").torn;
    assert_eq!(torn.bytes, (half.len() - starts[9]) as u64);

    let world = World::with_five().await;
    let (mut altered, starts) = (world.content(), world.starts());
    altered[starts[7] + 20] ^= 1;
    world.write(&[altered.as_slice(), &zeros].concat());
    assert!(matches!(world.open().await, Err(OpenError::Damaged { .. })));
}

/// A batch counts once its batch line is whole; what a crash left behind the last one is cut off and counted.
#[tokio::test]
async fn a_trail_cut_at_any_byte_of_a_batch_opens_with_every_whole_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trail.jsonl");
    for cut in 0.. {
        let store = store().await;
        let world = World {
            _folder: tempfile::tempdir().expect("a folder"),
            path: path.clone(),
            store,
        };
        let _ = fs::remove_file(&path);
        let mode = Mode::Buffered {
            flush_interval: Duration::from_hours(1),
            max_bytes: 1 << 20,
        };
        let opened = Trail::open(&path, mode, &world.store).await;
        let trail = opened.expect("a new trail").trail;
        let header = world.content().len();
        // Two batches: one of one record, and one of two.
        trail.append(&record(1)).await.expect("appended");
        trail.flush().await.expect("flushed");
        let first = world.content().len();
        trail.append(&record(2)).await.expect("appended");
        trail.append(&record(3)).await.expect("appended");
        trail.close();
        let (whole, starts) = (world.content(), world.starts());
        let length = header + cut * 37;
        if length > whole.len() {
            break;
        }
        world.write(&whole[..length]);
        let kept = match length {
            length if length == whole.len() => whole.len(),
            length if length >= first => first,
            _ => header,
        };
        let opened = world.open().await.expect("opened");
        let whole_lines = starts.iter().filter(|start| **start > kept && **start <= length);
        let torn = Torn {
            bytes: (length - kept) as u64,
            records: whole_lines.count() as u64,
        };
        assert_eq!(opened.torn, torn, "cut at {length}");
        opened.trail.append(&record(9)).await.expect("appended");
        drop(opened);
        let expected: &[u8] = match kept {
            kept if kept == whole.len() => &[1, 2, 3, 9],
            kept if kept == first => &[1, 9],
            _ => &[9],
        };
        assert_eq!(world.events().await, expected, "cut at {length}");
    }
}

#[tokio::test]
async fn records_without_their_batch_line_are_cut_off_and_counted() {
    let world = World::with_five().await;
    let whole = world.content();
    let mut torn = record(6).json().to_vec();
    torn.push(b'\n');
    torn.extend_from_slice(record(7).json());
    torn.extend_from_slice(b"\n{\"eventVer");
    world.write(&[whole.as_slice(), &torn].concat());
    let opened = world.open().await.expect("opened");
    let expected = Torn {
        bytes: torn.len() as u64,
        records: 2,
    };
    assert_eq!(opened.torn, expected);
    drop(opened);
    assert_eq!(world.events().await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_crash_before_the_first_header_is_whole_leaves_a_trail_that_can_be_begun() {
    let world = World::new().await;
    world.write(b"{\"trail\":1,\"id\":\"");
    let opened = world.open().await.expect("opened");
    assert_eq!(opened.torn.bytes, 17);
    opened.trail.append(&record(1)).await.expect("appended");
    drop(opened);
    assert_eq!(world.events().await, [1]);
}

#[tokio::test]
async fn a_damaged_chain_is_reported_and_left_as_it_is() {
    let world = World::with_five().await;
    let (whole, starts) = (world.content(), world.starts());
    for event in 1..=5_usize {
        // The lines after the header are, by turns, a record and its batch line.
        let (record, batch) = (starts[2 * event - 1], starts[2 * event]);
        let mut altered = whole.clone();
        altered[record + 200] ^= 1;
        world.write(&altered);
        let Err(OpenError::Damaged { offset, reason, .. }) = world.open().await else {
            panic!("event {event} was altered unnoticed");
        };
        assert_eq!((offset, reason), (batch as u64, LineError::Altered));
        assert_eq!(world.content(), altered);
        let Err(VerifyError::Damaged { line, reason, .. }) = world.verify().await else {
            panic!("event {event} was altered unnoticed");
        };
        assert_eq!((line, reason), (2 * event as u64 + 1, LineError::Altered));
    }
}

/// What the store knows to have been on the disk cannot be cut off, whole batches included.
#[tokio::test]
async fn a_trail_that_ends_before_its_anchor_is_refused() {
    let world = World::new().await;
    let trail = world.open().await.expect("a new trail").trail;
    for number in 1..=3 {
        trail.append(&record(number)).await.expect("appended");
        if number == 2 {
            trail.anchor().await.expect("anchored");
        }
    }
    trail.close();
    let (whole, starts) = (world.content(), world.starts());
    for length in [0, 1, starts[1], starts[3], starts[5] - 1] {
        world.write(&whole[..length]);
        assert!(
            matches!(
                world.verify().await,
                Err(VerifyError::Cut { anchored: 2 } | VerifyError::NotATrail(_))
            ),
            "cut at {length}"
        );
        if length > 1 {
            let refused = world.open().await;
            assert!(
                matches!(refused, Err(OpenError::Cut { anchored: 2, .. })),
                "cut at {length}"
            );
        }
    }
    // What came after the anchor is the window that nothing but the file itself knows of.
    world.write(&whole[..starts[5]]);
    assert_eq!(world.verify().await.expect("intact").anchored, Some(2));
    drop(world.open().await.expect("opened"));
}

/// An older file, even a whole one, does not pass for the trail.
#[tokio::test]
async fn a_trail_that_was_put_aside_is_verified_but_not_continued() {
    let world = World::with_five().await;
    drop(world.open().await.expect("opened"));
    let older = world.content();
    fs::remove_file(&world.path).expect("removed");
    let trail = world.open().await.expect("a new trail").trail;
    trail.append(&record(6)).await.expect("appended");
    trail.anchor().await.expect("anchored");
    trail.close();
    assert!(matches!(
        world.verify().await,
        Err(VerifyError::Removed { first: 1, last: 5, .. })
    ));
    let chains = Chains::load(&world.store).await.expect("read");
    let summary = verify_after(Files::of(&world.path).expect("there"), &chains, 5, |_| ()).expect("intact");
    assert_eq!(
        (summary.earlier, summary.head.sequence, summary.anchored),
        (5, 6, Some(6))
    );
    let newer = world.content();

    world.write(&older);
    assert!(matches!(world.verify().await, Err(VerifyError::Cut { anchored: 6 })));
    assert!(matches!(world.open().await, Err(OpenError::Foreign { .. })));
    world.write(&newer);
    drop(world.open().await.expect("opened"));
}

#[tokio::test]
async fn a_trail_of_another_store_is_refused() {
    let world = World::with_five().await;
    let other = World::new().await;
    other.write(&world.content());
    assert!(matches!(
        other.open().await,
        Err(OpenError::Damaged {
            offset: 0,
            reason: LineError::UnknownChain(_),
            ..
        })
    ));
}

#[tokio::test]
async fn a_long_trail_is_checked_from_its_anchor_when_opened_and_everywhere_when_verified() {
    let world = World::new().await;
    let opened = Trail::open(&world.path, Mode::buffered(), &world.store).await;
    let trail = opened.expect("a new trail").trail;
    for _ in 0..2 {
        for _ in 0..1500 {
            trail.append(&record(1)).await.expect("appended");
        }
        trail.flush().await.expect("flushed");
        trail.anchor().await.expect("anchored");
    }
    trail.close();
    let mut content = world.content();
    assert!(content.len() > 1024 * 1024);
    let mut told = 0;
    let chains = Chains::load(&world.store).await.expect("read");
    let summary = verify(&world.path, &chains, |progress| told = progress.done).expect("intact");
    assert_eq!(
        (summary.head.sequence, summary.torn, told),
        (3000, Torn::default(), content.len() as u64)
    );
    content[5000] ^= 1;
    world.write(&content);
    let opened = world.open().await.expect("opened");
    assert_eq!(opened.trail.durable_sequence(), 3000);
    assert!(matches!(world.verify().await, Err(VerifyError::Damaged { .. })));
}

#[tokio::test]
async fn files_that_are_no_trail_are_refused_and_left_alone() {
    let world = World::new().await;
    let long = "x".repeat(1000);
    for content in ["something else\n", &long, "{\"seq\":1}\n{}\n", "{\"trail\":1}\n"] {
        world.write(content.as_bytes());
        let refused = world.open().await;
        assert!(matches!(refused, Err(OpenError::NotATrail { .. })), "{content}");
        assert!(
            matches!(world.verify().await, Err(VerifyError::NotATrail(_))),
            "{content}"
        );
        assert_eq!(world.content(), content.as_bytes());
    }
    world.write(b"{\"trail\":2,\"keys\":{}}\n");
    assert!(matches!(world.open().await, Err(OpenError::Newer { format: 2, .. })));
    let nowhere = world.path.with_file_name("none").join("trail.jsonl");
    assert!(matches!(
        Trail::open(&nowhere, Mode::Durable, &world.store).await,
        Err(OpenError::Io { .. })
    ));
}

#[tokio::test]
async fn what_a_caller_sends_cannot_forge_a_line() {
    let world = World::with_five().await;
    let trail = world.open().await.expect("opened").trail;
    let content = String::from_utf8(world.content()).expect("text");
    for forged in content.lines().rev().take(3) {
        for separator in ["\n", "\r\n", "\u{2028}", "\u{85}", "\0", "\"},\n", "\\\n"] {
            trail
                .append(&record_from(7, &format!("agent{separator}{forged}")))
                .await
                .expect("appended");
        }
    }
    trail.close();
    assert_eq!(world.events().await[5..], [7; 21]);
    assert_eq!(events_in(&world.path).len(), 26);
}
