//! How much keys were used, told by the values of a tag: what their use is charged to.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use serde::Deserialize;
use serde_json::json;
use trent_audit::{About, Query, Recorded};

use super::{covered, cryptographic, print_covered};
use crate::Failure;
use crate::cli::audit::UsageArguments;
use crate::commands::audit::history;
use crate::config::Config;
use crate::operator_client::{self, OperatorError};

/// How many keys the server is asked about at once.
const AT_ONCE: usize = 1000;

/// How much one key was used, or all that have the same value.
#[derive(Clone, Copy, Default)]
struct Use {
    /// Calls that used key material.
    uses: u64,
    /// Calls that managed keys.
    management: u64,
    /// Calls of both kinds that were refused or failed.
    failed: u64,
    dry_runs: u64,
}

impl Use {
    fn count(&mut self, record: &Recorded<'_>, cryptographic: &HashSet<String>) {
        let part = match (record.is_dry_run(), record.error_code()) {
            (true, _) => &mut self.dry_runs,
            (false, Some(_)) => &mut self.failed,
            (false, None) if cryptographic.contains(record.event_name()) => &mut self.uses,
            (false, None) => &mut self.management,
        };
        *part += 1;
    }

    fn add(&mut self, other: Self) {
        self.uses += other.uses;
        self.management += other.management;
        self.failed += other.failed;
        self.dry_runs += other.dry_runs;
    }
}

/// What keys are told apart by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Value(String),
    WithoutTag,
    /// Keys that are no longer there, nor are their tags.
    Deleted,
}

/// Keys with the same value.
#[derive(Default)]
struct Group {
    keys: u64,
    sum: Use,
}

/// What the server answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TaggedKeys {
    keys: Vec<TaggedKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TaggedKey {
    key: String,
    tag_value: Option<String>,
}

pub(super) fn tell(config: &Config, tag: &str, arguments: &UsageArguments) -> Result<(), Failure> {
    let history = history(config)?;
    let query = Query {
        from: arguments.from.unwrap_or(0),
        to: arguments.to.unwrap_or(u64::MAX),
        ..Query::default()
    };
    let cryptographic = cryptographic();
    let mut by_key: BTreeMap<String, Use> = BTreeMap::new();
    history.walk(&query, &mut |found| {
        let keys = found.record.resources().iter().filter(|about| about.key_id().is_some());
        // Another account's use is in its own record, and in the copy of the key's owner.
        for key in keys.filter(|_| !found.record.is_copy()).map(About::arn) {
            match by_key.get_mut(key) {
                Some(counted) => counted.count(found.record, &cryptographic),
                None => by_key
                    .entry(key.to_owned())
                    .or_default()
                    .count(found.record, &cryptographic),
            }
        }
        ControlFlow::Continue(())
    })?;
    let groups = grouped(config, tag, by_key)?;
    let covered = covered(&history)?;
    if arguments.json {
        let groups: Vec<_> = groups.iter().map(|(kind, group)| data(kind, group)).collect();
        println!("{}", json!({"TagKey": tag, "RecordsSince": covered, "Groups": groups}));
        return Ok(());
    }
    print_covered(covered.as_deref());
    println!("\nBy the tag {tag}, as keys have it now:");
    for (kind, Group { keys, sum }) in &groups {
        println!(
            "  {}: {keys} keys, {} uses, {} calls of management, {} failed, {} dry runs",
            words(kind),
            sum.uses,
            sum.management,
            sum.failed,
            sum.dry_runs
        );
    }
    if groups.is_empty() {
        println!("  no key was used");
    }
    Ok(())
}

/// Asks the server which values the keys have.
fn grouped(config: &Config, tag: &str, by_key: BTreeMap<String, Use>) -> Result<BTreeMap<Kind, Group>, Failure> {
    let mut values = BTreeMap::new();
    let keys: Vec<&String> = by_key.keys().collect();
    for keys in keys.chunks(AT_ONCE) {
        let input = json!({"TagKey": tag, "Keys": keys});
        let answer = operator_client::call(&config.operator_socket, "TagValues", &input)?;
        let answer: TaggedKeys =
            serde_json::from_value(answer).map_err(|error| OperatorError::NotUnderstood(error.to_string()))?;
        values.extend(answer.keys.into_iter().map(|key| (key.key, key.tag_value)));
    }
    let mut groups: BTreeMap<Kind, Group> = BTreeMap::new();
    for (key, counted) in by_key {
        let kind = match values.remove(&key) {
            Some(Some(value)) => Kind::Value(value),
            Some(None) => Kind::WithoutTag,
            None => Kind::Deleted,
        };
        let group = groups.entry(kind).or_default();
        group.keys += 1;
        group.sum.add(counted);
    }
    Ok(groups)
}

fn data(kind: &Kind, Group { keys, sum }: &Group) -> serde_json::Value {
    let value = match kind {
        Kind::Value(value) => Some(value),
        Kind::WithoutTag | Kind::Deleted => None,
    };
    json!({
        "TagValue": value,
        "KeysDeleted": *kind == Kind::Deleted,
        "Keys": keys,
        "Uses": sum.uses,
        "Management": sum.management,
        "Failed": sum.failed,
        "DryRuns": sum.dry_runs,
    })
}

fn words(kind: &Kind) -> String {
    match kind {
        Kind::Value(value) => format!("{value:?}"),
        Kind::WithoutTag => "without the tag".to_owned(),
        Kind::Deleted => "no longer there".to_owned(),
    }
}
