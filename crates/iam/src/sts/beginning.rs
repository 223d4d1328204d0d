//! Beginning a session: what the requests for all kinds of sessions have in common.

use trent_api::sts::error;
use trent_api::{ApiError, SecretText, Timestamp, protocol, sts};
use trent_audit::json::Object;
use trent_identity::rules::InvalidInput;
use trent_identity::session::{NewSession, POLICY_ARNS, POLICY_SIZE, SessionError};
use trent_policy::{Malformed, Policy, PolicyKind, Problem, Rules};
use trent_service::{Call, internal};

use super::Sts;

/// The most that an inline session policy takes of a record.
const RECORDED_POLICY: usize = POLICY_SIZE * 4;

/// The session policies of a request.
#[derive(Default)]
pub(crate) struct SessionPolicies {
    /// Those that it holds.
    pub(crate) documents: Vec<String>,
    /// Those that it names.
    pub(crate) arns: Vec<String>,
}

impl SessionPolicies {
    /// Reads the policies of a request and judges those that it holds.
    pub(crate) fn new(document: Option<&str>, arns: Option<&[sts::PolicyDescriptorType]>) -> Result<Self, ApiError> {
        if let Some(document) = document {
            if document.chars().count() > POLICY_SIZE {
                return Err(too_long());
            }
            Policy::parse(document, PolicyKind::Session, &Rules::SESSION_POLICY).map_err(|error| malformed(&error))?;
        }
        let arns = arns.unwrap_or_default().iter().filter_map(|policy| policy.arn.clone());
        Ok(Self {
            documents: document.map(str::to_owned).into_iter().collect(),
            arns: arns.collect(),
        })
    }
}

/// Adds the session policies and the lifetime of a request to what the record shows of it.
pub(crate) fn record(
    parameters: &mut Object,
    document: Option<&str>,
    arns: Option<&[sts::PolicyDescriptorType]>,
    seconds: Option<i32>,
) {
    if let Some(document) = document {
        parameters.text("policy", document, RECORDED_POLICY);
    }
    if let Some(arns) = arns {
        let objects = arns.iter().filter_map(|policy| policy.arn.as_deref()).map(|arn| {
            let mut object = Object::new();
            object.string("arn", arn);
            object
        });
        parameters.objects("policyArns", objects);
    }
    if let Some(seconds) = seconds {
        parameters.integer("durationSeconds", seconds.into());
    }
}

/// A session that was begun.
pub(crate) struct Begun {
    /// The credentials as the reply has them.
    pub(crate) credentials: sts::Credentials,
    /// How much of the room for its policies and tags it takes.
    pub(crate) packed_percent: Option<i32>,
    /// The credentials as the record has them: neither secret nor token.
    pub(crate) recorded: Object,
}

/// Begins a session now.
pub(crate) async fn begin(service: &Sts, call: &Call, new: NewSession) -> Result<Begun, ApiError> {
    let issued = service.directory().issue_session(new, call.now).await;
    let issued = issued.map_err(refused)?;
    let secret = str::from_utf8(issued.secret.expose()).map_err(|_| internal("a new secret is no text"))?;
    let expires = i64::try_from(issued.expires_at.as_secs()).unwrap_or(i64::MAX);
    let mut recorded = Object::new();
    let mut credentials = Object::new();
    credentials
        .string("accessKeyId", issued.access_key_id.as_str())
        .integer("expiration", expires);
    recorded.object("credentials", credentials);
    Ok(Begun {
        credentials: sts::Credentials {
            access_key_id: issued.access_key_id.as_str().to_owned(),
            secret_access_key: SecretText::new(secret.to_owned()),
            session_token: issued.token,
            expiration: Timestamp::from_seconds(expires),
        },
        packed_percent: issued
            .packed_percent
            .map(|percent| i32::try_from(percent).unwrap_or(i32::MAX)),
        recorded,
    })
}

fn malformed(error: &Malformed) -> ApiError {
    match error.problem {
        Problem::TooLarge { .. } => too_long(),
        _ => error::malformed_policy_document(error.service_message(PolicyKind::Session)),
    }
}

fn too_long() -> ApiError {
    too_many("policy", POLICY_SIZE)
}

fn too_many(member: &str, most: usize) -> ApiError {
    protocol::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less \
         than or equal to {most}"
    ))
}

/// The refusal on the wire.
fn refused(error: SessionError) -> ApiError {
    match error {
        SessionError::NoSuchPrincipal => protocol::access_denied("Access denied"),
        SessionError::Lifetime { min, max } => protocol::validation(format!(
            "1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: Member must be \
             between {min} and {max}"
        )),
        SessionError::PolicyTooLong => too_long(),
        SessionError::TooManyPolicyArns => too_many("policyArns", POLICY_ARNS),
        SessionError::TooManyTags => too_many("tags", trent_identity::rules::TAGS),
        SessionError::NoSuchTag(_) => {
            protocol::validation("The specified transitive tag key must be included in the requested tags.")
        }
        SessionError::NoSuchPolicy(arn) => protocol::validation(format!("ARN {arn} is not valid.")),
        SessionError::PackedPolicyTooLarge { percent } => error::packed_policy_too_large(format!(
            "Packed policy consumes {percent}% of allotted space, please use smaller policy."
        )),
        SessionError::Invalid(InvalidInput::RepeatedTagKey(_)) => {
            protocol::validation("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        }
        SessionError::Invalid(error) => protocol::validation(error.to_string()),
        SessionError::WrongKind | SessionError::Directory(_) | SessionError::Keystore(_) => internal(error),
    }
}
