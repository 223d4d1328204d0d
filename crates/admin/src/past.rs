//! A request that was made, as its audit record tells of it: enough to ask about it again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trent_api::{ApiError, protocol};
use trent_service::{Rehearse, internal};

use crate::questions::Described;

/// A request that is in the trail.
pub(crate) struct PastRequest {
    pub(crate) past: Past,
    record: Record,
}

/// What became of a request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Past {
    event_time: String,
    event_name: String,
    principal: String,
    /// `Answered`, or the name of the error that it got.
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    /// The code of the decision that refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
}

/// The members of a record that a question can be made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    user_identity: Who,
    event_time: String,
    event_source: String,
    event_name: String,
    aws_region: String,
    #[serde(rename = "sourceIPAddress")]
    source_ip: String,
    user_agent: String,
    vpc_endpoint_id: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    #[serde(default)]
    request_parameters: Value,
    #[serde(default)]
    operator_only: Value,
    resources: Vec<Resource>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Who {
    arn: Option<String>,
    invoked_by: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Resource {
    #[serde(rename = "ARN")]
    arn: String,
}

impl Past {
    /// Of a request that was turned away before anything was decided about it.
    pub(crate) fn turned_away(time: &str, operation: &str, sender: &str, error: &str, decision: &str) -> Self {
        Self {
            event_time: time.to_owned(),
            event_name: operation.to_owned(),
            principal: sender.to_owned(),
            outcome: error.to_owned(),
            error_message: None,
            decision: Some(decision.to_owned()),
        }
    }
}

impl PastRequest {
    /// Reads a line of the trail.
    pub(crate) fn read(line: &[u8]) -> Result<Self, ApiError> {
        let record: Record = serde_json::from_slice(line).map_err(internal)?;
        let principal = record.user_identity.arn.clone();
        let principal = principal.ok_or_else(|| {
            protocol::validation(
                "The request was the operator's own or a service's: only principals of accounts are asked about",
            )
        })?;
        let past = Past {
            event_time: record.event_time.clone(),
            event_name: record.event_name.clone(),
            principal,
            outcome: record.error_code.clone().unwrap_or_else(|| "Answered".to_owned()),
            error_message: record.error_message.clone(),
            decision: record.operator_only["decision"].as_str().map(str::to_owned),
        };
        Ok(Self { past, record })
    }

    /// What the request was about. Of a refusal that has to do with another account's key, the operator alone is told that.
    fn resources(&self) -> Vec<&str> {
        match self.record.operator_only["resources"].as_array() {
            Some(all) => all.iter().filter_map(Value::as_str).collect(),
            None => self.record.resources.iter().map(|it| it.arn.as_str()).collect(),
        }
    }

    /// The request, described anew: once for each permission that it needs.
    pub(crate) fn described(&self, service: &dyn Rehearse) -> Result<Vec<Described>, ApiError> {
        let Record {
            request_parameters: parameters,
            ..
        } = &self.record;
        let actions = service.actions_of(&self.record.event_source, &self.record.event_name);
        if actions.is_empty() {
            return Err(protocol::validation(format!(
                "Requests of {} to {} cannot be asked about",
                self.past.event_name, self.record.event_source
            )));
        }
        let several = actions.len() > 1;
        let on_a_resource = service.actions();
        let resources = self.resources();
        let described = actions.into_iter().enumerate().map(|(index, action)| {
            // Of an operation with two keys, the first decrypts and the second encrypts.
            let (named, context) = match (several, index) {
                (false, _) => ("keyId", "encryptionContext"),
                (true, 0) => ("sourceKeyId", "sourceEncryptionContext"),
                (true, _) => ("destinationKeyId", "destinationEncryptionContext"),
            };
            let alias = parameters["aliasName"].as_str();
            let named = parameters[named].as_str();
            let resource = resources.get(index).or(resources.last()).copied();
            let mut described = Described {
                principal: self.past.principal.clone(),
                action: action.to_owned(),
                // What a request made is in its record too, and is nothing that it needed a permission on.
                key: alias
                    .or(resource)
                    .or(named)
                    .filter(|_| on_a_resource.contains(&action))
                    .map(str::to_owned),
                region: Some(self.record.aws_region.clone()),
                encryption_context: pairs(&parameters[context]),
                via_service: self.record.user_identity.invoked_by.clone(),
                ..Described::default()
            };
            described.vpc_endpoint.clone_from(&self.record.vpc_endpoint_id);
            if self.record.source_ip.parse::<std::net::IpAddr>().is_ok() {
                let private = described.vpc_endpoint.is_some();
                let key = if private { "aws:vpcsourceip" } else { "aws:sourceip" };
                described.give(key, &self.record.source_ip);
            }
            if !self.record.user_agent.is_empty() && described.via_service.is_none() {
                described.give("aws:useragent", &self.record.user_agent);
            }
            if let Some(at) = named.and_then(|named| named.find("alias/")) {
                described.give("kms:requestalias", &named.unwrap_or_default()[at..]);
            }
            described
        });
        Ok(described.collect())
    }
}

fn pairs(value: &Value) -> Option<BTreeMap<String, String>> {
    let pairs = value.as_object()?.iter();
    Some(
        pairs
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
    )
}
