//! The step of a call that asks whether it comes too soon.

use trent_api::ApiError;
use trent_quotas::Quota;

use crate::call::Call;
use crate::operation::{Operation, Service};
use crate::pipeline::Pipeline;

impl Pipeline {
    /// Charges a call to its caller's buckets. That comes before anybody is asked what the caller may do, so that asking
    /// in vain is limited as well. Services that call for themselves, and the operator, are charged for nothing.
    pub(crate) fn throttle<O: Operation>(
        &self,
        call: &Call,
        input: &O::Input,
        resolved: Option<&O::Resolved>,
    ) -> Result<(), ApiError> {
        match call.account() {
            Some(account) if O::Service::HAS_REQUEST_QUOTAS && self.request_quotas.are_on() => {
                let charges = O::charges(call, input, resolved);
                self.request_quotas.charge(account, &call.region, &charges)
            }
            _ => Ok(()),
        }
    }

    /// Charges a call whose input violates constraints, by its name alone.
    pub(crate) fn throttle_invalid<O: Operation>(&self, call: &Call) -> Result<(), ApiError> {
        match call.account() {
            Some(account) if O::Service::HAS_REQUEST_QUOTAS && self.request_quotas.are_on() => {
                let charge = Quota::of_group(O::ROW.quota).into();
                self.request_quotas.charge(account, &call.region, &[charge])
            }
            _ => Ok(()),
        }
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
}
