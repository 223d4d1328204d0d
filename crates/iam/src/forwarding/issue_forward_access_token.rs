//! `IssueForwardAccessToken`: a token to call for whoever signed a request to the service that asks.
//!
//! The service shows the head of the request as it got it, with the signature and with what the signature covers of the
//! body. No policy decides: the principal's own request is what permits it, and what may be done with the token is
//! decided when it is used.

use std::collections::BTreeMap;

use trent_api::shape::{Member, Shape, Structure};
use trent_api::{
    ApiError, Encode, ErrorShape, FromValue, Input, ObjectWriter, Output, SecretText, Shaped, Timestamp, Value,
    protocol,
};
use trent_audit::json::Object;
use trent_identity::services::{ForwardedRequest, IssuedToken, Refusal};
use trent_identity::{AuthenticationError, Times};
use trent_service::{Access, Actor, Call, Effect, Facts, Operation, Row, Target, action, internal};

use super::ForwardAccess;

/// The forwarded request proves nothing.
const INVALID_REQUEST: ErrorShape = ErrorShape::modelled("InvalidForwardedRequestException", 400);

/// The most that a path takes of a record.
const RECORDED_PATH: usize = 1_024;

/// What is fixed about the operation.
static ROW: Row<()> = Row {
    name: "IssueForwardAccessToken",
    action: action!("trent:IssueForwardAccessToken"),
    access: Access::Read,
    across_accounts: true,
    grant: None,
    quota: "ForwardAccess",
    condition_keys: &[],
    read_only: true,
    dry_run: false,
    rules: (),
};

/// The operation.
pub(crate) struct IssueForwardAccessToken;

/// The head of a request as the service got it.
pub(crate) struct IssueRequest {
    method: String,
    path: String,
    query: Option<String>,
    headers: BTreeMap<String, String>,
    payload: String,
}

/// A token, and whom it is of.
pub(crate) struct IssueResponse {
    token: SecretText,
    expires: Timestamp,
    principal: String,
    account: String,
    region: String,
}

static METHOD: Shape = Shape::text(1, 16);
static PATH: Shape = Shape::text(1, 8_192);
static QUERY: Shape = Shape::text(0, 65_536).sensitive();
static HEADERS: Shape = Shape::TextMap;
static PAYLOAD: Shape = Shape::text(1, 128);

impl Shaped for IssueRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "IssueForwardAccessTokenRequest",
        members: &[
            Member::required("Method", "method", &METHOD),
            Member::required("Path", "path", &PATH),
            Member::optional("Query", "query", &QUERY),
            Member::required("Headers", "headers", &HEADERS),
            Member::required("PayloadHash", "payloadHash", &PAYLOAD),
        ],
    };
}

impl FromValue for IssueRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            method: fields.required(0)?,
            path: fields.required(1)?,
            query: fields.optional(2)?,
            headers: fields.required(3)?,
            payload: fields.required(4)?,
        })
    }
}

impl Input for IssueRequest {}

impl Encode for IssueResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("Token", &self.token);
        object.required("Expiration", &self.expires);
        object.required("Principal", &self.principal);
        object.required("Account", &self.account);
        object.required("Region", &self.region);
        object.end();
    }
}

impl Output for IssueResponse {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

impl Operation for IssueForwardAccessToken {
    type Service = ForwardAccess;
    type Input = IssueRequest;
    type Output = IssueResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(_: &ForwardAccess, call: &Call, _: &IssueRequest) -> Result<(), ApiError> {
        match &call.actor {
            Actor::Service(_) => Ok(()),
            _ => Err(protocol::access_denied(
                "Only registered services are issued forward-access tokens",
            )),
        }
    }

    fn targets<'a>(_: &'a Call, _: &'a IssueRequest, (): &'a ()) -> Vec<Target<'a>> {
        Vec::new()
    }

    async fn prepare(
        service: &ForwardAccess,
        call: &Call,
        input: &IssueRequest,
        (): &(),
    ) -> Result<Effect<IssueResponse>, ApiError> {
        let Actor::Service(asking) = &call.actor else {
            return Err(internal("a forward-access token was about to be issued to no service"));
        };
        let names: Vec<String> = input.headers.keys().map(|name| name.to_ascii_lowercase()).collect();
        let values = input.headers.values().map(String::as_bytes);
        let headers: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(values).collect();
        let request = ForwardedRequest {
            method: &input.method,
            path: &input.path,
            query: input.query.as_deref().unwrap_or_default(),
            headers: &headers,
            payload: &input.payload,
        };
        let now = Times {
            machine: service.machine.now(),
            policy: call.now,
        };
        let issued = service.forwarding.issue(asking, &request, now).await;
        let issued = issued.map_err(refused)?;
        let mut elements = Object::new();
        let (principal, expires) = (issued.principal.to_string(), expires(&issued));
        elements
            .string("principal", &principal)
            .string("region", issued.region.as_str())
            .integer("expiration", expires);
        Ok(Effect {
            response_elements: Some(elements.finish()),
            ..Effect::reply(IssueResponse {
                expires: Timestamp::from_seconds(expires),
                account: issued.principal.account().to_string(),
                region: issued.region.to_string(),
                token: SecretText::new(issued.token),
                principal,
            })
        })
    }

    /// The head of the request holds credentials; its record tells where it went.
    fn describe(_: &Call, input: &IssueRequest, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        parameters
            .string("method", &input.method)
            .text("path", &input.path, RECORDED_PATH);
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

fn expires(issued: &IssuedToken) -> i64 {
    i64::try_from(issued.expires_at.as_secs()).unwrap_or(i64::MAX)
}

/// The refusal on the wire.
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Request(AuthenticationError::Unavailable) | Refusal::Store(_) | Refusal::Keystore(_) => {
            internal(refusal)
        }
        Refusal::Request(_) | Refusal::NotAPrincipal => INVALID_REQUEST.with(refusal.to_string()),
        Refusal::Region(_) | Refusal::Account | Refusal::TooManyServices => {
            protocol::access_denied(refusal.to_string())
        }
    }
}
