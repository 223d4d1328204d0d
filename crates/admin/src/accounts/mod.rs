//! What accounts may ask about permissions: why their principals may or may not do something, who may use their keys,
//! and what policies would decide. Their own IAM policies say who of them may ask (`trent:Explain`, `trent:WhoCan`,
//! `trent:Simulate`).
//!
//! The answers come from the same questions as the operator's. An account sees the reasons of its own side alone: of
//! another account's key, whether that side allows; of its organization, whether that denies (AUTHZ-271).

mod catalogue;
mod discretion;
mod explain;
mod simulate;
mod who_can;

use trent_api::{ApiError, Protocol, protocol};
use trent_names::{AccountId, KeyReference, Region};
use trent_policy::{Action, Malformed, Policy, PolicyKind, Rules};
use trent_service::{Access, Call, Located, Resource, Row, Service, Target, internal};

use crate::questions::Questions;

/// A policy of a key that leaves the decision to the caller's side.
const EVERYBODY: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;

/// A policy of a caller that leaves the decision to the key's side.
const EVERYTHING: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// What answers accounts.
pub struct Inquiries {
    questions: Questions,
    everybody: Policy,
    everything: Policy,
}

impl Inquiries {
    /// Answers from `questions`.
    pub fn new(questions: Questions) -> Result<Self, Malformed> {
        Ok(Self {
            questions,
            everybody: Policy::parse(EVERYBODY, PolicyKind::Resource, &Rules::STORED)?,
            everything: Policy::parse(EVERYTHING, PolicyKind::Identity, &Rules::STORED)?,
        })
    }

    /// The key that an account means. Whether another account's key is there is not told: that is named by its ARN, and
    /// nothing is looked up.
    async fn locate(&self, text: &str, account: AccountId, region: &Region) -> Result<Located, ApiError> {
        let found = self.questions.service.locate(text, Some(account), region).await;
        let is_arn = text.starts_with("arn:");
        match found {
            Ok(found) if found.owner == account => Ok(found),
            Ok(found) if KeyReference::parse(text).is_ok_and(|reference| is_arn && !reference.is_alias()) => Ok(found),
            Ok(_) if is_arn => Err(protocol::validation(
                "Name a key of another account by the key's own ARN",
            )),
            Err(error) if is_arn || error.status >= 500 => Err(error),
            _ => Err(protocol::validation(format!(
                "There is no key {text} of account {account} in Region {region}"
            ))),
        }
    }
}

impl Service for Inquiries {
    type Rules = ();
    const PROTOCOL: Protocol = Protocol::Json {
        target_prefix: "Trent",
        version: trent_api::JsonVersion::V1_1,
    };
    const EVENT_SOURCE: &'static str = "permissions.trent";
}

/// A row of a question.
const fn asking(name: &'static str, action: Action) -> Row<()> {
    Row {
        name,
        action,
        access: Access::Read,
        across_accounts: false,
        grant: None,
        quota: "Inquiries",
        condition_keys: &[],
        read_only: true,
        dry_run: false,
        rules: (),
    }
}

/// What a question must be allowed: itself, on no resource.
fn on_nothing(row: &'static Row<()>) -> Vec<Target<'static>> {
    vec![row.on(Resource::Any)]
}

/// The account that asks.
fn account_of(call: &Call) -> Result<AccountId, ApiError> {
    call.account()
        .ok_or_else(|| internal("a question of an account came from nobody's"))
}
