//! What `Condition` asks.

use super::super::document::{Document, Limit, Statement};
use super::super::{KnownAction, Setting, Vocabulary};
use super::{Found, covered, listed};
use crate::operator::{Quantifier, Test};

/// Keys that can have several values (IAM User Guide, "Multivalued context keys"; the KMS developer guide).
const SEVERAL_VALUES: [&str; 9] = [
    "kms:encryptioncontextkeys",
    "kms:grantoperations",
    "kms:resourcealiases",
    "aws:tagkeys",
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:resourceorgpaths",
    "aws:sourceorgpaths",
];

/// Conditions on algorithms.
const ALGORITHMS: [&str; 2] = ["kms:encryptionalgorithm", "kms:signingalgorithm"];

/// Which network a request comes from. A service that calls on behalf of somebody comes from its own.
const NETWORKS: [&str; 4] = ["aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:vpceaccount"];

/// What a statement that minds calls by services has a condition on.
const BY_SERVICES: [&str; 5] = [
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:viaawsservice",
    "kms:viaservice",
];

fn each<'d, 'p>(document: &'d Document<'p>) -> impl Iterator<Item = (&'d Statement<'p>, &'d Limit<'p>)> {
    let statements = document.statements.iter();
    statements.flat_map(|statement| statement.limits.iter().map(move |limit| (statement, limit)))
}

/// A key of several values without a set operator (AUTHZ-22).
pub(super) fn set_operator_missing(document: &Document<'_>, _: &Setting<'_>) -> Vec<Found> {
    let concerned = |limit: &Limit<'_>| {
        let operator = limit.compiled.operator();
        operator.quantifier == Quantifier::Single
            && operator.test != Test::Null
            && SEVERAL_VALUES.contains(&limit.compiled.key().lower())
    };
    each(document)
        .filter(|(_, limit)| concerned(limit))
        .map(|(statement, limit)| {
            let what = format!("{} is compared without a set operator", limit.compiled.key().as_str());
            Found::at(statement, limit.line, what)
        })
        .collect()
}

/// A condition on an algorithm, where there may be a public key (AUTHZ-112).
pub(super) fn algorithm(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let mut known = setting.vocabulary.actions.iter();
    let public = known.find(|known| known.operation == Some("GetPublicKey"));
    if let (Some(public), Some(can)) = (public, setting.key_can)
        && !can(public)
    {
        return Vec::new();
    }
    each(document)
        .filter(|(_, limit)| ALGORITHMS.contains(&limit.compiled.key().lower()))
        .map(|(statement, limit)| {
            let what = format!("{} limits the algorithm", limit.compiled.key().as_str());
            Found::at(statement, limit.line, what)
        })
        .collect()
}

/// A condition on a network that keeps out what services do with a key for principals (POL-487): one that an `Allow`
/// needs, or that a `Deny` does not.
pub(super) fn network(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let keeps_out = |statement: &Statement<'_>, limit: &Limit<'_>| {
        NETWORKS.contains(&limit.compiled.key().lower()) && limit.compiled.needs().is_some() == statement.allows()
    };
    each(document)
        .filter(|(statement, limit)| keeps_out(statement, limit) && !statement.is_limited_by(&BY_SERVICES))
        .filter(|(statement, _)| !covered(statement, setting, |known| known.cryptographic).is_empty())
        .map(|(statement, limit)| {
            let what = format!(
                "{} keeps out services that use the key for somebody",
                limit.compiled.key().as_str()
            );
            Found::at(statement, limit.line, what)
        })
        .collect()
}

/// A condition key that requests for the action never have (POL-252): none of the actions that one element of `Action`
/// stands for has it. Keys that no action has are judged if they are the service's.
pub(super) fn never_present(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in document
        .statements
        .iter()
        .filter(|statement| !statement.limits.is_empty())
    {
        // A document may pair thousands of actions with hundreds of conditions: sets are compared, not lists.
        let actions: Vec<Set> = statement
            .actions
            .iter()
            .map(|action| Set::of(&setting.vocabulary, |known| action.stands_for(known.action)))
            .collect();
        for limit in &statement.limits {
            let key = limit.compiled.key();
            let having = Set::of(&setting.vocabulary, |known| known.has_condition_key(key.lower()));
            if having == Set::default() && !key.lower().starts_with(setting.vocabulary.prefix()) {
                continue;
            }
            let without = actions.iter().filter(|action| action.0 & having.0 == 0);
            let without = Set(without.fold(0, |all, action| all | action.0)).listed(&setting.vocabulary);
            if !without.is_empty() {
                let what = format!("{} never has {}", listed(&without), key.as_str());
                found.push(Found::at(statement, limit.line, what));
            }
        }
    }
    found
}

/// Some of the vocabulary's actions, each a bit. A service with more actions than bits is judged by its first ones.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Set(u128);

impl Set {
    fn of(vocabulary: &Vocabulary<'_>, mut wanted: impl FnMut(&KnownAction) -> bool) -> Self {
        let bits = vocabulary.actions.iter().zip(0..u128::BITS);
        Self(
            bits.filter(|(known, _)| wanted(known))
                .fold(0, |set, (_, bit)| set | 1 << bit),
        )
    }

    fn listed<'a>(self, vocabulary: &Vocabulary<'a>) -> Vec<&'a KnownAction> {
        let bits = vocabulary.actions.iter().zip(0..u128::BITS);
        bits.filter(|(_, bit)| self.0 >> bit & 1 == 1)
            .map(|(known, _)| known)
            .collect()
    }
}

/// Names in `kms:ViaService` that no service has (AUTHZ-181).
pub(super) fn unknown_service(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (statement, limit) in each(document) {
        if limit.compiled.key().lower() != "kms:viaservice" || limit.compiled.operator().test == Test::Null {
            continue;
        }
        for name in limit.values.iter().filter(|name| !is_service(name, setting)) {
            let what = format!("{name} is no service");
            found.push(Found::at(statement, limit.line, what));
        }
    }
    found
}

/// Whether a value is `PREFIX.REGION.amazonaws.com` with a known prefix, or a pattern that could be.
fn is_service(value: &str, setting: &Setting<'_>) -> bool {
    let (prefix, rest) = value.split_once('.').unwrap_or((value, ""));
    if prefix.contains(['*', '?', '$']) {
        return true;
    }
    let domain = rest.split_once('.').map_or("", |(_, domain)| domain);
    let is_domain = rest.contains(['*', '$']) || matches!(domain, "amazonaws.com" | "amazonaws.com.cn");
    is_domain && (setting.vocabulary.is_service)(prefix)
}
