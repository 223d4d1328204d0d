//! A call that was not carried out, and who is told of it.

use trent_api::ApiError;
use trent_audit::json::Object;

use crate::authorize::Denial;
use crate::call::Call;
use crate::meter::DenialKind;
use crate::operation::{Facts, Operation};
use crate::pipeline::{Pipeline, internal};
use crate::record::{Audience, Record};
use crate::security_log::TurnedAway;

/// A call that was not carried out, with what its record says.
pub(crate) struct Refused {
    pub(crate) error: ApiError,
    pub(crate) facts: Facts,
    /// Whether it came as far as to know what, and of an unsigned request who, it is about.
    pub(crate) resolved: bool,
    pub(crate) audience: Audience,
    pub(crate) decided: Option<Object>,
}

impl Refused {
    pub(crate) fn denied(denial: Denial, facts: Facts) -> Self {
        Self {
            audience: denial.audience(),
            decided: denial.decided,
            ..Self::resolved(denial.error, facts)
        }
    }

    /// A call that came too soon. Nobody has asked yet what its caller may know of.
    pub(crate) fn too_soon(error: ApiError, facts: Facts) -> Self {
        Self {
            audience: Audience::Caller,
            ..Self::resolved(error, facts)
        }
    }

    pub(crate) fn undescribed(error: ApiError) -> Self {
        Self {
            resolved: false,
            ..Self::resolved(error, Facts::default())
        }
    }

    pub(crate) fn resolved(error: ApiError, facts: Facts) -> Self {
        Self {
            error,
            facts,
            resolved: true,
            audience: Audience::Owners,
            decided: None,
        }
    }
}

impl Pipeline {
    /// Puts a refusal into the trail.
    pub(crate) async fn record_refusal<O: Operation>(
        &self,
        call: &Call,
        refused: &mut Refused,
    ) -> Result<(), ApiError> {
        let record = Record {
            facts: &refused.facts,
            created: &[],
            response_elements: None,
            error: Some(&refused.error),
            audience: refused.audience,
            decided: refused.decided.take(),
        };
        let recorded = record.render::<O>(call, &self.trail);
        let promise = recorded.append(&self.trail).await.map_err(internal)?;
        promise.kept().await.map_err(internal)?;
        self.count_records(call, &recorded, true);
        Ok(())
    }

    /// Tells of a request that has no place in a trail.
    pub(crate) fn turned_away<O: Operation>(&self, call: &Call, error: &ApiError, reason: &'static str) {
        let told = TurnedAway::unreadable(call, O::ROW.name, error.code, reason);
        self.admission.turned_away(&told);
    }

    /// Counts a refusal by policies.
    pub(crate) fn count(&self, call: &Call, denial: &Denial) {
        if let Some((code, action)) = &denial.reason {
            self.meter.denied(DenialKind {
                code,
                action: action.clone(),
                account: call.account(),
            });
        }
    }
}
