//! A trail in segments: closing them, going on after a crash at any step of that, removing the oldest, and tampering with
//! whole files.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use trent_audit::{Chains, Keeping, Mode, OpenError, Removed, Summary, Trail, VerifyError, verify};
use trent_store::Sealed;

use crate::world::{content, events_in, record, store};

struct World {
    folder: TempDir,
    path: PathBuf,
    store: Sealed,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            path: folder.path().join("trail.jsonl"),
            folder,
            store: store().await,
        }
    }

    /// With three closed segments and an open one, of two records each.
    async fn of_four() -> Self {
        let world = Self::new().await;
        let trail = world.open().await;
        for number in 1..=8 {
            trail.append(&record(number)).await.expect("appended");
            if number % 2 == 0 && number < 8 {
                trail.rotate().await.expect("rotated");
            }
        }
        trail.anchor().await.expect("anchored");
        trail.close();
        world
    }

    async fn open(&self) -> Trail {
        self.try_open().await.expect("opened")
    }

    async fn try_open(&self) -> Result<Trail, OpenError> {
        let opened = Trail::open(&self.path, Mode::Durable, &self.store).await;
        opened.map(|opened| opened.trail)
    }

    async fn verify(&self) -> Result<Summary, VerifyError> {
        let chains = Chains::load(&self.store).await.expect("read");
        verify(&self.path, &chains, |_| ())
    }

    fn closed(&self, first: u64) -> PathBuf {
        self.folder.path().join(format!("trail-{first:020}.jsonl"))
    }

    /// The files of the trail, oldest first.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("listed");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl") && *path != self.path);
        files.sort();
        files.push(self.path.clone());
        files
    }

    fn events(&self) -> Vec<u8> {
        self.files().iter().flat_map(|path| events_in(path)).collect()
    }
}

