//! Questions about who may do what: the principal that a question is about, put in the place of a caller, and the
//! request that it would make. What decides is the evaluator of real calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use trent_api::{ApiError, protocol};
use trent_identity::{Caller, Directory, Identity, Via};
use trent_names::{PrincipalArn, Region};
use trent_policy::{Asked, Attached, ConditionKey, Explanation, Policies};
use trent_service::{Call, Part, Rehearsal, Rehearse, VpcEndpoint, internal};

/// What questions are answered from.
#[derive(Clone)]
pub struct Questions {
    /// Whose principals the questions are about.
    pub directory: Arc<Directory>,
    /// The service whose actions they are about.
    pub service: Arc<dyn Rehearse>,
    /// The private endpoints of this server.
    pub endpoints: Vec<Arc<VpcEndpoint>>,
}

/// A request as somebody describes it.
#[derive(Debug, Default)]
pub(crate) struct Described {
    pub(crate) principal: String,
    pub(crate) action: String,
    pub(crate) key: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) encryption_context: Option<BTreeMap<String, String>>,
    /// The service that asks on behalf of the principal.
    pub(crate) via_service: Option<String>,
    /// The private endpoint that it comes through.
    pub(crate) vpc_endpoint: Option<String>,
    /// Condition keys by their names in lower case.
    pub(crate) given: BTreeMap<String, Vec<String>>,
}

impl Described {
    /// The principal.
    pub(crate) fn principal(&self) -> Result<PrincipalArn, ApiError> {
        let principal = self.principal.parse();
        principal.map_err(|_| protocol::validation(format!("{} is no ARN of a principal", self.principal)))
    }

    /// Adds a value of a condition key.
    pub(crate) fn give(&mut self, key: &str, value: &str) {
        let values = self.given.entry(key.to_lowercase()).or_default();
        values.push(value.to_owned());
    }
}

impl Questions {
    /// The rehearsal of a request, with the parts that have to be allowed.
    pub(crate) async fn rehearse(
        &self,
        call: &Call,
        mut described: Described,
    ) -> Result<(Rehearsal, Vec<Box<dyn Part>>), ApiError> {
        let principal = described.principal()?;
        let mut region = region(call, described.region.as_deref())?;
        let mut resource = None;
        if let Some(text) = &described.key {
            let located = self.service.locate(text, Some(principal.account()), &region).await?;
            region = located.region;
            resource = Some(located.arn);
        }
        let mut caller = self.caller(call, &principal, &region, &described.action).await?;
        if let Some(service) = described.via_service.take() {
            if described.vpc_endpoint.is_some() {
                // It comes from the service's network, wherever the principal is (AUTHZ-51).
                return Err(protocol::validation(
                    "What a service asks on behalf of a principal comes through no private endpoint",
                ));
            }
            let via = self.via(&service, &region).await?;
            caller = Caller::from(Identity {
                via: Some(Arc::new(via)),
                ..Identity::clone(&caller)
            });
        }
        let through = described
            .vpc_endpoint
            .as_deref()
            .map(|id| self.endpoint(id))
            .transpose()?;
        let mut rehearsal = Rehearsal::new(caller, region, call.now, &described.action);
        if let Some(endpoint) = through {
            rehearsal = rehearsal.through(Arc::clone(endpoint));
        }
        rehearsal.resource = resource;
        rehearsal.encryption_context = described.encryption_context;
        rehearsal.given = described.given;
        let parts = self.service.parts(&rehearsal).await?;
        Ok((rehearsal, parts))
    }

    /// What a request has that a service makes for its principal: a registered service, by its service principal (with or
    /// without the Region, or `s3` for `s3.amazonaws.com`), or else any whose name in `kms:ViaService` this is.
    async fn via(&self, named: &str, region: &Region) -> Result<Via, ApiError> {
        let labels: Vec<&str> = named.split('.').collect();
        // Without the Region, which `kms:ViaService` has in the middle.
        let principal = match labels.as_slice() {
            &[prefix] => format!("{prefix}.amazonaws.com"),
            [prefix, middle, rest @ ..] if *middle == region.as_str() => format!("{prefix}.{}", rest.join(".")),
            _ => named.to_owned(),
        };
        let registered = self.directory.service(&principal).await.map_err(internal)?;
        Ok(match registered {
            Some(service) => Via::registered(&service, region),
            None => Via::imagined(named, region),
        })
    }

