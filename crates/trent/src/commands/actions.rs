//! `trent actions`: the permissions reference, as it decides.

use serde_json::json;
use trent_kms::actions::actions;
use trent_policy::lint::KnownAction;

use crate::Failure;
use crate::cli::ActionsArguments;

pub(crate) fn run(arguments: &ActionsArguments) -> Result<(), Failure> {
    let wanted = |known: &KnownAction| {
        let level = arguments.access_level.as_deref();
        level.is_none_or(|level| known.access_level.eq_ignore_ascii_case(level))
    };
    let found: Vec<_> = actions().into_iter().filter(wanted).collect();
    if found.is_empty() {
        return Err("the access levels are List, Read, Write, Permissions management and Tagging".into());
    }
    if arguments.json {
        println!("{}", json!(found));
        return Ok(());
    }
    for known in &found {
        println!(
            "{:<40} {:<22} {:<10} {}",
            known.action.as_str(),
            known.access_level,
            resources(known),
            if known.across_accounts { "across accounts" } else { "" }
        );
    }
    Ok(())
}

fn resources(known: &KnownAction) -> &'static str {
    match (known.is_on_key(), known.is_on_alias()) {
        (true, true) => "key, alias",
        (true, false) => "key",
        (false, true) => "alias",
        (false, false) => "*",
    }
}
