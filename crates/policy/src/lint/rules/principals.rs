//! Who is let in.

use super::super::Setting;
use super::super::document::{Document, Statement};
use super::Found;
use crate::principal::Named;

/// What ties a service's request to the resource or account that it acts for.
const SOURCE: [&str; 6] = [
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "kms:encryptioncontext:",
    "kms:encryptioncontextkeys",
];

/// `*` without a condition (POL-111).
pub(super) fn everybody(document: &Document<'_>, _: &Setting<'_>) -> Vec<Found> {
    let open = |statement: &&Statement<'_>| {
        statement.allows() && statement.principals().contains(&Named::Everyone) && statement.limits.is_empty()
    };
    let statements = document.statements.iter().filter(open);
    statements
        .map(|statement| {
            let actions: Vec<_> = statement.actions.iter().map(|action| action.text.as_str()).collect();
            let what = if actions.is_empty() {
                "everything but its NotAction".to_owned()
            } else {
                actions.join(", ")
            };
            Found::of(statement, format!("everybody is allowed {what}, without a condition"))
        })
        .collect()
}

/// A service that is not tied to whom it acts for (POL-217).
pub(super) fn confused_deputy(document: &Document<'_>, _: &Setting<'_>) -> Vec<Found> {
    let untied = |statement: &&Statement<'_>| statement.allows() && !statement.is_limited_by(&SOURCE);
    let statements = document.statements.iter().filter(untied);
    statements
        .flat_map(|statement| {
            statement.principals().iter().filter_map(move |named| match named {
                Named::Service(name) => Some(Found::of(
                    statement,
                    format!("the service {name} is allowed in, whomever it acts for"),
                )),
                _ => None,
            })
        })
        .collect()
}

/// No statement lets the owner's account manage the key (POL-134, POL-252).
pub(super) fn account_statement_missing(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let put_key_policy = crate::action!("kms:PutKeyPolicy");
    let of_owner = |named: &Named| match named {
        Named::Account { account, .. } => setting.account.is_none_or(|owner| owner == *account),
        _ => false,
    };
    let delegates = |statement: &Statement<'_>| {
        statement.allows() && statement.covers(&put_key_policy) && statement.principals().iter().any(of_owner)
    };
    if document.statements.iter().any(delegates) {
        return Vec::new();
    }
    vec![Found {
        statement: None,
        sid: None,
        line: document.line,
        what: match setting.account {
            Some(account) => format!("no statement lets account {account} manage the key"),
            None => "no statement lets the key's account manage it".to_owned(),
        },
    }]
}
