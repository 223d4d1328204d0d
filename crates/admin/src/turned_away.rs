//! A request that was turned away before anything was decided about it, as the security log tells of it: the first step of
//! every decision, which no policy answers.

use std::path::Path;

use serde::Deserialize;
use trent_api::ApiError;
use trent_delivery::security_log;
use trent_policy::{ExplainedStep, Explanation, Outcome};
use trent_service::internal;
use uuid::Uuid;

use crate::operations::explain::Explained;
use crate::past::Past;

/// The code of the step.
const CODE: &str = "UNAUTHENTICATED";

const STEP: &str = "0a";
const QUESTION: &str = "Was the request authenticated, and is its action known?";

/// What a line of the security log says of a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    time: String,
    error_code: String,
    reason: String,
    event_name: String,
    access_key_id: Option<String>,
    arn: Option<String>,
}

/// A request that the security log has.
pub(crate) struct TurnedAway(Line);

impl TurnedAway {
    /// The one with this id, if there is one.
    pub(crate) async fn find(log: &Path, request: Uuid) -> Result<Option<Self>, ApiError> {
        let log = log.to_owned();
        let found = tokio::task::spawn_blocking(move || security_log::find(&log, &request)).await;
        let line = found.map_err(internal)?.map_err(internal)?;
        let read = |line: Vec<u8>| serde_json::from_slice(&line).map(Self).map_err(internal);
        line.map(read).transpose()
    }

    /// Whoever sent it; of who proved nothing, what they said of themselves.
    fn sender(&self) -> &str {
        let known = self.0.arn.as_deref().or(self.0.access_key_id.as_deref());
        known.unwrap_or("-")
    }

    /// What became of it then.
    pub(crate) fn past(&self) -> Past {
        Past::turned_away(
            &self.0.time,
            &self.0.event_name,
            self.sender(),
            &self.0.error_code,
            CODE,
        )
    }

    /// Why: no policy was asked.
    pub(crate) fn explained(&self) -> Explained {
        let sentence = match &self.0.arn {
            // Who sent it had proved who they are.
            Some(_) => "The request names no known action, or cannot be read.",
            None => "The request signature or credentials are not valid.",
        };
        let step = ExplainedStep {
            number: STEP.to_owned(),
            question: QUESTION.to_owned(),
            answer: false,
            code: Some(CODE.to_owned()),
            reason: Some(sentence.to_owned()),
            ground: None,
        };
        let explanation = Explanation {
            principal: self.sender().to_owned(),
            action: self.0.event_name.clone(),
            resource: "*".to_owned(),
            decision: Outcome::ImplicitDeny.as_str().to_owned(),
            code: CODE.to_owned(),
            reason: sentence.to_owned(),
            steps: vec![step],
            statements: Vec::new(),
            near: Vec::new(),
            possible: false,
            remedies: Vec::new(),
            more: false,
            grant: None,
        };
        let note = format!(
            "It was turned away ({}), and is in the security log, not in the trail.",
            self.0.reason
        );
        Explained::new(vec![explanation], vec![note])
    }
}
