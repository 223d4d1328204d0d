//! The condition values of a rehearsal: those that the request gives, and what is known of the principal where the
//! request says nothing.

use std::collections::BTreeMap;

use trent_api::{Timestamp, iam};
use trent_names::PrincipalArn;

use super::source::Principal;

/// Values by condition key, in lower case.
pub(super) type Values = BTreeMap<String, Vec<String>>;

/// What the request gives.
pub(super) fn given(entries: Option<&[iam::ContextEntry]>) -> Values {
    let entries = entries.unwrap_or_default().iter();
    entries
        .filter_map(|entry| {
            let name = entry.context_key_name.as_ref()?.to_lowercase();
            Some((name, entry.context_key_values.clone().unwrap_or_default()))
        })
        .collect()
}

/// Adds the time.
pub(super) fn add_time(values: &mut Values, now: std::time::Duration) {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    add(values, "aws:currenttime", Timestamp::from_seconds(seconds).to_string());
    add(values, "aws:epochtime", seconds.to_string());
}

/// Adds what a user or role is known by.
pub(super) fn add_principal(values: &mut Values, principal: &Principal) {
    for (key, value) in &principal.tags {
        add(
            values,
            &format!("aws:principaltag/{}", key.to_lowercase()),
            value.clone(),
        );
    }
    let Some(arn) = &principal.arn else { return };
    add(values, "aws:principalarn", arn.to_string());
    add(values, "aws:principalaccount", arn.account().to_string());
    match arn {
        PrincipalArn::User { name, .. } => {
            add(values, "aws:username", name.to_string());
            add(values, "aws:userid", principal.id.clone());
            add(values, "aws:principaltype", "User".to_owned());
        }
        _ => add(values, "aws:principaltype", "AssumedRole".to_owned()),
    }
}

fn add(values: &mut Values, key: &str, value: String) {
    values.entry(key.to_owned()).or_insert_with(|| vec![value]);
}
