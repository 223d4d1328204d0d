//! The step of a call that asks whether it comes too soon.

use smallvec::smallvec;
use trent_api::ApiError;
use trent_quotas::{Charges, Quota};

use crate::call::Call;
use crate::operation::{Operation, Service};
use crate::pipeline::Pipeline;

impl Pipeline {
    /// Charges a call to its caller's buckets. That comes before anybody is asked what the caller may do, so that asking
    /// in vain is limited as well.
    pub(crate) fn throttle<O: Operation>(
        &self,
        service: &O::Service,
        call: &Call,
        input: &O::Input,
        resolved: Option<&O::Resolved>,
    ) -> Result<(), ApiError> {
        self.charge::<O>(call, || O::charges(service, call, input, resolved))
    }

    /// Charges a call whose input violates constraints, by its operation alone.
    pub(crate) fn throttle_invalid<O: Operation>(&self, call: &Call) -> Result<(), ApiError> {
        self.charge::<O>(call, || smallvec![Quota::of_group(O::ROW.quota).into()])
    }

    /// Charges a call to what it shares with others, once it is authorized: who may not use something cannot use it up.
    pub(crate) fn throttle_shared<O: Operation>(&self, call: &Call, resolved: &O::Resolved) -> Result<(), ApiError> {
        match O::changes_state_of(resolved) {
            Some((account, key)) if self.request_quotas.are_on() => {
                self.request_quotas.charge_key(&call.region, account, key)
            }
            _ => Ok(()),
        }
    }

    /// Services that call for themselves, and the operator, are of no account and charged for nothing.
    fn charge<O: Operation>(&self, call: &Call, charges: impl FnOnce() -> Charges) -> Result<(), ApiError> {
        match call.account() {
            Some(account) if O::Service::HAS_REQUEST_QUOTAS && self.request_quotas.are_on() => {
                self.request_quotas.charge(account, &call.region, &charges())
            }
            _ => Ok(()),
        }
    }
}
