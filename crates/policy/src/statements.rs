//! The statements of a policy, each with an outline that rules it out for most requests at a glance.
//!
//! A policy may have hundreds of statements of which one fits. Their outlines lie side by side, sixteen bytes each; what
//! several statements share, a list of actions or a condition key, is looked at once. An outline never lets anything
//! in: a statement that it does not rule out is evaluated as if there were none.

use std::ops::Deref;

use crate::context::{ConditionKey, Lookups};
use crate::effect::Effect;
use crate::principal::Principals;
use crate::request::Action;
use crate::statement::Statement;

/// So many different lists of actions are remembered while a policy is evaluated; a statement with another list is asked
/// itself.
const LISTS: usize = 64;

/// So many different keys are looked up for outlines.
const KEYS: usize = 8;

/// In place of a list or a key: the outline says nothing of it.
const UNTOLD: u8 = u8::MAX;

/// All statements of a policy, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statements {
    all: Box<[Statement]>,
    outlines: Box<[Outline]>,
    /// Where each list of actions stands first, by number.
    lists: Box<[usize]>,
    /// The keys that outlines name, by number.
    keys: Box<[ConditionKey]>,
}

/// What is told of a statement without looking at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outline {
    /// The marks of the values of which the key must have one.
    wanted: u64,
    /// The number of that key.
    key: u8,
    /// The number of its list of actions.
    list: u8,
    pub(crate) effect: Effect,
}

impl From<Vec<Statement>> for Statements {
    fn from(all: Vec<Statement>) -> Self {
        let (mut lists, mut keys) = (Vec::new(), Vec::new());
        let outlines = all
            .iter()
            .enumerate()
            .map(|(at, statement)| {
                let (key, wanted) = most_telling(statement)
                    .and_then(|(key, wanted)| Some((number_of(&mut keys, key.clone(), KEYS, PartialEq::eq)?, wanted)))
                    .unwrap_or((UNTOLD, 0));
                let same_list =
                    |a: &usize, b: &usize| all.get(*a).map(Statement::actions) == all.get(*b).map(Statement::actions);
                Outline {
                    wanted,
                    key,
                    list: number_of(&mut lists, at, LISTS, same_list).unwrap_or(UNTOLD),
                    effect: statement.effect(),
                }
            })
            .collect();
        Self {
            outlines,
            lists: lists.into(),
            keys: keys.into(),
            all: all.into(),
        }
    }
}

/// The condition that rules the statement out most often: one that names values, or else one that needs its key.
fn most_telling(statement: &Statement) -> Option<(&ConditionKey, u64)> {
    let needs = statement.conditions().iter();
    let needs = needs.filter_map(|condition| Some((condition.key(), condition.needs()?)));
    needs.min_by_key(|(_, wanted)| wanted.count_ones())
}

/// The number of something among those met so far, as long as there are few.
fn number_of<T>(met: &mut Vec<T>, new: T, most: usize, same: impl Fn(&T, &T) -> bool) -> Option<u8> {
    let at = met.iter().position(|old| same(old, &new)).or_else(|| {
        (met.len() < most).then(|| {
            met.push(new);
            met.len() - 1
        })
    })?;
    u8::try_from(at).ok()
}

impl Deref for Statements {
    type Target = [Statement];

    fn deref(&self) -> &[Statement] {
        &self.all
    }
}

impl Statements {
    /// The statements alone, to make others of them.
    pub(crate) fn into_vec(self) -> Vec<Statement> {
        self.all.into_vec()
    }

    /// The principals of each, to be tied to unique ids: outlines tell nothing of them.
    pub(crate) fn principals_mut(&mut self) -> impl Iterator<Item = &mut Principals> {
        self.all.iter_mut().map(Statement::principals_mut)
    }

    /// Each with its outline.
    pub(crate) fn outlined(&self) -> impl Iterator<Item = (&Outline, &Statement)> {
        self.outlines.iter().zip(&self.all)
    }

    /// What rules statements out for one request.
    pub(crate) fn sieve<'e, 's>(&'e self, action: &'s Action, lookups: &'s Lookups<'e>) -> Sieve<'e, 's> {
        Sieve {
            statements: self,
            action,
            lookups,
            lists_asked: 0,
            lists_covering: 0,
            marks: [None; KEYS],
        }
    }
}

/// The answers that statements share, each found when it is first asked for.
pub(crate) struct Sieve<'e, 's> {
    statements: &'e Statements,
    action: &'s Action,
    lookups: &'s Lookups<'e>,
    lists_asked: u64,
    lists_covering: u64,
    marks: [Option<u64>; KEYS],
}

impl Sieve<'_, '_> {
    /// Whether a statement surely does not apply: its actions are others, or its key has none of the values.
    #[inline]
    pub(crate) fn rules_out(&mut self, outline: &Outline) -> bool {
        !self.list_may_cover(outline.list) || !self.key_may_have(outline.key, outline.wanted)
    }

    #[inline]
    fn list_may_cover(&mut self, list: u8) -> bool {
        let Some(&first) = self.statements.lists.get(usize::from(list)) else {
            return true;
        };
        let bit = 1 << list;
        if self.lists_asked & bit == 0 {
            self.lists_asked |= bit;
            if self
                .statements
                .all
                .get(first)
                .is_none_or(|it| it.covers_action(self.action))
            {
                self.lists_covering |= bit;
            }
        }
        self.lists_covering & bit != 0
    }

