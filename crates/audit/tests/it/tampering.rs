//! Whoever can write the file and not open the store can change nothing in it unnoticed.

use std::{fs, ops::Range, path::Path};

use trent_audit::{Chains, Files, LineError, Mode, Trail, VerifyError, verify, verify_after};
use trent_store::Sealed;

use crate::world::{record, store};

/// Lines, each with its break.
type Lines = Vec<Vec<u8>>;

/// A file of three chains, anchored at its end. Its lines:
///
/// ```text
/// 0 header   1 record 2 record 3 batch   4 record 5 batch
/// 6 header   7 record 8 batch   9 record 10 record 11 batch
/// 12 header  13 record 14 batch
/// ```
async fn three_chains(path: &Path, store: &Sealed, first: u8) -> Lines {
    let mut number = first;
    for batches in [[2, 1].as_slice(), &[1, 2], &[1]] {
        let opened = Trail::open(path, Mode::buffered(), store).await;
        let trail = opened.expect("opened").trail;
        for records in batches {
            for _ in 0..*records {
                trail.append(&record(number)).await.expect("appended");
                number += 1;
            }
            trail.flush().await.expect("flushed");
        }
        trail.anchor().await.expect("anchored");
        trail.close();
    }
    lines_of(&fs::read(path).expect("readable"))
}

