//! Looking into what was recorded, through segments with and without their indexes.

use std::{fs, ops::ControlFlow, path::PathBuf};

use tempfile::TempDir;
use trent_audit::{
    Attribute, Event, EventId, EventType, History, IdentifiedPrincipal, MemoryLog, Mode, Query, Rendered, Resource,
    Trail, UserIdentity,
};
use trent_names::AccountId;
use uuid::Uuid;

use crate::world::{region, store};

const KEYS: [&str; 3] = ["1111", "2222", "3333"];
const USERS: [&str; 2] = ["ana", "ben"];
const NAMES: [&str; 3] = ["Encrypt", "Decrypt", "DisableKey"];

fn key_arn(key: &str) -> String {
    format!("arn:aws:kms:eu-central-1:111122223333:key/{key}")
}

fn user_arn(user: &str) -> String {
    format!("arn:aws:iam::111122223333:user/{user}")
}

fn of<'a>(all: &[&'a str], number: u64) -> &'a str {
    all[usize::try_from(number).expect("small") % all.len()]
}

fn account(number: u64) -> AccountId {
    AccountId::parse(of(&["111122223333", "444455556666"], number / 7)).expect("an account")
}

/// The record of this number: keys, users, operations and accounts come by turns.
fn record(number: u64) -> Rendered {
    let account = account(number);
    let arn = key_arn(of(&KEYS, number));
    let resources = [Resource {
        account: &account,
        arn: &arn,
    }];
    Event {
        id: EventId::from_bytes(u128::from(number).to_be_bytes()),
        request_id: Some(Uuid::from_u128(u128::from(number) << 64)),
        event_type: EventType::ApiCall,
        time_millis: 1_700_000_000_000 + i64::try_from(number).expect("small") * 1000,
        identity: &UserIdentity::principal(&IdentifiedPrincipal {
            kind: "IAMUser",
            principal_id: "AIDA",
            arn: &user_arn(of(&USERS, number)),
            account: &account,
            access_key_id: "AKIAIOSFODNN7EXAMPLE",
            user_name: Some(of(&USERS, number)),
            session: None,
        }),
        source: "kms.amazonaws.com",
        name: of(&NAMES, number),
        region: &region(),
        source_ip: Some("203.0.113.7".parse().expect("an address")),
        calling_service: None,
        vpc_endpoint: None,
        tls: None,
        // A value that another attribute has, where nobody looks for it.
        user_agent: "Decrypt ben",
        failure: None,
        request_parameters: None,
        response_elements: None,
        additional_event_data: None,
        read_only: of(&NAMES, number) != "DisableKey",
        resources: if number.is_multiple_of(5) { &[] } else { &resources },
        recipient: Some(&account),
        shared: None,
        for_operator: None,
    }
    .render()
}

struct World {
    folder: TempDir,
    trail: Trail,
}

const RECORDS: u64 = 4000;

impl World {
    /// Four segments of a thousand records, the last one open.
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store().await;
        let opened = Trail::open(&folder.path().join("trail.jsonl"), Mode::buffered(), &store).await;
        let trail = opened.expect("opened").trail;
        for number in 1..=RECORDS {
            trail.append(&record(number)).await.expect("appended");
            if number % 1000 == 0 && number < RECORDS {
                trail.flush().await.expect("flushed");
                trail.rotate().await.expect("rotated");
            }
        }
        trail.flush().await.expect("flushed");
        Self { folder, trail }
    }

    fn indexes(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("listed");
        let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        found.retain(|path| path.extension().is_some_and(|ending| ending == "index"));
        found.sort();
        found
    }
}

fn numbers(history: &History, query: &Query) -> Vec<u64> {
    let mut found = Vec::new();
    let walked = history.walk(query, &mut |record| {
        let id = Uuid::try_parse(record.record.event_id()).expect("an id").as_u128();
        assert_eq!(u128::from(record.sequence), id & u128::from(u32::MAX));
        found.push(record.sequence);
        ControlFlow::Continue(())
    });
    walked.expect("read");
    found
}