#[tokio::test]
async fn a_trail_goes_on_in_the_next_segment() {
    let world = World::of_four().await;
    let closed = [1, 3, 5].map(|first| world.closed(first));
    assert_eq!(world.files()[..3], closed);
    let summary = world.verify().await.expect("intact");
    assert_eq!(
        (
            summary.head.sequence,
            summary.segments,
            summary.earlier,
            summary.anchored
        ),
        (8, 4, 0, Some(8))
    );
    let trail = world.open().await;
    assert_eq!(trail.durable_sequence(), 8);
    trail.append(&record(9)).await.expect("appended");
    trail.rotate().await.expect("rotated");
    trail.append(&record(10)).await.expect("appended");
    trail.close();
    assert_eq!(world.events(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(events_in(&world.closed(7)), [7, 8, 9]);
    assert_eq!(world.verify().await.expect("intact").segments, 5);
}

#[tokio::test]
async fn a_segment_is_closed_when_it_is_large_or_old_and_never_empty() {
    let world = World::new().await;
    let trail = world.open().await;
    let small = Keeping {
        segment_size: 1,
        ..Keeping::default()
    };
    let old = Keeping {
        segment_age: Duration::from_secs(10),
        ..Keeping::default()
    };
    // The records' time, in seconds.
    let made = Duration::from_secs(1_700_000_000);
    assert!(!trail.rotate_if_due(&small, made).await.expect("asked"));
    trail.append(&record(1)).await.expect("appended");
    assert!(
        !trail
            .rotate_if_due(&old, made + Duration::from_secs(9))
            .await
            .expect("asked")
    );
    assert!(
        trail
            .rotate_if_due(&old, made + Duration::from_secs(10))
            .await
            .expect("asked")
    );
    assert!(
        !trail
            .rotate_if_due(&old, made + Duration::from_secs(99))
            .await
            .expect("asked")
    );
    trail.append(&record(2)).await.expect("appended");
    assert!(
        !trail
            .rotate_if_due(&old, made + Duration::from_secs(9))
            .await
            .expect("asked")
    );
    assert!(trail.rotate_if_due(&small, made).await.expect("asked"));
    trail.close();
    assert_eq!(world.files().len(), 3);
    assert_eq!(world.verify().await.expect("intact").head.sequence, 2);
}

/// Each state that a crash can leave while a segment is closed, made from the files before and after.
#[tokio::test]
async fn a_crash_at_any_step_of_closing_a_segment_loses_nothing() {
    type Crash = fn(&World, &[u8], &[u8]);
    let next = |world: &World| world.folder.path().join("trail.next");
    assert_eq!(next(&World::new().await).extension().expect("one"), "next");
    let steps: [(&str, Crash); 5] = [
        ("the next one is begun", |world, old, new| {
            fs::remove_file(world.closed(1)).expect("removed");
            fs::write(&world.path, old).expect("written");
            fs::write(world.folder.path().join("trail.next"), &new[..40]).expect("written");
        }),
        ("the next one is made", |world, old, new| {
            fs::remove_file(world.closed(1)).expect("removed");
            fs::write(&world.path, old).expect("written");
            fs::write(world.folder.path().join("trail.next"), new).expect("written");
        }),
        ("the old one has two names", |world, _, new| {
            fs::remove_file(&world.path).expect("removed");
            fs::hard_link(world.closed(1), &world.path).expect("linked");
            fs::write(world.folder.path().join("trail.next"), new).expect("written");
        }),
        ("the new one has its name", |_, _, _| ()),
        ("a batch of the new one is torn", |world, _, new| {
            fs::write(&world.path, [new, b"{\"eventVersion\":\"1.11\""].concat()).expect("written");
        }),
    ];
    for (step, crash) in steps {
        let world = World::new().await;
        let trail = world.open().await;
        trail.append(&record(1)).await.expect("appended");
        // What the store knows at the crash: the anchor before the new segment, and the new chain.
        let before = content(&world.path);
        trail.rotate().await.expect("rotated");
        trail.close();
        let (old, new) = (
            fs::read(world.closed(1)).expect("readable"),
            fs::read(&world.path).expect("readable"),
        );
        assert_eq!(old, before);
        crash(&world, &old, &new);
        let trail = world.open().await;
        trail.append(&record(2)).await.expect("appended");
        trail.rotate().await.expect("rotated");
        trail.append(&record(3)).await.expect("appended");
        trail.close();
        assert_eq!(world.events(), [1, 2, 3], "{step}");
        let summary = world.verify().await;
        assert!(summary.is_ok(), "{step}: {summary:?}");
        assert!(!next(&world).exists(), "{step}");
    }
}

/// What was promised before the anchor is looked for in the closed segment too.
#[tokio::test]
async fn a_closed_segment_that_was_cut_is_noticed_at_the_next_start() {
    let world = World::new().await;
    let trail = world.open().await;
    trail.append(&record(1)).await.expect("appended");
    trail.rotate().await.expect("rotated");
    trail.close();
    let closed = fs::read(world.closed(1)).expect("readable");
    fs::write(world.closed(1), &closed[..closed.len() - 1]).expect("written");
    assert!(matches!(
        world.try_open().await,
        Err(OpenError::Cut { anchored: 1, .. })
    ));
    fs::write(world.closed(1), &closed).expect("written");
    drop(world.open().await);
}

/// A segment that was put back, renamed, doubled, cut or continued is detected.
#[tokio::test]
async fn tampering_with_whole_segments_is_found() {
    type Change = fn(&World);
    type Is = fn(&VerifyError) -> bool;
    let cases: [(&str, Change, Is); 6] = [
        (
            "the open one replaced by the one before",
            |world| fs::rename(world.closed(5), &world.path).expect("moved"),
            |error| matches!(error, VerifyError::Cut { anchored: 8 }),
        ),
        (
            "renamed",
            |world| fs::rename(world.closed(3), world.closed(4)).expect("moved"),
            |error| matches!(error, VerifyError::Misplaced(_)),
        ),
        (
            "doubled",
            |world| assert!(fs::copy(world.closed(3), world.closed(4)).expect("copied") > 0),
            |error| matches!(error, VerifyError::Misplaced(_)),
        ),
        (
            "cut at a line",
            |world| {
                let content = fs::read(world.closed(3)).expect("readable");
                let lines: Vec<_> = content.split_inclusive(|byte| *byte == b'\n').collect();
                fs::write(world.closed(3), lines[..lines.len() - 2].concat()).expect("written");
            },
            |error| matches!(error, VerifyError::Removed { first: 4, last: 4, .. }),
        ),
        (
            "cut within a line",
            |world| {
                let content = fs::read(world.closed(3)).expect("readable");
                fs::write(world.closed(3), &content[..content.len() - 1]).expect("written");
            },
            |error| matches!(error, VerifyError::Unclosed { record: 3, .. }),
        ),
        (
            "continued",
            |world| {
                let content = [fs::read(world.closed(3)).expect("readable"), record(9).json().to_vec()].concat();
                fs::write(world.closed(3), content).expect("written");
            },
            |error| matches!(error, VerifyError::Unclosed { record: 4, .. }),
        ),
    ];
    for (name, change, expected) in cases {
        let world = World::of_four().await;
        change(&world);
        let found = world.verify().await.expect_err(name);
        assert!(expected(&found), "{name}: {found}");
    }
}

/// The file that a fault names.
fn named(fault: &VerifyError) -> Option<&Path> {
    match fault {
        VerifyError::Damaged { path, .. }
        | VerifyError::Unclosed { path, .. }
        | VerifyError::NotATrail(path)
        | VerifyError::Missing(path)
        | VerifyError::Misplaced(path) => Some(path),
        _ => None,
    }
}

/// Every bit of every line of every segment counts, chain lines and records alike, and the segment is named.
#[tokio::test]
async fn any_flipped_bit_of_any_segment_is_found_and_the_segment_named() {
    let world = World::of_four().await;
    let chains = Chains::load(&world.store).await.expect("read");
    for path in world.files() {
        let content = fs::read(&path).expect("readable");
        let mut lines = content.split_inclusive(|byte| *byte == b'\n');
        let last_line = content.len() - lines.next_back().expect("one").len();
        for position in 0..content.len() {
            let mut altered = content.clone();
            altered[position] ^= 1 << (position % 8);
            fs::write(&path, &altered).expect("written");
            let fault = verify(&world.path, &chains, |_| ()).expect_err("a change");
            // The last line of the open segment has no end or beginning or is none of a chain's: as if it were not there.
            let cut = path == world.path && matches!(fault, VerifyError::Cut { anchored: 8 });
            let right = named(&fault) == Some(&path) || (cut && position + 1 >= last_line);
            assert!(right, "byte {position} of {}: {fault}", path.display());
        }
        fs::write(&path, &content).expect("written");
    }
    world.verify().await.expect("intact");
}

/// Any two segments in each other's place, the open one among them; and each of them away.
#[tokio::test]
async fn segments_that_changed_places_or_went_are_found_and_named() {
    let world = World::of_four().await;
    let files = world.files();
    let content: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).expect("readable")).collect();
    for (one, other) in (0..4).flat_map(|one| (one + 1..4).map(move |other| (one, other))) {
        fs::write(&files[one], &content[other]).expect("written");
        fs::write(&files[other], &content[one]).expect("written");
        let fault = world.verify().await.expect_err("a change");
        assert_eq!(named(&fault), Some(&*files[one]), "{one} and {other}: {fault}");
        fs::write(&files[one], &content[one]).expect("written");
        fs::write(&files[other], &content[other]).expect("written");
    }
    for (gone, path) in files.iter().enumerate() {
        fs::remove_file(path).expect("removed");
        let fault = world.verify().await.expect_err("a change");
        let right = match (gone, &fault) {
            (3, VerifyError::Missing(_)) => named(&fault) == Some(path),
            (0..3, VerifyError::Removed { first, last, before }) => {
                let records = 2 * gone as u64;
                (*first, *last) == (records + 1, records + 2) && *before == files[gone + 1]
            }
            _ => false,
        };
        assert!(right, "{gone}: {fault}");
        fs::write(path, &content[gone]).expect("written");
    }
    world.verify().await.expect("intact");
}