fn lines_of(content: &[u8]) -> Lines {
    content
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

/// What a change of the lines has to be answered with: the line that is named, counted from 1, and why.
enum Found {
    At(u64, fn(&LineError) -> bool),
    Cut,
    NoTrail,
}
use Found::{At, Cut, NoTrail};

fn altered(error: &LineError) -> bool {
    *error == LineError::Altered
}
fn miscounted(error: &LineError) -> bool {
    *error == LineError::Miscounted
}
fn unlinked(error: &LineError) -> bool {
    *error == LineError::Unlinked
}
fn foreign(error: &LineError) -> bool {
    *error == LineError::Foreign
}
fn malformed(error: &LineError) -> bool {
    *error == LineError::Malformed
}

/// Puts the lines of these numbers into a file of their own.
fn only(numbers: impl IntoIterator<Item = usize>) -> impl Fn(&Lines) -> Lines {
    let numbers: Vec<usize> = numbers.into_iter().collect();
    move |lines| numbers.iter().map(|number| lines[*number].clone()).collect()
}

fn text(line: &[u8]) -> &str {
    std::str::from_utf8(line).expect("text")
}

fn replaced(lines: &Lines, line: usize, from: &str, to: &str) -> Lines {
    let mut changed = lines.clone();
    assert!(text(&lines[line]).contains(from), "{}", text(&lines[line]));
    changed[line] = text(&lines[line]).replacen(from, to, 1).into_bytes();
    changed
}

/// A change of a file's lines.
type Change = Box<dyn Fn(&Lines) -> Lines>;

/// What is done, and what it has to be answered with.
type Cases = Vec<(&'static str, Change, Found)>;

/// The same with a line put in at a place.
fn with(at: usize, line: &[u8]) -> Change {
    let line = line.to_vec();
    Box::new(move |lines| {
        let mut changed = lines.clone();
        changed.insert(at, line.clone());
        changed
    })
}

fn with_records_changed(lines: &Lines) -> Cases {
    let forged = record(99);
    let forged = [forged.json(), b"\n"].concat();
    vec![
        (
            "a record dropped",
            Box::new(only((0..15).filter(|n| *n != 7))),
            At(8, miscounted),
        ),
        (
            "a record of two dropped",
            Box::new(only((0..15).filter(|n| *n != 10))),
            At(11, miscounted),
        ),
        ("a record doubled", with(7, &lines[7]), At(10, miscounted)),
        ("a record added", with(7, &forged), At(10, miscounted)),
        (
            "records swapped",
            Box::new(only([0, 2, 1].into_iter().chain(3..15))),
            At(4, altered),
        ),
        (
            "a record put for another",
            Box::new(only([0, 4, 2].into_iter().chain(3..15))),
            At(4, altered),
        ),
        (
            "a record moved to the next batch",
            Box::new(only([0, 1, 3, 2].into_iter().chain(4..15))),
            At(3, miscounted),
        ),
    ]
}

fn with_batches_and_chains_changed() -> Cases {
    vec![
        (
            "a batch dropped",
            Box::new(only((0..15).filter(|n| !(1..4).contains(n)))),
            At(3, unlinked),
        ),
        (
            "a batch's line dropped",
            Box::new(only((0..15).filter(|n| *n != 3))),
            At(5, unlinked),
        ),
        (
            "a chain's last batch dropped",
            Box::new(only((0..15).filter(|n| !(4..6).contains(n)))),
            At(5, unlinked),
        ),
        ("a batch doubled", Box::new(only((0..6).chain(4..15))), At(8, unlinked)),
        (
            "batches swapped",
            Box::new(only([0, 4, 5, 1, 2, 3].into_iter().chain(6..15))),
            At(3, unlinked),
        ),
        ("the first chain dropped", Box::new(only(6..15)), At(1, unlinked)),
        ("a chain dropped", Box::new(only((0..6).chain(12..15))), At(7, unlinked)),
        (
            "a chain doubled",
            Box::new(only((0..12).chain(6..15))),
            At(13, unlinked),
        ),
        (
            "chains swapped",
            Box::new(only((0..6).chain(12..15).chain(6..12))),
            At(7, unlinked),
        ),
        (
            "a header dropped",
            Box::new(only((0..15).filter(|n| *n != 6))),
            At(8, foreign),
        ),
        ("the first header dropped", Box::new(only(1..15)), NoTrail),
        (
            "a header before a batch's end",
            Box::new(only([0, 1, 2, 6].into_iter().chain(7..15))),
            At(4, miscounted),
        ),
        (
            "a hole in the middle",
            Box::new(|lines| {
                let mut content = lines.concat();
                let from = lines[..4].concat().len() + 20;
                content.drain(from..lines[..9].concat().len() + 20);
                lines_of(&content)
            }),
            At(7, foreign),
        ),
        ("the last chain cut off", Box::new(only(0..12)), Cut),
        ("the last batch cut off", Box::new(only(0..13)), Cut),
        ("the last batch's line cut off", Box::new(only(0..14)), Cut),
        ("everything cut off", Box::new(only([])), Cut),
    ]
}

/// `others` are the lines of another file.
fn with_parts_of_another_file(others: &Lines) -> Cases {
    let spliced = |own: Range<usize>, other: Range<usize>, rest: Range<usize>| -> Change {
        let others = others.clone();
        Box::new(move |lines| [&lines[own.clone()], &others[other.clone()], &lines[rest.clone()]].concat())
    };
    vec![
        ("a batch of another file", spliced(0..1, 1..4, 4..15), At(4, foreign)),
        ("a record of another file", spliced(0..1, 1..2, 2..15), At(4, altered)),
        ("a chain of another file", spliced(0..6, 6..12, 12..15), At(7, foreign)),
        (
            "a chain of another file at the end",
            spliced(0..15, 6..12, 15..15),
            At(16, foreign),
        ),
        ("another file's beginning", spliced(0..0, 0..6, 6..15), At(7, foreign)),
        ("another file's end", spliced(0..12, 12..15, 15..15), At(13, foreign)),
        (
            "another file's batch at the end",
            spliced(0..15, 13..15, 15..15),
            At(17, foreign),
        ),
    ]
}

/// The same line with another value of a member, of the same form: one digit of it is another.
fn with_another(line: &[u8], member: &str) -> Vec<u8> {
    let name = format!("\"{member}\":");
    let value = text(line).find(&name).expect("the line has the member") + name.len();
    let digit = value + usize::from(line[value] == b'"');
    let mut changed = line.to_vec();
    changed[digit] = if line[digit] == b'1' { b'2' } else { b'1' };
    changed
}

/// Every member of each kind of a chain's line: the first header of a file, a later one, and a batch line.
fn with_each_member_changed() -> Cases {
    type Is = fn(&LineError) -> bool;
    type Kind<'a> = (&'a [usize], &'a [(&'static str, Is)]);
    let unknown: Is = |error| matches!(error, LineError::UnknownChain(_));
    let first: [(&str, Is); 6] = [
        ("id", unlinked),
        ("chain", unlinked),
        ("sequence", altered),
        ("after", altered),
        ("attempt", altered),
        ("mac", altered),
    ];
    let later: [(&str, Is); 7] = [
        ("trail", malformed),
        ("id", foreign),
        ("chain", unknown),
        ("sequence", unlinked),
        ("after", unlinked),
        ("attempt", altered),
        ("mac", altered),
    ];
    let batch: [(&str, Is); 8] = [
        ("batch", unlinked),
        ("chain", foreign),
        ("records", miscounted),
        ("bytes", miscounted),
        ("last", miscounted),
        ("after", unlinked),
        ("attempt", altered),
        ("mac", altered),
    ];
    let kinds: [Kind<'_>; 3] = [(&[0], &first), (&[6, 12], &later), (&[3, 5, 8, 11, 14], &batch)];
    let mut cases: Cases = Vec::new();
    for (lines, members) in kinds {
        for line in lines.iter().copied() {
            for (member, is) in members.iter().copied() {
                let change: Change = Box::new(move |lines: &Lines| {
                    let mut changed = lines.clone();
                    changed[line] = with_another(&lines[line], member);
                    changed
                });
                cases.push((member, change, At(line as u64 + 1, is)));
            }
        }
    }
    cases.push((
        "trail",
        Box::new(|l| replaced(l, 0, "\"trail\":1", "\"trail\":2")),
        NoTrail,
    ));
    cases
}

