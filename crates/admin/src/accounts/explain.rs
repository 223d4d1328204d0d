//! `Explain`, as accounts ask it: why one of their own principals may or may not do something.

use serde::Serialize;
use trent_api::{ApiError, protocol};
use trent_names::{AccountId, PrincipalArn};
use trent_policy::{Attached, Policies, decide};
use trent_service::{Call, Effect, Facts, Located, Operation, Part, Rehearsal, Row, Target, action};

use super::discretion::{trusted, without_organization, without_the_keys_side};
use super::{Inquiries, account_of, asking, on_nothing};
use crate::answer::Answer;
use crate::operations::explain::{ExplainRequest, Explained};
use crate::questions::{Described, explain_to, notes, region};

/// The operation.
pub(crate) struct Explain;

/// What the account is told.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Told {
    #[serde(flatten)]
    own: Explained,
    /// The other side, if the key is another account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_side: Option<OtherSide>,
}

/// What is told of another account.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OtherSide {
    account: String,
    /// Whether it lets the principal do this; of a key that is not there it does not.
    allows: bool,
}

impl Operation for Explain {
    type Service = Inquiries;
    type Input = ExplainRequest;
    type Output = Answer<Told>;
    type Resolved = ();

    const ROW: &'static Row<()> = &asking("Explain", action!("trent:Explain"));

    async fn resolve(_: &Inquiries, _: &Call, _: &ExplainRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a ExplainRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_nothing(Self::ROW)
    }

    async fn prepare(
        inquiries: &Inquiries,
        call: &Call,
        input: &ExplainRequest,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let (account, mut described) = (account_of(call)?, input.described()?);
        let principal = own_principal(&described, account)?;
        if let Some(text) = &described.key {
            let region = region(call, described.region.as_deref())?;
            let located = inquiries.locate(text, account, &region).await?;
            if located.owner != account {
                let told = inquiries.across_accounts(call, &principal, described, located).await?;
                return Ok(Effect::reply(Answer(told)));
            }
            described.key = Some(located.arn);
        }
        let questions = &inquiries.questions;
        let (rehearsal, parts) = questions.rehearse(call, described).await?;
        let mut own = Explained::of(&*questions.service, &rehearsal, &parts);
        own.explanations.iter_mut().for_each(without_organization);
        Ok(Effect::reply(Answer(Told { own, other_side: None })))
    }

    fn describe(_: &Call, input: &ExplainRequest, _: Option<&()>) -> Facts {
        input.facts()
    }
}

/// The principal that is asked about. Whether another account has such a one is its own business.
fn own_principal(described: &Described, account: AccountId) -> Result<PrincipalArn, ApiError> {
    if described.vpc_endpoint.is_some() {
        return Err(protocol::validation(
            "Private endpoints are the operator's to ask about",
        ));
    }
    let principal = described.principal()?;
    if principal.account() == account {
        return Ok(principal);
    }
    Err(protocol::validation(format!(
        "Account {account} can ask about its own principals: {principal} is none of them"
    )))
}

impl Inquiries {
    /// The use of another account's key: the own side as it would be explained if the key let everybody in, without a
    /// look at the key; and whether the other side allows.
    async fn across_accounts(
        &self,
        call: &Call,
        principal: &PrincipalArn,
        described: Described,
        key: Located,
    ) -> Result<Told, ApiError> {
        if !described.given.is_empty() || described.via_service.is_some() {
            // Requests that nobody could make would find out what the other side's policies ask for.
            return Err(protocol::validation(
                "Of a request for another account's key nothing can be made up but its encryption context",
            ));
        }
        let (questions, service) = (&self.questions, &self.questions.service);
        let caller = questions
            .caller(call, principal, &key.region, &described.action)
            .await?;
        let mut rehearsal = Rehearsal::new(caller, key.region, call.now, &described.action);
        rehearsal.resource = Some(key.arn);
        rehearsal.encryption_context = described.encryption_context;
        let unseen = service.unseen(&rehearsal, key.owner)?;
        let everybody = Attached {
            name: "",
            policy: &self.everybody,
        };
        let mut explanation = explain_to(&rehearsal, &*unseen, Some(everybody));
        without_organization(&mut explanation);
        without_the_keys_side(&mut explanation);
        let parts = match service.parts(&rehearsal).await {
            Err(error) if error.status >= 500 => return Err(error),
            // Whatever is wrong with the key: the other side does not allow its use.
            Err(_) => Vec::new(),
            Ok(parts) => parts,
        };
        let all = |test: &dyn Fn(&dyn Part) -> bool| !parts.is_empty() && parts.iter().all(|part| test(&**part));
        let allows = all(&|part| self.other_side_allows(&rehearsal, part));
        let allowed = all(&|part| {
            rehearsal.evaluate(part, |request, policies, context| {
                decide(request, policies, context).is_allowed()
            })
        });
        // Without what the caller's own policies allow, only a grant of the other side is left.
        let granted = all(&|part| {
            rehearsal.evaluate(part, |request, policies, context| {
                let policies = Policies {
                    identity: &[],
                    ..*policies
                };
                decide(request, &policies, context).is_allowed()
            })
        });
        if allowed && granted {
            trusted(&mut explanation);
        }
        let notes = notes(&**service, &rehearsal, std::slice::from_ref(&unseen));
        let mut own = Explained::new(vec![explanation], notes);
        if !allowed && own.is_allowed() {
            own.refuse();
        }
        Ok(Told {
            own,
            other_side: Some(OtherSide {
                account: key.owner.to_string(),
                allows,
            }),
        })
    }

    /// What is decided if nothing on the caller's side stands in the way.
    fn other_side_allows(&self, rehearsal: &Rehearsal, part: &dyn Part) -> bool {
        let everything = [Attached {
            name: "",
            policy: &self.everything,
        }];
        rehearsal.evaluate(part, |request, policies, context| {
            let policies = Policies {
                resource_control: policies.resource_control,
                resource: policies.resource,
                grants: policies.grants,
                identity: &everything,
                ..Policies::default()
            };
            decide(request, &policies, context).is_allowed()
        })
    }
}
