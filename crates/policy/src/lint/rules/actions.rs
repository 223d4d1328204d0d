//! What `Action` names.

use super::super::document::{Document, Element, Statement};
use super::super::{KnownAction, Setting};
use super::{Found, listed};

/// The actions of the vocabulary that an element of `Action` stands for.
pub(super) fn matched<'a>(action: &Element, setting: &Setting<'a>) -> Vec<&'a KnownAction> {
    let known = setting.vocabulary.actions.iter();
    known.filter(|known| action.stands_for(known.action)).collect()
}

/// Reports each element of `Action` whose actions satisfy.
fn report(
    document: &Document<'_>,
    setting: &Setting<'_>,
    concerned: impl Fn(&Statement<'_>, &str, &[&KnownAction]) -> bool,
    what: impl Fn(&str, &[&KnownAction]) -> String,
) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in &document.statements {
        for action in &statement.actions {
            let matched = matched(action, setting);
            if concerned(statement, &action.text, &matched) {
                found.push(Found::at(statement, action.line, what(&action.text, &matched)));
            }
        }
    }
    found
}

/// Names of the service that no action has.
pub(super) fn unknown(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let prefix = setting.vocabulary.prefix();
    report(
        document,
        setting,
        |_, text, matched| matched.is_empty() && !prefix.is_empty() && text.to_lowercase().starts_with(prefix),
        |text, _| format!("{text} is no action"),
    )
}

/// Actions that are done to no key, in a key policy. Wider patterns that cover them too are as they should be.
pub(super) fn not_in_key_policies(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    report(
        document,
        setting,
        |_, _, matched| !matched.is_empty() && matched.iter().all(|known| known.resources.is_empty()),
        |_, matched| format!("{} is named in a key policy", listed(matched)),
    )
}

/// `kms:RetireGrant` by its name (POL-252).
pub(super) fn retire_grant(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    report(
        document,
        setting,
        |statement, _, matched| {
            statement.allows()
                && !matched.is_empty()
                && matched.iter().all(|known| known.operation == Some("RetireGrant"))
        },
        |text, _| format!("{text} is allowed"),
    )
}

/// Actions that a key of this type cannot do.
pub(super) fn not_of_this_key(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let Some(can) = setting.key_can else {
        return Vec::new();
    };
    report(
        document,
        setting,
        |_, _, matched| !matched.is_empty() && matched.iter().all(|known| known.is_on_key() && !can(known)),
        |_, matched| listed(matched),
    )
}