fn wanted(pairs: &[(Attribute, &str)]) -> Query {
    Query {
        wanted: pairs
            .iter()
            .map(|(attribute, value)| (*attribute, (*value).to_owned()))
            .collect(),
        ..Query::default()
    }
}

/// Whether the record of a number is to be found.
type Expected = Box<dyn Fn(u64) -> bool>;

/// Queries, and which records they are to find.
fn cases() -> Vec<(Query, Expected)> {
    let place = Attribute::place("111122223333", "eu-central-1");
    let key = key_arn("2222");
    vec![
        (Query::default(), Box::new(|_| true)),
        (wanted(&[(Attribute::Username, "ben")]), Box::new(|n| n % 2 == 1)),
        (
            wanted(&[(Attribute::Principal, &user_arn("ana"))]),
            Box::new(|n| n % 2 == 0),
        ),
        (wanted(&[(Attribute::EventName, "Decrypt")]), Box::new(|n| n % 3 == 1)),
        (wanted(&[(Attribute::ReadOnly, "false")]), Box::new(|n| n % 3 == 2)),
        (
            wanted(&[(Attribute::ResourceName, &key)]),
            Box::new(|n| n % 3 == 1 && n % 5 > 0),
        ),
        (
            wanted(&[(Attribute::ResourceName, "2222")]),
            Box::new(|n| n % 3 == 1 && n % 5 > 0),
        ),
        (
            wanted(&[(Attribute::ResourceType, "AWS::KMS::Key")]),
            Box::new(|n| n % 5 > 0),
        ),
        (
            wanted(&[(Attribute::EventSource, "kms.amazonaws.com")]),
            Box::new(|_| true),
        ),
        (
            wanted(&[(Attribute::AccessKeyId, "AKIAIOSFODNN7EXAMPLE")]),
            Box::new(|_| true),
        ),
        (wanted(&[(Attribute::AccessKeyId, "AKIA")]), Box::new(|_| false)),
        (
            wanted(&[(Attribute::EventId, "00000000-0000-0000-0000-0000000007d1")]),
            Box::new(|n| n == 2001),
        ),
        (
            wanted(&[(Attribute::RequestId, "00000000-0000-07d1-0000-000000000000")]),
            Box::new(|n| n == 2001),
        ),
        (wanted(&[(Attribute::Place, &place)]), Box::new(|n| n / 7 % 2 == 0)),
        (
            wanted(&[(Attribute::Place, &place), (Attribute::EventName, "Encrypt")]),
            Box::new(|n| n / 7 % 2 == 0 && n % 3 == 0),
        ),
        (
            Query {
                from: 1_700_000_000 + 990,
                to: 1_700_000_000 + 2010,
                ..wanted(&[(Attribute::Username, "ben")])
            },
            Box::new(|n| n % 2 == 1 && (990..=2010).contains(&n)),
        ),
        (
            Query {
                after: 1500,
                before: 3100,
                ..wanted(&[(Attribute::EventName, "Encrypt")])
            },
            Box::new(|n| n % 3 == 0 && (1501..3100).contains(&n)),
        ),
        (
            Query {
                to: 1_700_000_000,
                ..Query::default()
            },
            Box::new(|_| false),
        ),
    ]
}

fn check(history: &History, last: u64, state: &str) {
    for (query, expected) in cases() {
        let expected: Vec<u64> = (1..=last).rev().filter(|number| expected(*number)).collect();
        assert_eq!(numbers(history, &query), expected, "{state}: {query:?}");
        let page: Vec<u64> = history
            .latest(&query, 50)
            .expect("read")
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        assert_eq!(page, expected[..expected.len().min(50)], "{state}: {query:?}");
    }
}

