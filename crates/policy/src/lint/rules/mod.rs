//! The rules, as a table: what each looks for is a function of its own, in the file of what it looks at.

mod actions;
mod conditions;
mod principals;
mod reach;
mod resources;

use super::document::{Document, Statement};
use super::finding::{Finding, Severity};
use super::{KnownAction, Setting};
use crate::kind::PolicyKind;

/// One rule.
struct Rule {
    code: &'static str,
    severity: Severity,
    why: &'static str,
    advice: &'static str,
    /// The kinds of policy that it is about.
    kinds: &'static [PolicyKind],
    check: fn(&Document<'_>, &Setting<'_>) -> Vec<Found>,
}

impl Rule {
    fn finding(&self, found: Found) -> Finding {
        Finding {
            code: self.code,
            severity: self.severity,
            statement: found.statement,
            sid: found.sid,
            line: found.line,
            what: found.what,
            why: self.why.to_owned(),
            advice: self.advice,
        }
    }
}

/// Where a rule found something, and what.
struct Found {
    statement: Option<usize>,
    sid: Option<String>,
    line: u32,
    what: String,
}

impl Found {
    fn at(statement: &Statement<'_>, line: u32, what: impl Into<String>) -> Self {
        Self {
            statement: Some(statement.compiled.index()),
            sid: statement
                .compiled
                .sid()
                .filter(|sid| !sid.is_empty())
                .map(str::to_owned),
            line,
            what: what.into(),
        }
    }

    fn of(statement: &Statement<'_>, what: impl Into<String>) -> Self {
        Self::at(statement, statement.compiled.line(), what)
    }
}

/// A rule, for documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleFacts {
    /// Its code.
    pub code: &'static str,
    /// The severity of what it finds.
    pub severity: Severity,
    /// Why that matters.
    pub why: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

/// Every rule.
pub fn rule_facts() -> impl Iterator<Item = RuleFacts> {
    RULES.iter().map(|rule| RuleFacts {
        code: rule.code,
        severity: rule.severity,
        why: rule.why,
        advice: rule.advice,
    })
}