    /// A private endpoint of this server.
    fn endpoint(&self, id: &str) -> Result<&Arc<VpcEndpoint>, ApiError> {
        let found = self.endpoints.iter().find(|endpoint| endpoint.id() == id);
        found.ok_or_else(|| protocol::validation(format!("No listener of this server is the private endpoint {id}")))
    }

    /// A principal as a caller of the service that an action belongs to.
    pub(crate) async fn caller(
        &self,
        call: &Call,
        principal: &PrincipalArn,
        region: &Region,
        action: &str,
    ) -> Result<Caller, ApiError> {
        self.find(call, principal, region, action).await?.ok_or_else(|| {
            protocol::validation(match principal {
                PrincipalArn::FederatedUser { .. } => {
                    format!("What {principal} may do is in its session, of which nothing is stored")
                }
                _ => format!("There is no principal {principal} here"),
            })
        })
    }

    /// The same, if the principal is here.
    pub(crate) async fn find(
        &self,
        call: &Call,
        principal: &PrincipalArn,
        region: &Region,
        action: &str,
    ) -> Result<Option<Caller>, ApiError> {
        let service = action.split(':').next().unwrap_or_default();
        let caller = self
            .directory
            .impersonate(principal, region.clone(), service, call.now)
            .await;
        caller.map_err(internal)
    }
}

/// The Region that a question names, or else the first one served.
pub(crate) fn region(call: &Call, named: Option<&str>) -> Result<Region, ApiError> {
    match named {
        None => Ok(call.region.clone()),
        Some(text) => Region::parse(text).map_err(|error| protocol::validation(error.to_string())),
    }
}

/// Explains what is decided about one part of a rehearsed request.
pub(crate) fn explain(rehearsal: &Rehearsal, part: &dyn Part) -> Explanation {
    explain_to(rehearsal, part, None)
}

/// The same; a policy may stand in for everything that the resource's side says.
pub(crate) fn explain_to(rehearsal: &Rehearsal, part: &dyn Part, stand_in: Option<Attached<'_>>) -> Explanation {
    let caller = rehearsal.caller();
    let of_request = |key: &ConditionKey| Rehearsal::is_of_request(part, key);
    let asked = Asked {
        caller: &caller.principal.to_string(),
        named: caller.principal_arn(),
        grant: part.grant(),
        of_request: &of_request,
    };
    rehearsal.evaluate(part, |request, policies, context| {
        let policies = match stand_in {
            None => *policies,
            Some(_) => Policies {
                resource: stand_in,
                resource_control: &[],
                grants: &[],
                ..*policies
            },
        };
        Explanation::of(request, &policies, context, &asked)
    })
}

/// What an answer leaves open, in sentences.
pub(crate) fn notes(service: &dyn Rehearse, rehearsal: &Rehearsal, parts: &[Box<dyn Part>]) -> Vec<String> {
    let mut notes = Vec::from_iter(service.remark(rehearsal));
    match &rehearsal.caller().principal {
        PrincipalArn::Role { .. } => notes
            .push("Asked about some session of the role, begun without session policies and session tags.".to_owned()),
        PrincipalArn::AssumedRole { .. } => notes.push(
            "What policies and tags a session was begun with is not stored: asked about one without any.".to_owned(),
        ),
        _ => {}
    }
    if let Some(via) = &rehearsal.caller().via {
        notes.extend(remark_on(via, rehearsal));
    }
    for name in rehearsal.given.keys().filter(|name| !name.starts_with("aws:")) {
        let key = ConditionKey::new(name);
        if !parts.iter().any(|part| part.target().has(&key)) {
            notes.push(format!(
                "{name} is no condition key of {}: it is absent from the request.",
                rehearsal.action
            ));
        }
    }
    notes
}

/// What the registration of a service says, which no policy does.
fn remark_on(via: &Via, rehearsal: &Rehearsal) -> Option<String> {
    let (name, action) = (via.principal(), &rehearsal.action);
    let Some(service) = via.service() else {
        return Some(format!(
            "No service {name} is registered here: nobody can make the request through it."
        ));
    };
    let region = &rehearsal.caller().region;
    let open = service.may(action) && service.is_in(region) && service.serves(rehearsal.caller().account);
    (!open)
        .then(|| format!("{name} is not registered for {action} here: the request is refused whatever policies say."))
}
