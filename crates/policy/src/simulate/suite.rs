//! Suites: scenarios with what is expected of them.
//!
//! ```json
//! {"base": {"request": {"principal": "…", "action": "kms:Decrypt", "resource": {"arn": "…"}}, "resourcePolicy": {…}},
//!  "cases": [
//!    {"id": "nobody allows", "expect": "ImplicitDeny"},
//!    {"id": "an IAM policy does", "identityPolicies": […],
//!     "expect": {"decision": "Allow", "code": "ALLOWED_BY_IAM_POLICY"}}]}
//! ```
//!
//! A case is a scenario. What it leaves out it has from `base`; members of its `request` replace those of the base's
//! one by one. Texts are put together and never read in between, so that policies keep their duplicates and are refused
//! as they would be anywhere.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::scenario::Scenario;
use super::{Invalid, Surroundings, pose};
use crate::explanation::{Asked, Explanation};

/// A suite that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no suite of scenarios: {0}")]
pub struct NoSuite(String);

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// The case's id, or its number, counted from 1.
    pub id: String,
    /// Whether the result is the one that is expected.
    pub passed: bool,
    /// What is expected.
    pub expected: String,
    /// What was found: a decision and its code, or an error.
    pub found: String,
    /// How the decision came about, in text; of a case that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite<'a> {
    #[serde(borrow, default)]
    base: Members<'a>,
    #[serde(borrow)]
    cases: Vec<Members<'a>>,
}

/// The members of an object, unread.
#[derive(Default, Clone)]
struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = BTreeMap<String, &'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if members.insert(name.clone(), value).is_some() {
                        return Err(A::Error::custom(format!("the member {name} is given twice")));
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Each).map(Members)
    }
}

impl<'a> Members<'a> {
    fn of(raw: &'a RawValue) -> Result<Self, Invalid> {
        serde_json::from_str(raw.get()).map_err(Invalid::scenario)
    }

    /// These members, and those of `base` that are not among them.
    fn over(mut self, base: &Self) -> Self {
        for (name, value) in &base.0 {
            self.0.entry(name.clone()).or_insert(value);
        }
        self
    }

    fn text(&self) -> String {
        let member = |(name, value): (&String, &&RawValue)| format!("{}:{}", quoted(name), value.get());
        let members: Vec<_> = self.0.iter().map(member).collect();
        format!("{{{}}}", members.join(","))
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What a case expects: the name of a decision alone, or with its code; or the code of an error.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Expected {
    Decision(String),
    Exactly { decision: String, code: String },
    Invalid { error: String },
}

const DECISIONS: [&str; 3] = ["Allow", "ExplicitDeny", "ImplicitDeny"];

impl Expected {
    fn read(raw: &RawValue) -> Result<Self, Invalid> {
        let expected: Self = serde_json::from_str(raw.get())
            .map_err(|_| Invalid::scenario("expect is a decision, {\"decision\", \"code\"} or {\"error\"}"))?;
        match &expected {
            Self::Decision(decision) | Self::Exactly { decision, .. } if !DECISIONS.contains(&decision.as_str()) => {
                Err(Invalid::scenario(format!(
                    "{decision} is none of {}",
                    DECISIONS.join(", ")
                )))
            }
            _ => Ok(expected),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decision(decision) => f.write_str(decision),
            Self::Exactly { decision, code } => write!(f, "{decision} ({code})"),
            Self::Invalid { error } => write!(f, "the error {error}"),
        }
    }
}

/// Decides each case of a suite and compares. A case that is no scenario fails, unless it is expected to.
pub fn run_suite(text: &str, surroundings: &Surroundings<'_>) -> Result<Vec<CaseResult>, NoSuite> {
    let suite: Suite<'_> = serde_json::from_str(text).map_err(|error| NoSuite(error.to_string()))?;
    if suite.cases.is_empty() {
        return Err(NoSuite("it has no cases".to_owned()));
    }
    let cases = suite.cases.into_iter().enumerate();
    Ok(cases
        .map(|(index, case)| run(index, case, &suite.base, surroundings))
        .collect())
}

fn run(index: usize, mut case: Members<'_>, base: &Members<'_>, surroundings: &Surroundings<'_>) -> CaseResult {
    let expected = match case.0.remove("expect") {
        Some(raw) => Expected::read(raw),
        None => Err(Invalid::scenario("the case expects nothing: say what, in expect")),
    };
    let id = case.0.get("id").map_or_else(
        || (index + 1).to_string(),
        |raw| serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned()),
    );
    let expected = match expected {
        Ok(expected) => expected,
        Err(invalid) => {
            return CaseResult {
                id,
                passed: false,
                expected: String::new(),
                found: invalid.message,
                explanation: None,
            };
        }
    };
    let outcome = put_together(case, base).and_then(|text| explained(&text, surroundings));
    let passed = match (&expected, &outcome) {
        (Expected::Decision(decision), Ok(found)) => *decision == found.decision,
        (Expected::Exactly { decision, code }, Ok(found)) => (decision, code) == (&found.decision, &found.code),
        (Expected::Invalid { error }, Err(invalid)) => *error == invalid.code,
        _ => false,
    };
    CaseResult {
        id,
        passed,
        expected: expected.to_string(),
        found: match &outcome {
            Ok(found) => format!("{} ({})", found.decision, found.code),
            Err(invalid) => format!("the error {}: {}", invalid.code, invalid.message),
        },
        explanation: outcome.ok().filter(|_| !passed).map(|found| found.to_string()),
    }
}

/// The text of a case's scenario.
fn put_together(case: Members<'_>, base: &Members<'_>) -> Result<String, Invalid> {
    let request = match (case.0.get("request"), base.0.get("request")) {
        (Some(own), Some(general)) => Some(Members::of(own)?.over(&Members::of(general)?).text()),
        _ => None,
    };
    let mut whole = case.over(base);
    let Some(request) = request else {
        return Ok(whole.text());
    };
    let request = RawValue::from_string(request).map_err(Invalid::scenario)?;
    whole.0.insert("request".to_owned(), &request);
    Ok(whole.text())
}

fn explained(text: &str, surroundings: &Surroundings<'_>) -> Result<Explanation, Invalid> {
    let scenario = Scenario::read(text)?;
    pose(&scenario, surroundings, |request, policies, context| {
        let caller = request.principal.to_string();
        let asked = Asked {
            caller: &caller,
            named: &caller,
            grant: None,
            of_request: &|key| !scenario.request.context.has(key),
        };
        Explanation::of(request, policies, context, &asked)
    })
}
