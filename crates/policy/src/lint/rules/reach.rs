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

/// What a statement is over: worked out once for all actions.
struct Over {
    reach: Reach,
    singled_out: bool,
    of_accounts: bool,
    on_tags: bool,
}

impl Over {
    fn of(statement: &Statement<'_>) -> Self {
        let resources = statement.resources.iter().map(|resource| reach(&resource.text));
        Self {
            reach: if statement.all_but {
                Reach::KeysOfEveryAccount
            } else {
                resources.max().unwrap_or(Reach::NoKey)
            },
            singled_out: statement.is_limited_by(&SINGLING_OUT),
            of_accounts: statement.is_limited_by(&OF_ACCOUNTS),
            on_tags: statement.is_limited_by(&ON_TAGS),
        }
    }

    fn is_everything(&self) -> bool {
        self.reach == Reach::KeysOfEveryAccount
    }

    fn is_many_keys(&self) -> bool {
        self.reach >= Reach::ManyKeys && !self.singled_out
    }
}

/// Reports each `Allow` with those of its actions that are a concern over what it is over.
fn report(
    document: &Document<'_>,
    setting: &Setting<'_>,
    concerned: impl Fn(&Over, &KnownAction) -> bool,
    what: &str,
) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in document.statements.iter().filter(|statement| statement.allows()) {
        let over = Over::of(statement);
        let actions = covered(statement, setting, |known| concerned(&over, known));
        if !actions.is_empty() {
            found.push(Found::of(statement, format!("{} {what}", listed(&actions))));
        }
    }
    found
}

fn reaches_every_account(over: &Over, known: &KnownAction) -> bool {
    over.is_everything() && !over.of_accounts && known.across_accounts && known.is_on_key()
}

fn is_sensitive(over: &Over, known: &KnownAction) -> bool {
    let by_name = matches!(known.operation, Some("PutKeyPolicy" | "ScheduleKeyDeletion"));
    over.is_many_keys() && known.is_on_key() && (known.cryptographic || by_name)
}

fn changes_tags_or_aliases(over: &Over, known: &KnownAction) -> bool {
    over.is_many_keys() && !over.on_tags && (known.is_on_alias() || known.access_level == "Tagging")
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
    let concerned =
        |over: &Over, known: &KnownAction| over.is_everything() && known.operation == Some(LIST_RETIRABLE_GRANTS);
    report(document, setting, concerned, "is allowed")
}

/// What should stand in key policies (POL-249).
pub(super) fn sensitive(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    report(document, setting, is_sensitive, "is allowed over many keys")
}

/// What can open keys without touching a policy (POL-265).
pub(super) fn tags_and_aliases(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    report(document, setting, changes_tags_or_aliases, "is allowed over many keys")
}

/// The rest of what is done to keys that are not singled out (AUTHZ-226).
pub(super) fn keys_not_named(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let concerned = |over: &Over, known: &KnownAction| {
        over.is_many_keys()
            && known.is_on_key()
            && !reaches_every_account(over, known)
            && !is_sensitive(over, known)
            && !changes_tags_or_aliases(over, known)
    };
    report(document, setting, concerned, "is allowed over many keys")
}

/// `CreateKey` of whatever kind (POL-250).
pub(super) fn create_key(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let mut actions = setting.vocabulary.actions.iter();
    let Some(create_key) = actions.find(|known| known.operation == Some("CreateKey")) else {
        return Vec::new();
    };
    let is_open = |statement: &&Statement<'_>| {
        let mut limits = statement.limits.iter().map(|limit| limit.compiled.key().lower());
        statement.allows()
            && statement.covers(create_key.action)
            && Over::of(statement).is_everything()
            && !limits.any(|key| create_key.has_condition_key(key))
    };
    let statements = document.statements.iter().filter(is_open);
    statements
        .map(|statement| Found::of(statement, "kms:CreateKey is allowed whatever key is asked for"))
        .collect()
}
