//! The names of condition operators: a test, perhaps `...IfExists`, perhaps over a set of values.
//!
//! IAM User Guide, "Condition operators" and "Set operators for multivalued context keys". Names ignore case.

/// How the values of a key are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// No prefix: the key has one value.
    Single,
    /// `ForAnyValue:`
    AnyValue,
    /// `ForAllValues:`
    AllValues,
}

/// How two ordered values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `...Equals`
    Equal,
    /// `...NotEquals`
    NotEqual,
    /// `...LessThan`
    Less,
    /// `...LessThanEquals`
    LessOrEqual,
    /// `...GreaterThan`
    Greater,
    /// `...GreaterThanEquals`
    GreaterOrEqual,
}

/// What an operator does to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Test {
    /// `StringEquals`, `StringNotEquals`
    StringEquals {
        /// `Not`
        negated: bool,
    },
    /// `StringEqualsIgnoreCase`, `StringNotEqualsIgnoreCase`
    StringEqualsIgnoreCase {
        /// `Not`
        negated: bool,
    },
    /// `StringLike`, `StringNotLike`
    StringLike {
        /// `Not`
        negated: bool,
    },
    /// `Numeric...`
    Numeric(Comparison),
    /// `Date...`
    Date(Comparison),
    /// `Bool`
    Bool,
    /// `BinaryEquals`
    BinaryEquals,
    /// `IpAddress`, `NotIpAddress`
    IpAddress {
        /// `Not`
        negated: bool,
    },
    /// `ArnEquals`, `ArnLike` and their opposites: they behave alike, wildcards included (POL-218).
    Arn {
        /// `Not`
        negated: bool,
    },
    /// `Null`
    Null,
}

/// A condition operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operator {
    /// How the key's values are taken together.
    pub quantifier: Quantifier,
    /// What is done to each.
    pub test: Test,
    /// Whether an absent key satisfies.
    pub if_exists: bool,
}

impl Operator {
    /// Reads an operator's name.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (quantifier, name) = if let Some(rest) = name.strip_prefix("foranyvalue:") {
            (Quantifier::AnyValue, rest)
        } else if let Some(rest) = name.strip_prefix("forallvalues:") {
            (Quantifier::AllValues, rest)
        } else {
            (Quantifier::Single, name.as_str())
        };
        let (name, if_exists) = match name.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (name, false),
        };
        let test = Test::parse(name)?;
        let plain = quantifier == Quantifier::Single && !if_exists;
        (test != Test::Null || plain).then_some(Self {
            quantifier,
            test,
            if_exists,
        })
    }
}

impl Test {
    fn parse(name: &str) -> Option<Self> {
        if let Some(comparison) = name.strip_prefix("numeric") {
            return Comparison::parse(comparison).map(Self::Numeric);
        }
        if let Some(comparison) = name.strip_prefix("date") {
            return Comparison::parse(comparison).map(Self::Date);
        }
        Some(match name {
            "stringequals" => Self::StringEquals { negated: false },
            "stringnotequals" => Self::StringEquals { negated: true },
            "stringequalsignorecase" => Self::StringEqualsIgnoreCase { negated: false },
            "stringnotequalsignorecase" => Self::StringEqualsIgnoreCase { negated: true },
            "stringlike" => Self::StringLike { negated: false },
            "stringnotlike" => Self::StringLike { negated: true },
            "bool" => Self::Bool,
            "binaryequals" => Self::BinaryEquals,
            "ipaddress" => Self::IpAddress { negated: false },
            "notipaddress" => Self::IpAddress { negated: true },
            "arnequals" | "arnlike" => Self::Arn { negated: false },
            "arnnotequals" | "arnnotlike" => Self::Arn { negated: true },
            "null" => Self::Null,
            _ => return None,
        })
    }

    /// Whether the operator is satisfied by what does not match, an absent key included (AUTHZ-12).
    pub const fn negated(self) -> bool {
        match self {
            Self::StringEquals { negated }
            | Self::StringEqualsIgnoreCase { negated }
            | Self::StringLike { negated }
            | Self::IpAddress { negated }
            | Self::Arn { negated } => negated,
            Self::Numeric(comparison) | Self::Date(comparison) => matches!(comparison, Comparison::NotEqual),
            Self::Bool | Self::BinaryEquals | Self::Null => false,
        }
    }
}

impl Comparison {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Self::Equal,
            "notequals" => Self::NotEqual,
            "lessthan" => Self::Less,
            "lessthanequals" => Self::LessOrEqual,
            "greaterthan" => Self::Greater,
            "greaterthanequals" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Whether a request's value that compares so with a policy's value is a match. `NotEqual` is asked for equality,
    /// and then negated over all values.
    pub(crate) fn accepts(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal | Self::NotEqual => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}