#[tokio::test]
async fn what_need_not_be_kept_is_removed_and_that_is_known() {
    let world = World::of_four().await;
    let trail = world.open().await;
    let all: u64 = world.files().iter().map(|path| content(path).len() as u64).sum();
    let by_size = |most| Keeping {
        size: Some(most),
        ..Keeping::default()
    };
    let never = |_| panic!("nothing is kept for a time");
    assert_eq!(trail.expire(&by_size(all), never).await.expect("asked"), 0);
    assert_eq!(trail.expire(&by_size(all - 1), never).await.expect("removed"), 2);
    assert!(!world.closed(1).exists());
    let summary = world.verify().await.expect("intact");
    assert_eq!((summary.earlier, summary.head.sequence, summary.segments), (2, 8, 3));

    let by_age = Keeping {
        age: Some(Duration::from_mins(1)),
        ..Keeping::default()
    };
    // The clock is not believed: nothing is removed.
    assert_eq!(trail.expire(&by_age, |_| false).await.expect("asked"), 0);
    let written = fs::metadata(world.closed(3))
        .expect("there")
        .modified()
        .expect("a time");
    let due = written.duration_since(std::time::UNIX_EPOCH).expect("now") + Duration::from_mins(1);
    assert_eq!(trail.expire(&by_age, |until| until <= due).await.expect("removed"), 2);
    // The open segment is never removed.
    assert_eq!(trail.expire(&by_age, |_| true).await.expect("removed"), 2);
    assert_eq!(trail.expire(&by_size(0), never).await.expect("asked"), 0);
    assert_eq!(world.events(), [7, 8]);
    trail.append(&record(9)).await.expect("appended");
    trail.close();
    let summary = world.verify().await.expect("intact");
    assert_eq!((summary.earlier, summary.head.sequence, summary.segments), (6, 9, 1));
    drop(world.open().await);
}

