//! `trent audit usage`: who used a key for what, how often and when last, as far as records reach.

mod by_tag;

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::json;
use trent_audit::{Attribute, History, Query, Recorded};
use trent_kms::actions::actions;

use super::history;
use crate::Failure;
use crate::cli::audit::UsageArguments;
use crate::config::Config;

/// What one principal did in one way.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Use {
    principal: String,
    /// The service that called for the principal, or for itself.
    service: Option<String>,
    /// Of several, if it is a multi-Region key.
    region: String,
    operation: String,
    /// Calls that were carried out.
    count: u64,
    /// Calls that were refused or failed.
    failed: u64,
    first: String,
    last: String,
    /// The encryption context of the last one.
    last_encryption_context: BTreeMap<String, String>,
}

/// What tells uses apart: principal, service, Region, operation.
type Kind = (String, Option<String>, String, String);

/// The uses of a key.
#[derive(Default)]
struct Usage {
    uses: BTreeMap<Kind, Use>,
    dry_runs: u64,
}

impl Usage {
    /// Counts a record; they come the latest first.
    fn count(&mut self, record: &Recorded<'_>) {
        if record.is_dry_run() {
            self.dry_runs += 1;
            return;
        }
        let who = record.principal_without_session().or_else(|| record.user_name());
        let kind = (
            who.unwrap_or("-").to_owned(),
            record.invoked_by().map(ToOwned::to_owned),
            record.region().to_owned(),
            record.event_name().to_owned(),
        );
        let counted = self.uses.entry(kind.clone()).or_insert_with(|| Use {
            principal: kind.0,
            service: kind.1,
            region: kind.2,
            operation: kind.3,
            count: 0,
            failed: 0,
            first: String::new(),
            last: record.event_time().to_owned(),
            last_encryption_context: record.encryption_context(),
        });
        match record.error_code() {
            None => counted.count += 1,
            Some(_) => counted.failed += 1,
        }
        record.event_time().clone_into(&mut counted.first);
    }
}

pub(crate) fn run(arguments: &UsageArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    match (&arguments.by_tag, &arguments.key) {
        (Some(tag), _) => by_tag::tell(&config, tag, arguments),
        (None, Some(key)) => tell(&config, key, arguments),
        // The command line asks for one of them.
        (None, None) => Ok(()),
    }
}

fn tell(config: &Config, key: &str, arguments: &UsageArguments) -> Result<(), Failure> {
    if key.contains("alias/") {
        return Err("an alias may have named other keys before: name the key by its id or ARN".into());
    }
    let history = history(config)?;
    let query = Query {
        wanted: vec![(Attribute::ResourceName, key.to_owned())],
        from: arguments.from.unwrap_or(0),
        to: arguments.to.unwrap_or(u64::MAX),
        ..Query::default()
    };
    let mut usage = Usage::default();
    history.walk(&query, &mut |found| {
        // Another account's use is in its own record, and in the copy of the key's owner.
        if !found.record.is_copy() {
            usage.count(found.record);
        }
        ControlFlow::Continue(())
    })?;
    let covered = covered(&history)?;
    let cryptographic = cryptographic();
    let (uses, management): (Vec<Use>, Vec<Use>) = usage
        .uses
        .into_values()
        .partition(|kind| cryptographic.contains(&kind.operation));
    if arguments.json {
        println!(
            "{}",
            json!({
                "Key": key,
                "RecordsSince": covered,
                "Uses": uses,
                "Management": management,
                "DryRuns": usage.dry_runs,
            })
        );
        return Ok(());
    }
    print_covered(covered.as_deref());
    print_part("Cryptographic use", &uses);
    print_part("Management", &management);
    if usage.dry_runs > 0 {
        println!("\nDry runs, which used nothing: {}", usage.dry_runs);
    }
    println!("\nUses of a public key outside of the server are not recorded, nor which ciphertexts there are.");
    Ok(())
}

/// When the oldest record was made.
fn covered(history: &History) -> Result<Option<String>, Failure> {
    let oldest = history.oldest()?;
    let oldest = oldest.as_deref().and_then(Recorded::read);
    Ok(oldest.map(|record| record.event_time().to_owned()))
}

fn print_covered(since: Option<&str>) {
    match since {
        Some(since) => println!("Records reach back to {since}: what was before is not known."),
        None => println!("There are no records: nothing is known."),
    }
}

/// The operations that use key material.
fn cryptographic() -> HashSet<String> {
    let known = actions().into_iter().filter(|action| action.cryptographic);
    let names = known.filter_map(|action| Some(action.action.as_str().split_once(':')?.1.to_owned()));
    names.collect()
}

fn print_part(title: &str, uses: &[Use]) {
    if uses.is_empty() {
        println!("\n{title}: none found");
        return;
    }
    println!("\n{title}:");
    for part in uses {
        let through = part.service.as_ref().map(|service| format!(" through {service}"));
        println!(
            "  {} by {}{} in {}: {} times ({} failed), first {}, last {}",
            part.operation,
            part.principal,
            through.unwrap_or_default(),
            part.region,
            part.count,
            part.failed,
            part.first,
            part.last
        );
    }
}
