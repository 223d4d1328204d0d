//! Grants looked over: whom they let in, how much they give, and whether they are still needed.
//!
//! Grants have no end, so those that nobody retires stay (guide, "Best practices for grants"). A finding changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use trent_policy::lint::Severity;

/// More operations than reading, writing and rotating data keys take.
const MANY: usize = 6;

/// What a constraint on the encryption context can limit.
const WITH_CONTEXT: [&str; 8] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
];

/// A grant, as it is asked for or as `ListGrants` shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// The key's ARN or id.
    pub key: String,
    /// The grant's id, if it is made already.
    pub id: String,
    /// Its name, empty if it has none.
    pub name: String,
    /// The grantee: an ARN, or the name of a service.
    pub grantee: String,
    /// What it allows.
    pub operations: BTreeSet<String>,
    /// `EncryptionContextEquals`.
    pub equals: Option<BTreeMap<String, String>>,
    /// `EncryptionContextSubset`.
    pub subset: Option<BTreeMap<String, String>>,
    /// When it was made, in seconds since the Unix epoch.
    pub created: Option<i64>,
}

/// What is known about the key, and what counts as old.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Whether the key is a symmetric encryption key.
    pub symmetric: bool,
    /// Whether the key is an AWS managed key: its grants are the service's to remove.
    pub managed: bool,
    /// The time, in seconds since the Unix epoch.
    pub now: i64,
    /// The age in days from which on a grant is old.
    pub old: i64,
}

/// Something doubtful about a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantFinding {
    /// The rule that found it.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The grant's id.
    pub grant: String,
    /// The key.
    pub key: String,
    /// What was found.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// Whether revoking the grant takes nothing from anybody.
    pub removable: bool,
}

struct Rule {
    code: &'static str,
    severity: Severity,
    why: &'static str,
    advice: &'static str,
    check: fn(&Reviewed, &Terms) -> Option<String>,
}

const RULES: &[Rule] = &[
    Rule {
        code: "GRANT_TO_ACCOUNT",
        severity: Severity::Warning,
        why: "Everybody in the account whom its IAM policies allow it can use the grant.",
        advice: "Make the grant to the role that needs it.",
        check: |grant, _| is_account(&grant.grantee).then(|| format!("the grantee is an account, {}", grant.grantee)),
    },
    Rule {
        code: "GRANT_PASSES_ON",
        severity: Severity::Warning,
        why: "The grantee can pass on all that the grant allows, to whomever it likes.",
        advice: "Leave CreateGrant out unless the grantee is a service that needs it.",
        check: |grant, _| {
            let passes_on = grant.operations.contains("CreateGrant") && !is_service(&grant.grantee);
            passes_on.then(|| "CreateGrant is among the operations".to_owned())
        },
    },
    Rule {
        code: "GRANT_OF_MANY_OPERATIONS",
        severity: Severity::Note,
        why: "Each operation beyond need is one that a stolen credential of the grantee can use.",
        advice: "List the operations that the grantee calls, and no others.",
        check: |grant, _| {
            let count = grant.operations.len();
            (count > MANY).then(|| format!("it allows {count} operations"))
        },
    },
    Rule {
        code: "GRANT_UNCONSTRAINED",
        severity: Severity::Note,
        why: "It is good for everything that is encrypted under the key.",
        advice: "Add an EncryptionContextEquals constraint.",
        check: |grant, terms| {
            let limitable = WITH_CONTEXT
                .iter()
                .any(|operation| grant.operations.contains(*operation));
            let open = grant.equals.is_none() && grant.subset.is_none();
            (terms.symmetric && limitable && open)
                .then(|| "there is no constraint on the encryption context".to_owned())
        },
    },
    Rule {
        code: "GRANT_BY_SUBSET",
        severity: Severity::Note,
        why: "Every encryption context that has these pairs among others meets the constraint.",
        advice: "Use EncryptionContextEquals if the whole context is known.",
        check: |grant, _| {
            grant
                .subset
                .as_ref()
                .map(|_| "the constraint is EncryptionContextSubset".to_owned())
        },
    },
    Rule {
        code: "GRANT_OLD",
        severity: Severity::Note,
        why: "Grants do not expire, and when this one was used last is not recorded.",
        advice: "Ask its grantee whether it is needed, and retire or revoke it if not.",
        check: |grant, terms| {
            let days = (terms.now - grant.created?) / 86_400;
            (days >= terms.old).then(|| format!("it was made {days} days ago"))
        },
    },
];

/// What is doubtful about each of these grants, and which of them are there twice.
pub fn review(grants: &[Reviewed], terms: &Terms) -> Vec<GrantFinding> {
    let mut findings = Vec::new();
    let mut first: BTreeMap<_, &Reviewed> = BTreeMap::new();
    let mut in_order: Vec<&Reviewed> = grants.iter().collect();
    in_order.sort_by_key(|grant| (grant.created, &grant.id));
    for grant in in_order {
        for rule in RULES {
            let found = (rule.check)(grant, terms);
            findings.extend(found.map(|what| GrantFinding {
                code: rule.code,
                severity: rule.severity,
                grant: grant.id.clone(),
                key: grant.key.clone(),
                what,
                why: rule.why,
                advice: rule.advice,
                removable: false,
            }));
        }
        let same = (
            &grant.key,
            &grant.grantee,
            &grant.operations,
            &grant.equals,
            &grant.subset,
            &grant.name,
        );
        match first.get(&same) {
            Some(earlier) => findings.push(duplicate(grant, earlier, terms)),
            None => {
                first.insert(same, grant);
            }
        }
    }
    findings
}

/// A grant that says what an earlier one says. Grants to services may be for different resources, which a list does not
/// show.
fn duplicate(grant: &Reviewed, earlier: &Reviewed, terms: &Terms) -> GrantFinding {
    let alike_only = terms.managed || is_service(&grant.grantee);
    let finding = GrantFinding {
        code: "GRANT_DUPLICATE",
        severity: Severity::Warning,
        grant: grant.id.clone(),
        key: grant.key.clone(),
        what: format!("it says what grant {} says", earlier.id),
        why: "As long as one of them is left, retiring the other takes nothing away.",
        advice: "Revoke it.",
        removable: true,
    };
    if !alike_only {
        return finding;
    }
    GrantFinding {
        code: "GRANT_ALIKE",
        severity: Severity::Note,
        what: format!("it looks like grant {}", earlier.id),
        why: "Grants to a service, or on a key that a service manages, may be for different resources.",
        advice: "Leave it to the service.",
        removable: false,
        ..finding
    }
}

fn is_account(grantee: &str) -> bool {
    grantee.ends_with(":root") || (grantee.len() == 12 && grantee.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_service(grantee: &str) -> bool {
    !grantee.starts_with("arn:") && grantee.contains(".amazonaws.com")
}

#[cfg(test)]
mod tests;