/// What somebody is still to get is kept twice as long, and up to twice the size, and no longer.
#[tokio::test]
async fn what_is_still_to_be_delivered_is_kept_longer_but_not_for_ever() {
    let world = World::of_four().await;
    let trail = world.open().await;
    let all: u64 = world.files().iter().map(|path| content(path).len() as u64).sum();
    let by_size = |most| Keeping {
        size: Some(most),
        ..Keeping::default()
    };
    let never = |_| panic!("nothing is kept for a time");
    // One segment is too much.
    let tight = by_size(all - 1);
    for awaited in [1, 2] {
        let removed = trail.expire_delivered(&tight, awaited, never).await.expect("asked");
        assert_eq!(removed, None, "record {awaited} is in it");
    }
    let removed = trail.expire_delivered(&tight, 3, never).await.expect("removed");
    assert_eq!(removed, Some(Removed { records: 2, next: 3 }));

    let modified = fs::metadata(world.closed(3)).expect("there").modified();
    let written = modified.expect("a time").duration_since(std::time::UNIX_EPOCH);
    let written = written.expect("now");
    let by_age = Keeping {
        age: Some(Duration::from_mins(1)),
        ..Keeping::default()
    };
    let in_minutes = |number: u64| move |until: Duration| until <= written + Duration::from_mins(number);
    let removed = trail.expire_delivered(&by_age, 4, in_minutes(1)).await;
    assert_eq!(removed.expect("asked"), None);
    let removed = trail.expire_delivered(&by_age, 4, in_minutes(2)).await;
    assert!(removed.expect("removed").is_some_and(|removed| removed.next >= 5));
    // The disk is not given up for it.
    let removed = trail.expire_delivered(&by_size(1), 1, never).await.expect("removed");
    assert_eq!(removed.map(|removed| removed.next), Some(7));
    trail.close();
    world.verify().await.expect("intact");
}

/// Removing was told to the store and not done, or not all of it.
#[tokio::test]
async fn a_crash_while_the_oldest_are_removed_is_no_fault() {
    let world = World::of_four().await;
    let kept: Vec<_> = [1, 3, 5]
        .map(|first| (world.closed(first), fs::read(world.closed(first))))
        .into();
    let trail = world.open().await;
    let all = Keeping {
        size: Some(0),
        ..Keeping::default()
    };
    assert_eq!(trail.expire(&all, |_| false).await.expect("removed"), 6);
    trail.close();
    // What is left if the removal did not come to its end, in whichever order the disk took it.
    for left in [&kept[2..], &kept[1..], &kept[..1], &kept[..]] {
        for (path, content) in &kept {
            drop(fs::remove_file(path));
            if left.iter().any(|(of, _)| of == path) {
                fs::write(path, content.as_ref().expect("readable")).expect("written");
            }
        }
        world.verify().await.expect("no fault");
    }
    let (path, content) = &kept[2];
    let content = content.as_ref().expect("readable");
    fs::write(path, &content[..content.len() - 1]).expect("written");
    world.verify().await.expect_err("a fault in what is there is one");
    let trail = world.open().await;
    assert_eq!(trail.expire(&all, |_| false).await.expect("removed"), 6);
    trail.close();
    world.verify().await.expect("intact");
    fs::remove_file(&world.path).expect("removed");
    assert!(world.verify().await.is_err());
}