#[tokio::test]
async fn every_record_that_fits_is_found_whatever_became_of_the_indexes() {
    let world = World::new().await;
    let history = world.trail.history();
    check(history, RECORDS, "made on demand");
    assert_eq!(world.indexes().len(), 3);
    check(history, RECORDS, "there");

    fs::remove_file(&world.indexes()[1]).expect("removed");
    check(history, RECORDS, "one missing");
    let (first, second) = (&world.indexes()[0], &world.indexes()[1]);
    fs::copy(first, second).expect("copied");
    check(history, RECORDS, "one of another segment");
    assert_ne!(fs::read(first).expect("readable"), fs::read(second).expect("readable"));
    fs::write(first, "").expect("written");
    check(history, RECORDS, "one empty");

    world.trail.append(&record(RECORDS + 1)).await.expect("appended");
    world.trail.flush().await.expect("flushed");
    check(history, RECORDS + 1, "one more");
    world.trail.rotate().await.expect("rotated");
    check(history, RECORDS + 1, "closed");
    assert_eq!(world.indexes().len(), 4);
    world.trail.append(&record(RECORDS + 2)).await.expect("appended");
    world.trail.flush().await.expect("flushed");
    check(history, RECORDS + 2, "in the next");
}

/// An index is not believed: each damage of it is found when it is read, and the index is made again.
#[tokio::test]
async fn a_damaged_index_hides_nothing() {
    let world = World::new().await;
    let history = world.trail.history();
    while history.index().expect("indexed") {}
    let path = world.indexes().remove(1);
    let whole = fs::read(&path).expect("readable");
    for position in (0..whole.len()).step_by(whole.len() / 200) {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x10;
        fs::write(&path, &damaged).expect("written");
        let query = Query {
            after: 1000,
            before: 2001,
            ..wanted(&[(Attribute::ResourceName, "2222"), (Attribute::Username, "ben")])
        };
        let expected: Vec<u64> = (1001..=2000)
            .rev()
            .filter(|n| n % 3 == 1 && n % 5 > 0 && n % 2 == 1)
            .collect();
        assert_eq!(numbers(history, &query), expected, "byte {position}");
        let request = Uuid::from_u128(1234 << 64);
        assert!(history.of_request(&request).expect("read").is_some(), "byte {position}");
    }
}

#[tokio::test]
async fn the_record_of_a_request_is_found_by_its_own_id_and_no_other() {
    let world = World::new().await;
    let found = world
        .trail
        .history()
        .of_request(&Uuid::from_u128(17 << 64))
        .expect("read");
    assert_eq!(found.as_deref(), Some(record(17).json()));
    assert_eq!(
        world.trail.history().of_request(&Uuid::from_u128(17)).expect("read"),
        None
    );
}

#[tokio::test]
async fn records_that_are_no_longer_kept_are_not_found() {
    let world = World::new().await;
    let history = world.trail.history();
    while history.index().expect("indexed") {}
    assert_eq!(history.first().expect("read"), 1);
    let keeping = trent_audit::Keeping {
        size: Some(1),
        ..trent_audit::Keeping::default()
    };
    assert_eq!(world.trail.expire(&keeping, |_| false).await.expect("removed"), 3000);
    assert_eq!(world.indexes(), Vec::<PathBuf>::new());
    assert_eq!(history.first().expect("read"), 3001);
    let found = numbers(history, &Query::default());
    assert_eq!((found.len(), found.last()), (1000, Some(&3001)));
}

#[tokio::test]
async fn a_trail_in_memory_is_looked_into_as_well() {
    let trail = Trail::in_memory(MemoryLog::new(16 << 20));
    for number in 1..=100 {
        trail.append(&record(number)).await.expect("appended");
    }
    check(trail.history(), 100, "in memory");
    let small = Trail::in_memory(MemoryLog::new(8192));
    for number in 1..=100 {
        small.append(&record(number)).await.expect("appended");
    }
    let found = numbers(small.history(), &Query::default());
    let expected: Vec<u64> = (small.history().first().expect("read")..=100).rev().collect();
    assert!(found.len() > 2 && found.len() < 20);
    assert_eq!(found, expected);
}