pub(super) fn findings(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Finding> {
    let rules = RULES.iter().filter(|rule| rule.kinds.contains(&setting.kind));
    rules
        .flat_map(|rule| {
            let found = (rule.check)(document, setting);
            found.into_iter().map(move |found| rule.finding(found))
        })
        .collect()
}

/// Key policies, and what else is a resource's own policy to this product.
const KEY: &[PolicyKind] = &[PolicyKind::Resource];
/// Policies of resources that let somebody in by name.
const NAMING: &[PolicyKind] = &[PolicyKind::Resource, PolicyKind::Trust];
/// Policies that give; the other kinds limit, and are wide on purpose.
const GIVING: &[PolicyKind] = &[PolicyKind::Identity];
/// Policies that decide about a key by themselves.
const SAVED: &[PolicyKind] = &[PolicyKind::Resource, PolicyKind::Identity];
/// Policies that select keys by `Resource`.
const SELECTING: &[PolicyKind] = &[
    PolicyKind::Identity,
    PolicyKind::PermissionsBoundary,
    PolicyKind::Session,
    PolicyKind::ServiceControl,
    PolicyKind::ResourceControl,
    PolicyKind::Resource,
    PolicyKind::Endpoint,
];
const EVERY: &[PolicyKind] = &PolicyKind::ALL;

const RULES: &[Rule] = &[
    Rule {
        code: "EVERYBODY",
        severity: Severity::Warning,
        why: "Every identity of every account that its own account gives permission can then do it.",
        advice: "Name the principals, or add a condition such as aws:PrincipalOrgID or kms:CallerAccount.",
        kinds: NAMING,
        check: principals::everybody,
    },
    Rule {
        code: "CONFUSED_DEPUTY",
        severity: Severity::Warning,
        why: "Whoever can make the service act, in any account, acts through it on this key.",
        advice: "Add a condition on aws:SourceArn, aws:SourceAccount or the encryption context.",
        kinds: KEY,
        check: principals::confused_deputy,
    },
    Rule {
        code: "ACCOUNT_STATEMENT_MISSING",
        severity: Severity::Warning,
        why: "Without it IAM policies give nothing on this key, and if the principals that the policy names are \
              deleted nobody can manage the key any more: the account's root user is not let in either.",
        advice: "Keep a statement that allows kms:* to the account, arn:aws:iam::ACCOUNT:root.",
        kinds: KEY,
        check: principals::account_statement_missing,
    },
    Rule {
        code: "RESOURCE_MISSING",
        severity: Severity::Warning,
        why: "A statement without Resource is accepted and applies to nothing.",
        advice: "Write \"Resource\": \"*\": in a key policy it means this key.",
        kinds: KEY,
        check: resources::missing,
    },
    Rule {
        code: "RESOURCE_IN_KEY_POLICY",
        severity: Severity::Note,
        why: "A key policy is about its own key only: another resource makes the statement apply to nothing.",
        advice: "Write \"Resource\": \"*\".",
        kinds: KEY,
        check: resources::named_in_key_policy,
    },
    Rule {
        code: "ALIAS_AS_KEY",
        severity: Severity::Warning,
        why: "The ARN of an alias stands for the alias and never for the key behind it, so that the statement does not \
              cover the key.",
        advice: "Name the key by its ARN, or select it with kms:RequestAlias or kms:ResourceAliases.",
        kinds: SELECTING,
        check: resources::alias_as_key,
    },
    Rule {
        code: "NOT_A_KEY",
        severity: Severity::Warning,
        why: "The resource part of a key's ARN is key/ID, that of an alias alias/NAME: this ARN names nothing.",
        advice: "Write arn:aws:kms:REGION:ACCOUNT:key/ID.",
        kinds: SELECTING,
        check: resources::not_a_key,
    },
    Rule {
        code: "EVERY_ACCOUNT",
        severity: Severity::Warning,
        why: "These operations work on keys of other accounts as well, as soon as their owners allow it, trusted or not.",
        advice: "Name the keys by ARN, or at least the account: arn:aws:kms:*:ACCOUNT:key/*.",
        kinds: GIVING,
        check: reach::every_account,
    },
    Rule {
        code: "NO_NARROWER_RESOURCE",
        severity: Severity::Note,
        why: "It is authorized on no key, and its answer tells of grants on keys of other accounts too.",
        advice: "Give it to whoever retires grants, and to nobody else.",
        kinds: GIVING,
        check: reach::no_narrower_resource,
    },
    Rule {
        code: "SENSITIVE_OVER_MANY_KEYS",
        severity: Severity::Warning,
        why: "Whoever has this policy has them on every such key, those made later included.",
        advice: "Give these permissions in the key policies of the keys that are meant.",
        kinds: GIVING,
        check: reach::sensitive,
    },
    Rule {
        code: "TAGS_AND_ALIASES",
        severity: Severity::Warning,
        why: "Where policies have conditions on tags or aliases, changing these opens or closes access to keys.",
        advice: "Limit the tags with aws:RequestTag and aws:TagKeys, the aliases by their ARNs, or name the keys.",
        kinds: GIVING,
        check: reach::tags_and_aliases,
    },
    Rule {
        code: "KEYS_NOT_NAMED",
        severity: Severity::Note,
        why: "An IAM policy says which keys are meant by Resource alone: keys that it does not single out are all meant.",
        advice: "Name the keys by ARN where they are known.",
        kinds: GIVING,
        check: reach::keys_not_named,
    },
    Rule {
        code: "CREATE_KEY_UNCONDITIONED",
        severity: Severity::Note,
        why: "It allows keys of every type, usage and origin.",
        advice: "Add a condition on what is created, such as kms:KeySpec, kms:KeyUsage or aws:RequestTag.",
        kinds: GIVING,
        check: reach::create_key,
    },
    Rule {
        code: "UNKNOWN_ACTION",
        severity: Severity::Warning,
        why: "There is no such action, so that the statement does not do what its author meant.",
        advice: "See `trent actions` for those that there are.",
        kinds: EVERY,
        check: actions::unknown,
    },
    Rule {
        code: "NOT_IN_KEY_POLICIES",
        severity: Severity::Note,
        why: "It is done to no key, so that a key policy can neither allow nor deny it.",
        advice: "Put it into an IAM policy.",
        kinds: KEY,
        check: actions::not_in_key_policies,
    },
    Rule {
        code: "RETIRE_GRANT_IN_KEY_POLICY",
        severity: Severity::Warning,
        why: "Who may retire a grant stands in the grant: a key policy cannot allow it.",
        advice: "Name a retiring principal in the grant, or allow kms:RevokeGrant.",
        kinds: KEY,
        check: actions::retire_grant,
    },
    Rule {
        code: "NOT_OF_THIS_KEY",
        severity: Severity::Note,
        why: "A key of this type cannot do it, whoever is allowed to.",
        advice: "Leave it out.",
        kinds: KEY,
        check: actions::not_of_this_key,
    },
    Rule {
        code: "SET_OPERATOR_MISSING",
        severity: Severity::Warning,
        why: "The key can have several values, and the operator compares one.",
        advice: "Write ForAnyValue: or ForAllValues: before the operator.",
        kinds: EVERY,
        check: conditions::set_operator_missing,
    },
    Rule {
        code: "ALGORITHM_ONLY_HERE",
        severity: Severity::Note,
        why: "It limits requests to the service, and not what is done elsewhere with a public key that was downloaded.",
        advice: "Deny kms:GetPublicKey to whoever must not work with the public key.",
        kinds: EVERY,
        check: conditions::algorithm,
    },
    Rule {
        code: "CONDITION_NEVER_PRESENT",
        severity: Severity::Warning,
        why: "Requests for the action never have this condition key: an Allow with it never applies, and a Deny does \
              only if its operator is negated.",
        advice: "Give actions that do not have the key a statement of their own.",
        kinds: EVERY,
        check: conditions::never_present,
    },
    Rule {
        code: "NETWORK_KEEPS_SERVICES_OUT",
        severity: Severity::Warning,
        why: "A service that uses the key on behalf of a principal does not come from that principal's network: its \
              requests fail as well.",
        advice: "If services are to use the key, give their requests a statement of their own with kms:ViaService, or \
                 leave them out of a Deny with aws:ViaAWSService.",
        kinds: SAVED,
        check: conditions::network,
    },
    Rule {
        code: "UNKNOWN_SERVICE",
        severity: Severity::Warning,
        why: "No service is known to call on behalf of others under this name.",
        advice: "Write PREFIX.REGION.amazonaws.com, such as s3.us-east-1.amazonaws.com.",
        kinds: EVERY,
        check: conditions::unknown_service,
    },
];

/// The actions of the vocabulary that a statement covers and that satisfy.
fn covered<'a>(
    statement: &Statement<'_>,
    setting: &Setting<'a>,
    mut wanted: impl FnMut(&KnownAction) -> bool,
) -> Vec<&'a KnownAction> {
    let known = setting.vocabulary.actions.iter();
    known
        .filter(|known| wanted(known) && statement.covers(known.action))
        .collect()
}

/// Names of actions, in a sentence.
fn listed(actions: &[&KnownAction]) -> String {
    /// More names than this tell the reader less, not more.
    const SHOWN: usize = 4;
    let mut names: Vec<&str> = actions.iter().map(|known| known.action.as_str()).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let text = names.join(", ");
    if more == 0 {
        text
    } else {
        format!("{text} and {more} more")
    }
}
