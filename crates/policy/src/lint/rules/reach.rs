//! What an IAM policy gives over keys that it does not single out.

use super::super::document::{Document, Statement};
use super::super::{KnownAction, Setting};
use super::resources::{Reach, reach};
use super::{Found, covered, listed};

/// Conditions that single keys out.
const SINGLING_OUT: [&str; 3] = ["aws:resourcetag/", "kms:resourcealiases", "kms:requestalias"];
/// Conditions that keep to resources of known accounts.
const OF_ACCOUNTS: [&str; 3] = ["aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"];
/// Conditions on which tags a request may set.
const ON_TAGS: [&str; 2] = ["aws:requesttag/", "aws:tagkeys"];

/// Grants that a principal may retire are listed across accounts, and on no key.
const LIST_RETIRABLE_GRANTS: &str = "ListRetirableGrants";

fn reach_of(statement: &Statement<'_>) -> Reach {
    if statement.all_but {
        return Reach::KeysOfEveryAccount;
    }
    let resources = statement.resources.iter().map(|resource| reach(&resource.text));
    resources.max().unwrap_or(Reach::NoKey)
}

fn report(
    document: &Document<'_>,
    setting: &Setting<'_>,
    concerned: impl Fn(&Statement<'_>, &KnownAction) -> bool,
    what: &str,
) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in document.statements.iter().filter(|statement| statement.allows()) {
        let actions = covered(statement, setting, |known| concerned(statement, known));
        if !actions.is_empty() {
            found.push(Found::of(statement, format!("{} {what}", listed(&actions))));
        }
    }
    found
}

fn reaches_every_account(statement: &Statement<'_>, known: &KnownAction) -> bool {
    let over = reach_of(statement) == Reach::KeysOfEveryAccount && !statement.is_limited_by(&OF_ACCOUNTS);
    over && known.across_accounts && known.on_key
}

fn is_sensitive(statement: &Statement<'_>, known: &KnownAction) -> bool {
    let sensitive = known.on_key
        && (known.cryptographic || matches!(known.operation, Some("PutKeyPolicy" | "ScheduleKeyDeletion")));
    sensitive && reach_of(statement) >= Reach::ManyKeys && !statement.is_limited_by(&SINGLING_OUT)
}

fn changes_tags_or_aliases(statement: &Statement<'_>, known: &KnownAction) -> bool {
    let concerned = known.on_alias || known.access_level == "Tagging";
    let limited = statement.is_limited_by(&SINGLING_OUT) || statement.is_limited_by(&ON_TAGS);
    concerned && reach_of(statement) >= Reach::ManyKeys && !limited
}

/// Operations that work across accounts, on `*` (POL-251).
pub(super) fn every_account(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    report(
        document,
        setting,
        reaches_every_account,
        "is allowed on keys of every account",
    )
}

/// The one of them that has no narrower resource (POL-251).
pub(super) fn no_narrower_resource(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let concerned = |statement: &Statement<'_>, known: &KnownAction| {
        known.operation == Some(LIST_RETIRABLE_GRANTS) && reach_of(statement) == Reach::KeysOfEveryAccount
    };
    report(document, setting, concerned, "is allowed")
}

/// What should stand in key policies (POL-249).
pub(super) fn sensitive(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    report(document, setting, is_sensitive, "is allowed over many keys")
}

/// What can open keys without touching a policy (POL-265).
pub(super) fn tags_and_aliases(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    report(
        document,
        setting,
        changes_tags_or_aliases,
        "is allowed over many keys",
    )
}

/// The rest of what is done to keys that are not singled out (AUTHZ-226).
pub(super) fn keys_not_named(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let concerned = |statement: &Statement<'_>, known: &KnownAction| {
        known.on_key
            && reach_of(statement) >= Reach::ManyKeys
            && !statement.is_limited_by(&SINGLING_OUT)
            && !reaches_every_account(statement, known)
            && !is_sensitive(statement, known)
            && !changes_tags_or_aliases(statement, known)
    };
    report(document, setting, concerned, "is allowed over many keys")
}

/// `CreateKey` of whatever kind (POL-250).
pub(super) fn create_key(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let concerned = |statement: &Statement<'_>, known: &KnownAction| {
        let limits = || statement.limits.iter().map(|limit| limit.compiled.key().lower());
        known.operation == Some("CreateKey")
            && reach_of(statement) == Reach::KeysOfEveryAccount
            && !limits().any(|key| known.has_condition_key(key))
    };
    report(document, setting, concerned, "is allowed whatever key is asked for")
}
