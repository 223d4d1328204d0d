//! One line of a `Condition` element: an operator, a key and the values that it is compared with.

use crate::context::{ConditionKey, Context, Lookups, Values, mark};
use crate::effect::Effect;
use crate::error::Problem;
use crate::operator::{Comparison, Operator, Quantifier, Test};
use crate::pattern::arn::{ArnPattern, Short, split};
use crate::pattern::{Answer, Dynamic, Pattern, Syntax};
use crate::value::{Binary, Decimal, Instant, Network, OwnedDecimal, address, boolean, instant, same_bytes};

/// A condition, prepared for evaluation.
#[derive(Debug, Clone)]
pub struct Condition {
    operator: Operator,
    key: ConditionKey,
    wanted: Wanted,
}

/// The values of a policy, parsed for their operator.
#[derive(Debug, Clone)]
enum Wanted {
    Text(Box<[Pattern]>),
    Folded(Box<[Pattern]>),
    Arns(Box<[ArnPattern]>),
    Numbers(Comparison, Box<[OwnedDecimal]>),
    Dates(Comparison, Box<[Instant]>),
    Bools(Box<[bool]>),
    Binaries(Box<[Binary]>),
    Networks(Box<[Network]>),
    /// Whether the key must be absent.
    Absence(Box<[bool]>),
}

impl Condition {
    /// Prepares a condition; `name` is the operator as written.
    pub(crate) fn new(
        name: &str,
        operator: Operator,
        key: &str,
        values: &[String],
        variables: bool,
    ) -> Result<Self, Problem> {
        let strings = |wildcards| {
            let syntax = Syntax { wildcards, variables };
            let patterns = values
                .iter()
                .map(|value| Pattern::new(without_radix(key, value), syntax));
            patterns.collect::<Result<Box<[_]>, _>>()
        };
        let wanted = match operator.test {
            Test::StringEquals { .. } => Wanted::Text(strings(false)?),
            Test::StringLike { .. } => Wanted::Text(strings(true)?),
            Test::StringEqualsIgnoreCase { .. } => Wanted::Folded(strings(false)?),
            Test::Arn { .. } => {
                let patterns = values
                    .iter()
                    .map(|value| ArnPattern::new(value, variables, Short::Nothing));
                Wanted::Arns(patterns.collect::<Result<_, _>>()?)
            }
            Test::Numeric(comparison) => Wanted::Numbers(comparison, typed(name, values, OwnedDecimal::parse)?),
            Test::Date(comparison) => Wanted::Dates(comparison, typed(name, values, instant)?),
            Test::Bool => Wanted::Bools(typed(name, values, boolean)?),
            Test::BinaryEquals => Wanted::Binaries(typed(name, values, Binary::parse)?),
            Test::IpAddress { .. } => Wanted::Networks(typed(name, values, Network::parse)?),
            Test::Null => Wanted::Absence(typed(name, values, boolean)?),
        };
        let key = ConditionKey::new(key);
        Ok(Self { operator, key, wanted })
    }

    /// The operator.
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// The key.
    pub const fn key(&self) -> &ConditionKey {
        &self.key
    }

