//! The names of condition operators.

use crate::condition::Condition;
use crate::operator::{Comparison, Operator, Quantifier, Test};

/// An operator as policies write it.
pub(super) fn name(operator: Operator) -> String {
    let quantifier = match operator.quantifier {
        Quantifier::Single => "",
        Quantifier::AnyValue => "ForAnyValue:",
        Quantifier::AllValues => "ForAllValues:",
    };
    let (kind, comparison) = match operator.test {
        Test::StringEquals { .. } => ("String", if operator.test.negated() { "NotEquals" } else { "Equals" }),
        Test::StringEqualsIgnoreCase { negated: false } => ("String", "EqualsIgnoreCase"),
        Test::StringEqualsIgnoreCase { negated: true } => ("String", "NotEqualsIgnoreCase"),
        Test::StringLike { .. } => ("String", if operator.test.negated() { "NotLike" } else { "Like" }),
        Test::Numeric(comparison) => ("Numeric", comparison_name(comparison)),
        Test::Date(comparison) => ("Date", comparison_name(comparison)),
        Test::Bool => ("Bool", ""),
        Test::BinaryEquals => ("Binary", "Equals"),
        Test::IpAddress { negated: false } => ("IpAddress", ""),
        Test::IpAddress { negated: true } => ("NotIpAddress", ""),
        Test::Arn { .. } => ("Arn", if operator.test.negated() { "NotLike" } else { "Like" }),
        Test::Null => ("Null", ""),
    };
    let if_exists = if operator.if_exists { "IfExists" } else { "" };
    format!("{quantifier}{kind}{comparison}{if_exists}")
}

/// A condition without its values: its operator and its key.
pub(super) fn written(condition: &Condition) -> String {
    format!("{} {}", name(condition.operator()), condition.key().as_str())
}

const fn comparison_name(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "Equals",
        Comparison::NotEqual => "NotEquals",
        Comparison::Less => "LessThan",
        Comparison::LessOrEqual => "LessThanEquals",
        Comparison::Greater => "GreaterThan",
        Comparison::GreaterOrEqual => "GreaterThanEquals",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_named_as_it_was_written() {
        for written in [
            "StringEquals",
            "StringNotLike",
            "ForAnyValue:StringEqualsIgnoreCase",
            "ForAllValues:StringNotEquals",
            "NumericLessThanEqualsIfExists",
            "DateGreaterThan",
            "Bool",
            "BinaryEquals",
            "NotIpAddress",
            "ArnLikeIfExists",
            "Null",
        ] {
            let operator = Operator::parse(written).expect("an operator");
            assert_eq!(name(operator), written);
        }
    }
}
