//! `WhoCan`, as accounts ask it: who of the account may use one of its own keys. Whom else the key policy and the grants
//! name is listed, and nothing is looked up of them.

use trent_api::{ApiError, protocol};
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action};

use super::{Inquiries, account_of, asking, on_nothing};
use crate::answer::Answer;
use crate::operations::who_can::{Access, Audience, WhoCanRequest, who_can};
use crate::questions::region;

/// The operation.
pub(crate) struct WhoCan;

impl Operation for WhoCan {
    type Service = Inquiries;
    type Input = WhoCanRequest;
    type Output = Answer<Access>;
    type Resolved = ();

    const ROW: &'static Row<()> = &asking("WhoCan", action!("trent:WhoCan"));

    async fn resolve(_: &Inquiries, _: &Call, _: &WhoCanRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a WhoCanRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_nothing(Self::ROW)
    }

    async fn prepare(
        inquiries: &Inquiries,
        call: &Call,
        input: &WhoCanRequest,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let account = account_of(call)?;
        let region = region(call, input.region())?;
        let key = inquiries.locate(input.key(), account, &region).await?;
        if key.owner != account {
            return Err(protocol::validation(format!(
                "Account {account} can ask who may use its own keys: {} is none of them",
                key.arn
            )));
        }
        let access = who_can(&inquiries.questions, call, input.action(), key, Audience::Owner).await?;
        Ok(Effect::reply(Answer(access)))
    }

    fn describe(_: &Call, input: &WhoCanRequest, _: Option<&()>) -> Facts {
        input.facts()
    }
}
