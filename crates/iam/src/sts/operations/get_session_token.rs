//! `GetSessionToken`: a session of the caller itself, a user or the root user, with the same permissions.
//!
//! No policy decides about it: whoever has long-term credentials may have short-lived ones in their place.

use std::time::Duration;

use trent_api::{ApiError, sts};
use trent_audit::json::Object;
use trent_identity::session::{LONGEST_OF_ROOT, NewSession, SessionKind};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use super::row;
use crate::Sts;
use crate::sts::asking::{party, with_long_term_credentials, without_mfa};
use crate::sts::beginning::begin;

/// How long a session of a user lasts if nobody says.
const USUAL: Duration = Duration::from_hours(12);

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row("GetSessionToken", action!("sts:GetSessionToken"), Access::Read, &[]);

/// The operation.
pub(crate) struct GetSessionToken;

impl Operation for GetSessionToken {
    type Service = Sts;
    type Input = sts::GetSessionTokenRequest;
    type Output = sts::GetSessionTokenResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(_: &Sts, _: &Call, _: &Self::Input) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &'a ()) -> Vec<Target<'a>> {
        Vec::new()
    }

    async fn prepare(
        service: &Sts,
        call: &Call,
        input: &Self::Input,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let caller = with_long_term_credentials(call, ROW.name)?;
        without_mfa(input.serial_number.as_deref(), input.token_code.as_deref())?;
        let party = party(caller)?;
        let begun = begin(
            service,
            call,
            NewSession {
                kind: SessionKind::Own,
                principal: party.clone(),
                issuer: party,
                name: None,
                source_identity: None,
                policies: Vec::new(),
                policy_arns: Vec::new(),
                tags: Vec::new(),
                transitive_tag_keys: Vec::new(),
                federated_provider: None,
                claims: Vec::new(),
                lifetime: lifetime(input.duration_seconds, caller.is_root),
            },
        )
        .await?;
        Ok(Effect {
            response_elements: Some(begun.recorded.finish()),
            ..Effect::reply(sts::GetSessionTokenResponse {
                credentials: Some(begun.credentials),
                ..sts::GetSessionTokenResponse::default()
            })
        })
    }

    fn describe(_: &Call, input: &Self::Input, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        if let Some(seconds) = input.duration_seconds {
            parameters.integer("durationSeconds", seconds.into());
        }
        Facts {
            request_parameters: (!parameters.is_empty()).then(|| parameters.finish()),
            ..Facts::default()
        }
    }
}

/// How long the session of a user or a federated user lasts. A root user's lasts an hour at most, whatever it asks for.
pub(crate) fn lifetime(seconds: Option<i32>, of_root: bool) -> Duration {
    let wanted = seconds.map_or(USUAL, |seconds| {
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    });
    if of_root { wanted.min(LONGEST_OF_ROOT) } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_user_has_an_hour_at_most() {
        for (seconds, of_root, expected) in [
            (None, false, 43_200),
            (None, true, 3_600),
            (Some(900), true, 900),
            (Some(7_200), true, 3_600),
            (Some(129_600), false, 129_600),
        ] {
            assert_eq!(lifetime(seconds, of_root), Duration::from_secs(expected), "{seconds:?}");
        }
    }
}