fn with_members_in_another_form() -> Cases {
    vec![
        (
            "spaces in a batch line",
            Box::new(|l: &Lines| replaced(l, 5, "\"batch\":2", "\"batch\": 2")),
            At(6, malformed),
        ),
        (
            "a member twice",
            Box::new(|l: &Lines| replaced(l, 5, "\"batch\":2", "\"batch\":2,\"batch\":2")),
            At(6, malformed),
        ),
        (
            "a mac in capitals",
            Box::new(|l: &Lines| {
                let line = text(&l[5]);
                let mac = &line[line.len() - 35..line.len() - 3];
                replaced(l, 5, mac, &mac.to_uppercase())
            }),
            At(6, malformed),
        ),
    ]
}

#[tokio::test]
async fn every_kind_of_tampering_is_refused_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store().await;
    let (path, aside) = (folder.path().join("trail.jsonl"), folder.path().join("aside.jsonl"));
    // Another file of the same store, whose chains are known too.
    let others = three_chains(&path, &store, 101).await;
    fs::rename(&path, &aside).expect("moved");
    let lines = three_chains(&path, &store, 1).await;
    assert_eq!(lines.len(), 15);
    let chains = Chains::load(&store).await.expect("read");
    // The other file's seven records come before, and are not there any more.
    let verify = |path| verify_after(Files::of(path).expect("there"), &chains, 7, |_| ());
    assert_eq!(verify(&path).expect("intact").anchored, Some(14));
    assert!(matches!(verify(&aside), Err(VerifyError::Cut { anchored: 14 })));

    let cases = with_records_changed(&lines)
        .into_iter()
        .chain(with_batches_and_chains_changed())
        .chain(with_parts_of_another_file(&others))
        .chain(with_each_member_changed())
        .chain(with_members_in_another_form());
    for (name, change, expected) in cases {
        let changed = change(&lines);
        assert_ne!(changed, lines, "{name}");
        fs::write(&path, changed.concat()).expect("written");
        let found = verify(&path);
        let right = match (&expected, &found) {
            (At(at, is), Err(VerifyError::Damaged { line, reason, .. })) => line == at && is(reason),
            (Cut, Err(VerifyError::Cut { anchored: 14 })) | (NoTrail, Err(VerifyError::NotATrail(_))) => true,
            _ => false,
        };
        assert!(right, "{name}: {found:?}");
    }
}

/// The chain lines of a file: where each ends, and the number of the last record by then.
fn chain_lines(content: &[u8]) -> Vec<(usize, u64)> {
    let mut end = 0;
    let mut found = Vec::new();
    for line in lines_of(content) {
        end += line.len();
        let line: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        let sequence = if line["batch"].is_u64() {
            &line["last"]
        } else {
            &line["sequence"]
        };
        found.extend(sequence.as_u64().map(|sequence| (end, sequence)));
    }
    found
}

/// Nothing before the byte is blamed, and nothing that is right by then is doubted: the line that is named is of the batch
/// or header with the byte, or the chain's next line if that does not end there any more.
#[tokio::test]
async fn any_flipped_bit_of_any_line_is_found_and_its_place_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, store) = (folder.path().join("trail.jsonl"), store().await);
    let content = three_chains(&path, &store, 1).await.concat();
    let ends = chain_lines(&content);
    assert_eq!(ends.len(), 8);
    let last_line = content.len() - lines_of(&content).last().expect("one").len();
    let chains = Chains::load(&store).await.expect("read");
    let flips = (0..content.len()).flat_map(|position| [(position, 1 << (position % 8)), (position, 0x20)]);
    for (position, flip) in flips {
        let mut altered = content.clone();
        altered[position] ^= flip;
        fs::write(&path, &altered).expect("written");
        let found = verify(&path, &chains, |_| ()).expect_err("a change");
        let within = ends.iter().position(|(end, _)| position < *end).expect("a line");
        let (start, right) = within.checked_sub(1).map_or((0, 0), |before| ends[before]);
        let last = ends.get(within + 1).map_or(content.len(), |(end, _)| *end);
        let named = match found {
            VerifyError::Damaged {
                path: of,
                offset,
                record,
                ..
            } => of == path && record == right && (start as u64..last as u64).contains(&offset),
            // The file's first line is none of a trail's.
            VerifyError::NotATrail(of) => of == path && within == 0,
            // The last line has no end or beginning, or is none of a chain's any more: it is as if it were not there.
            VerifyError::Cut { anchored } => anchored == 7 && position + 1 >= last_line,
            _ => false,
        };
        assert!(named, "byte {position} of {}, ^ {flip:#x}", content.len());
    }
}

/// The keys of a chain are not in its file: with another store's, nothing of it verifies.
#[tokio::test]
async fn a_chain_made_without_the_store_is_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trail.jsonl");
    three_chains(&path, &store().await, 1).await;
    let own = store().await;
    three_chains(&folder.path().join("own.jsonl"), &own, 1).await;
    let chains = Chains::load(&own).await.expect("read");
    assert!(matches!(
        verify(&path, &chains, |_| ()),
        Err(VerifyError::Damaged {
            line: 1,
            reason: LineError::UnknownChain(_),
            ..
        })
    ));
}
