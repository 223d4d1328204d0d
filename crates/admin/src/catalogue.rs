//! The list of the operator's operations. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use crate::Operator;
use crate::operations::advance_clock::AdvanceClock;
use crate::operations::apply_declaration::ApplyDeclaration;
use crate::operations::backup::Backup;
use crate::operations::confirm_clock::ConfirmClock;
use crate::operations::destruction_status::DestructionStatus;
use crate::operations::explain::Explain;
use crate::operations::explain_past::ExplainPast;
use crate::operations::list_quotas::ListQuotas;
use crate::operations::plan_declaration::PlanDeclaration;
use crate::operations::recover_key::RecoverKey;
use crate::operations::revoke_sessions::RevokeSessions;
use crate::operations::seal_status::SealStatus;
use crate::operations::set_quota::SetQuota;
use crate::operations::status::Status;
use crate::operations::tag_values::TagValues;
use crate::operations::verify_trail::VerifyTrail;
use crate::operations::who_can::WhoCan;

impl Catalogue for Operator {
    fn catalogue() -> &'static [Entry<Self>] {
        const {
            &[
                Entry::built::<AdvanceClock>(),
                Entry::built::<ApplyDeclaration>(),
                Entry::built::<Backup>(),
                Entry::built::<ConfirmClock>(),
                Entry::built::<DestructionStatus>(),
                Entry::built::<Explain>(),
                Entry::built::<ExplainPast>(),
                Entry::built::<ListQuotas>(),
                Entry::built::<PlanDeclaration>(),
                Entry::built::<RecoverKey>(),
                Entry::built::<RevokeSessions>(),
                Entry::built::<SealStatus>(),
                Entry::built::<SetQuota>(),
                Entry::built::<Status>(),
                Entry::built::<TagValues>(),
                Entry::built::<VerifyTrail>(),
                Entry::built::<WhoCan>(),
            ]
        }
    }
}