    #[inline]
    fn key_may_have(&mut self, key: u8, wanted: u64) -> bool {
        let at = usize::from(key);
        let (Some(marks), Some(key)) = (self.marks.get_mut(at), self.statements.keys.get(at)) else {
            return true;
        };
        *marks.get_or_insert_with(|| self.lookups.of(key).marks()) & wanted != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::NoContext;
    use crate::principal::Fit;
    use crate::request::{Prepared, Principal, Request, Resource};
    use crate::{Context, Policy, PolicyKind, Rules};
    use std::collections::BTreeMap;

    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    /// Of each statement, in order: whether its outline rules it out, and whether it applies.
    fn told(policy: &Policy, context: &dyn Context) -> Vec<(bool, bool)> {
        let action = Action::new("kms:Decrypt");
        let request = Request {
            principal: Principal::Anonymous,
            action: &action,
            resource: Resource::Key {
                arn: KEY,
                account: "111122223333".parse().expect("an account"),
            },
            cross_account: true,
        };
        let (prepared, lookups) = (Prepared::new(&request, false), Lookups::new(context));
        let mut sieve = policy.statements.sieve(&action, &lookups);
        let outlined = policy.statements.outlined();
        outlined
            .map(|(outline, statement)| {
                (
                    sieve.rules_out(outline),
                    statement.applies(&prepared, &lookups) != Fit::None,
                )
            })
            .collect()
    }

    fn policy(statements: &[String]) -> Policy {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        Policy::parse(&text, PolicyKind::Identity, &Rules::SCENARIO).expect("a policy")
    }

    fn statement(effect: &str, action: &str, condition: &str) -> String {
        format!(r#"{{"Effect":"{effect}","Action":{action},"Resource":"*","Condition":{{{condition}}}}}"#)
    }

    fn context(values: &[&str]) -> BTreeMap<String, Vec<String>> {
        let values = values.iter().map(ToString::to_string).collect();
        BTreeMap::from([("aws:tagkeys".to_owned(), values)])
    }

    #[test]
    fn what_applies_is_never_ruled_out() {
        let operators = [
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringEqualsIgnoreCase",
            "ArnLike",
        ];
        let mut statements = vec![
            statement("Allow", r#""kms:*""#, r#""Null":{"aws:TagKeys":"true"}"#),
            statement("Deny", r#""kms:*""#, r#""Null":{"aws:TagKeys":["false","true"]}"#),
            statement("Allow", r#""kms:*""#, r#""NumericLessThan":{"aws:TagKeys":"3"}"#),
        ];
        for operator in operators {
            for quantifier in ["", "ForAnyValue:", "ForAllValues:"] {
                for existence in ["", "IfExists"] {
                    for value in [r#""blue""#, r#""*""#, r#"["red","blue"]"#, r#""${aws:TagKeys, 'red'}""#] {
                        let condition = format!(r#""{quantifier}{operator}{existence}":{{"aws:TagKeys":{value}}}"#);
                        statements
                            .extend(["Allow", "Deny"].map(|effect| statement(effect, r#""kms:Decrypt""#, &condition)));
                    }
                }
            }
        }
        let policy = policy(&statements);
        for values in [
            &[][..],
            &["blue"],
            &["red"],
            &["2"],
            &["blue", "red"],
            &["BLUE", "a value of more than eight"],
        ] {
            for (at, (ruled_out, applies)) in told(&policy, &context(values)).into_iter().enumerate() {
                assert!(!(ruled_out && applies), "{values:?}: {}", statements[at]);
            }
        }
    }

    #[test]
    fn a_statement_is_ruled_out_by_its_actions_or_by_the_values_of_its_key() {
        let statements = [
            statement("Allow", r#""kms:Encrypt""#, r#""Null":{"aws:TagKeys":"true"}"#),
            statement("Allow", r#""kms:Decrypt""#, r#""StringEquals":{"aws:TagKeys":"blue"}"#),
            statement("Allow", r#"["kms:Encrypt"]"#, r#""Null":{"aws:TagKeys":"true"}"#),
            statement("Allow", r#""kms:*""#, r#""StringLike":{"aws:TagKeys":"b*"}"#),
        ];
        let policy = policy(&statements);
        let ruled_out = |context: &dyn Context| told(&policy, context).iter().map(|it| it.0).collect::<Vec<_>>();
        assert_eq!(ruled_out(&NoContext), [true, true, true, true]);
        assert_eq!(ruled_out(&context(&["blue"])), [true, false, true, false]);
        assert_eq!(ruled_out(&context(&["green"])), [true, true, true, false]);
        assert_eq!(ruled_out(&context(&["green", "blue"])), [true, false, true, false]);
    }

    #[test]
    fn beyond_what_is_remembered_statements_are_asked_themselves() {
        let of_its_own = |number: usize| {
            let condition = format!(r#""StringEquals":{{"aws:RequestTag/{number}":"x"}}"#);
            statement("Allow", &format!(r#""kms:Decrypt{number}""#), &condition)
        };
        let mut statements: Vec<String> = (0..LISTS + 10).map(of_its_own).collect();
        statements.push(statement(
            "Allow",
            r#""kms:Decrypt""#,
            r#""StringEquals":{"aws:TagKeys":"x"}"#,
        ));
        let policy = policy(&statements);
        let told = told(&policy, &context(&["x"]));
        assert!(told[..LISTS].iter().all(|it| *it == (true, false)));
        assert!(told[LISTS..LISTS + 10].iter().all(|it| *it == (false, false)));
        assert_eq!(told[LISTS + 10], (false, true));
    }
}