    /// The marks of the values of which the key must have one for the condition to hold, whatever the effect; `None` if
    /// the condition may hold without the key.
    pub(crate) fn needs(&self) -> Option<u64> {
        let negated = self.operator.test.negated();
        let without = match (&self.wanted, self.operator.quantifier) {
            (Wanted::Absence(wanted), _) => wanted.contains(&true),
            _ if self.operator.if_exists => true,
            (_, Quantifier::Single) => negated,
            (_, Quantifier::AnyValue) => false,
            (_, Quantifier::AllValues) => true,
        };
        if without {
            return None;
        }
        let literals = match &self.wanted {
            Wanted::Text(patterns) if !negated => patterns.iter().map(Pattern::literal).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        Some(literals.map_or(u64::MAX, |literals| {
            literals.into_iter().fold(0, |marks, it| marks | mark(it))
        }))
    }

    /// Calls back with each key that the evaluation may look up.
    pub(crate) fn keys<'a>(&'a self, visit: &mut dyn FnMut(&'a ConditionKey)) {
        visit(&self.key);
        match &self.wanted {
            Wanted::Text(patterns) | Wanted::Folded(patterns) => {
                patterns.iter().for_each(|pattern| pattern.variables(visit));
            }
            Wanted::Arns(patterns) => patterns.iter().for_each(|pattern| pattern.variables(visit)),
            _ => {}
        }
    }

    /// Whether the request satisfies the condition of a statement of this effect.
    ///
    /// A key that has several values where the operator expects one is unclear, and unclear fails closed: an `Allow`
    /// needs all of the values to satisfy, for a `Deny` one is enough.
    pub(crate) fn holds<'e>(&'e self, effect: Effect, lookups: &Lookups<'e>) -> bool {
        let (values, context) = (lookups.of(&self.key), lookups.context());
        if effect == Effect::Allow && matches!(values, Values::ForDenials(_)) {
            return false;
        }
        if let Wanted::Absence(wanted) = &self.wanted {
            let absent = values.count() == 0;
            return wanted.contains(&absent);
        }
        match (values, self.operator.quantifier) {
            (Values::One(value), _) => self.satisfied(value, context),
            (values, quantifier) if values.count() == 0 => {
                self.operator.if_exists
                    || match quantifier {
                        Quantifier::Single => self.operator.test.negated(),
                        Quantifier::AnyValue => false,
                        Quantifier::AllValues => true,
                    }
            }
            (values, Quantifier::AllValues) => values.all(|value| self.satisfied(value, context)),
            (values, Quantifier::AnyValue) => values.any(|value| self.satisfied(value, context)),
            (values, Quantifier::Single) => match effect {
                Effect::Allow => values.all(|value| self.satisfied(value, context)),
                Effect::Deny => values.any(|value| self.satisfied(value, context)),
            },
        }
    }

    /// Whether one value satisfies: it matches one of the wanted values, or none of them if the operator is negated
    /// (AUTHZ-2).
    fn satisfied(&self, value: &str, context: &dyn Context) -> bool {
        self.matches_any(value, context) != self.operator.test.negated()
    }

    fn matches_any(&self, value: &str, context: &dyn Context) -> bool {
        match &self.wanted {
            Wanted::Text(patterns) => patterns
                .iter()
                .any(|pattern| pattern.matches(value, context) == Answer::Matches),
            Wanted::Folded(patterns) => patterns.iter().any(|pattern| folded(pattern, value, context)),
            Wanted::Arns(patterns) => split(value).is_some_and(|fields| {
                patterns
                    .iter()
                    .any(|pattern| pattern.matches(value, &fields, context) == Answer::Matches)
            }),
            Wanted::Numbers(comparison, wanted) => Decimal::parse(value).is_some_and(|number| {
                wanted
                    .iter()
                    .any(|wanted| comparison.accepts(number.compare(&wanted.get())))
            }),
            Wanted::Dates(comparison, wanted) => {
                instant(value).is_some_and(|found| wanted.iter().any(|wanted| comparison.accepts(found.cmp(wanted))))
            }
            Wanted::Bools(wanted) => boolean(value).is_some_and(|found| wanted.contains(&found)),
            Wanted::Binaries(wanted) => wanted.iter().any(|wanted| same_bytes(wanted, value)),
            Wanted::Networks(wanted) => {
                address(value).is_some_and(|found| wanted.iter().any(|network| network.contains(found)))
            }
            Wanted::Absence(_) => false,
        }
    }
}

/// A value without the `0x` that documentation puts before registers: what a request has are the digits alone
/// (AUTHZ-187, AUTHZ-189). Of other keys, and whatever follows, nothing is changed.
fn without_radix<'v>(key: &str, value: &'v str) -> &'v str {
    const REGISTERS: &str = "kms:RecipientAttestation:";
    let of_register = key
        .get(..REGISTERS.len())
        .is_some_and(|begins| begins.eq_ignore_ascii_case(REGISTERS));
    let digits = value.strip_prefix("0x").or(value.strip_prefix("0X"));
    digits.filter(|_| of_register).unwrap_or(value)
}

fn typed<T>(operator: &str, values: &[String], parse: impl Fn(&str) -> Option<T>) -> Result<Box<[T]>, Problem> {
    let parsed = values.iter().map(|value| {
        parse(value).ok_or_else(|| Problem::InvalidValue {
            operator: operator.to_owned(),
            value: value.clone(),
        })
    });
    parsed.collect()
}

fn folded(pattern: &Pattern, value: &str, context: &dyn Context) -> bool {
    match pattern {
        Pattern::Exact(literal) => Dynamic::same_ignoring_case(literal, value),
        Pattern::Dynamic(dynamic) => dynamic.equals_ignoring_case(value, context) == Answer::Matches,
        _ => false,
    }
}
