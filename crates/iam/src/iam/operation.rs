//! What an operation of IAM is: a row, the subject that it is about, and what it does.
//!
//! An operation says only what is its own. [`On`] makes an operation of the pipeline of it: what must be allowed and
//! what policies can ask follow from the subject.

use std::future::Future;
use std::marker::PhantomData;

use trent_api::{ApiError, Input, Output};
use trent_identity::directory::Planned;
use trent_policy::{ConditionKey, Values};
use trent_service::{Call, Changes, Effect, Facts, Operation, Row, Target};

use super::Iam;
use super::parameters::Parameters;
use super::subject::Subject;
use super::tenant::Tenant;

/// One operation of IAM.
pub(crate) trait IamOperation: Send + Sync + 'static {
    /// Its request.
    type Input: Input + Sync;
    /// Its reply.
    type Output: Output;

    /// Everything fixed about it.
    const ROW: &'static Row<()>;

    /// What must be allowed besides if the request brings tags (IAM User Guide, "Tags for IAM resources").
    const TAGGING: Option<&'static Row<()>> = None;

    /// What the request is about. That there is no such thing is for [`IamOperation::perform`] to say, to those who may
    /// know.
    fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> impl Future<Output = Result<Subject, ApiError>> + Send;

    /// What it does, once it is allowed.
    fn perform(
        tenant: &Tenant<'_>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Effect<Self::Output>, ApiError>> + Send;

    /// The request's members as its audit record shows them.
    fn parameters(input: &Self::Input) -> Parameters;
}

/// An operation of IAM as the pipeline runs it.
pub(crate) struct On<O>(PhantomData<fn() -> O>);

impl<O: IamOperation> Operation for On<O> {
    type Service = Iam;
    type Input = O::Input;
    type Output = O::Output;
    type Resolved = Subject;

    const ROW: &'static Row<()> = O::ROW;

    async fn resolve(iam: &Iam, call: &Call, input: &O::Input) -> Result<Subject, ApiError> {
        O::subject(&Tenant::of(iam, call)?, input).await
    }

    fn targets<'a>(_: &'a Call, _: &'a O::Input, subject: &'a Subject) -> Vec<Target<'a>> {
        let tagging = O::TAGGING.filter(|_| subject.brings_tags());
        let rows = [Some(O::ROW), tagging].into_iter().flatten();
        rows.flat_map(|row| subject.resources().map(|resource| row.on(resource)))
            .collect()
    }

    fn condition<'a>(_: &'a O::Input, subject: &'a Subject, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        subject.values(key)
    }

    async fn prepare(iam: &Iam, call: &Call, input: &O::Input, _: &Subject) -> Result<Effect<O::Output>, ApiError> {
        O::perform(&Tenant::of(iam, call)?, input).await
    }

    fn describe(_: &Call, input: &O::Input, _: Option<&Subject>) -> Facts {
        Facts {
            request_parameters: O::parameters(input).finish(),
            ..Facts::default()
        }
    }
}

/// The effect of a change to what is in an account.
pub(crate) fn change<T>(planned: Planned<T>) -> Effect<T> {
    Effect {
        changes: Changes::Global(planned.transaction),
        ..Effect::reply(planned.output)
    }
}

/// The same, with what its audit record shows of the reply.
pub(crate) fn change_showing<T>(planned: Planned<T>, shown: Parameters) -> Effect<T> {
    Effect {
        response_elements: shown.finish(),
        ..change(planned)
    }
}
