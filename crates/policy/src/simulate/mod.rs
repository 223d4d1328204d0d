//! Scenarios: a request with everything that applies to it, written down as JSON and decided without server or state.
//!
//! ```json
//! {"id": "1",
//!  "request": {"principal": "arn:aws:iam::111122223333:user/Alice", "action": "kms:Decrypt",
//!              "resource": {"arn": "arn:aws:kms:us-east-1:111122223333:key/…", "account": "111122223333"},
//!              "context": {"aws:SourceIp": "203.0.113.7"}},
//!  "identityPolicies": [{"name": "p", "policy": {"Version": "2012-10-17", "Statement": […]}}],
//!  "resourcePolicy": {"Version": "2012-10-17", "Statement": […]}}
//! ```
//!
//! The result is `{"id", "decision", "reasons"}`, or `{"id", "error": {"code", "message"}}` if the scenario or one of
//! its policies is invalid. The context is taken as given, except that what the request itself says is derived where it
//! is not given. Everything is decided by [`crate::decide`].

mod grants;
mod result;
mod scenario;
mod subject;
mod suite;

use crate::context::Context;
use crate::decision::{Policies, explain};
use crate::request::Request;
use result::Answer;
use scenario::Scenario;
use subject::Subject;
use trent_names::Partition;

pub use suite::{CaseResult, NoSuite, run_suite};

/// What a simulation knows about where and when it runs; each is used only where a scenario does not say otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// The time, in ISO 8601: `aws:CurrentTime`.
    pub time: Option<&'a str>,
    /// The time, in seconds since 1970: `aws:EpochTime`.
    pub epoch: Option<&'a str>,
    /// The Region: `aws:RequestedRegion`, for a resource whose ARN has none.
    pub region: Option<&'a str>,
}

/// Why a scenario has no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Invalid {
    code: &'static str,
    message: String,
}

impl Invalid {
    fn scenario(message: impl std::fmt::Display) -> Self {
        Self {
            code: "InvalidScenario",
            message: message.to_string(),
        }
    }
}

/// Decides one scenario: JSON in, one line of JSON out, without its line end.
pub fn simulate(scenario: &str, surroundings: &Surroundings<'_>) -> String {
    match Scenario::read(scenario) {
        Ok(scenario) => {
            let answer = decide(&scenario, surroundings);
            Answer::new(scenario.id(), answer).to_json()
        }
        Err(invalid) => Answer::new(Scenario::id_of(scenario), Err(invalid)).to_json(),
    }
}

/// The line for a scenario that is not even text, or more of it than is taken; `why` says which.
pub fn unreadable(why: impl std::fmt::Display) -> String {
    Answer::new(None, Err(Invalid::scenario(why))).to_json()
}

fn decide(scenario: &Scenario<'_>, surroundings: &Surroundings<'_>) -> Result<result::Decided, Invalid> {
    pose(scenario, surroundings, |request, policies, context| {
        let (decision, trace) = explain(request, policies, context);
        result::Decided::new(&decision, &trace, request)
    })
}

/// Asks about what a scenario describes.
fn pose<T>(
    scenario: &Scenario<'_>,
    surroundings: &Surroundings<'_>,
    ask: impl FnOnce(&Request<'_>, &Policies<'_>, &dyn Context) -> T,
) -> Result<T, Invalid> {
    let subject = Subject::new(&scenario.request, surroundings)?;
    let compiled = scenario.compile()?;
    let attached = compiled.attached();
    let service_control = attached.service_control();
    let resource_control = attached.resource_control();
    subject.with_request(|request| {
        let policies = Policies {
            identity: &attached.identity,
            boundaries: &attached.boundaries,
            session: &attached.session,
            service_control: &service_control,
            resource_control: &resource_control,
            resource: attached.resource,
            endpoints: &attached.endpoints,
            grants: &scenario.grants_for(request)?,
            not_enabled: None,
        };
        Ok(ask(request, &policies, subject.context()))
    })?
}

/// The partition that a Region or an ARN without one belongs to.
const DEFAULT_PARTITION: Partition = Partition::Aws;
