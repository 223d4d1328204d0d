//! What the tests share: names, and short ways to a decision.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use trent_names::PrincipalArn;
use trent_policy::{
    Action, Attached, Decision, Grant, Level, Malformed, Outcome, Policies, Policy, PolicyKind, Principal, Request,
    Resource, Rules, Surroundings, decide, simulate,
};

pub const ACCOUNT: &str = "111122223333";
pub const OTHER_ACCOUNT: &str = "444455556666";
pub const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
pub const ROOT: &str = "arn:aws:iam::111122223333:root";
pub const ALICE: &str = "arn:aws:iam::111122223333:user/Alice";
pub const ROLE: &str = "arn:aws:iam::111122223333:role/service/Engineering";
pub const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Engineering/bob";

/// The line of a scenario's result.
pub fn result(scenario: &Value) -> Value {
    let line = simulate(&scenario.to_string(), &Surroundings::default());
    assert!(!line.contains('\n'), "one line");
    serde_json::from_str(&line).unwrap()
}

/// The decision of a scenario.
pub fn outcome(scenario: &Value) -> String {
    let result = result(scenario);
    result["decision"]
        .as_str()
        .unwrap_or_else(|| panic!("{result} for {scenario:#}"))
        .to_owned()
}

pub type Context = BTreeMap<String, Vec<String>>;

/// A context from JSON: values and lists of values.
pub fn context(value: &Value) -> Context {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values = |value: &Value| match value {
        Value::Array(items) => items.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let object = value.as_object().unwrap();
    object
        .iter()
        .map(|(key, value)| (key.to_lowercase(), values(value)))
        .collect()
}

pub fn parse(kind: PolicyKind, document: &Value) -> Policy {
    try_parse(kind, document).unwrap_or_else(|error| panic!("{error} in {document:#}"))
}

pub fn try_parse(kind: PolicyKind, document: &Value) -> Result<Policy, Malformed> {
    Policy::parse(&document.to_string(), kind, &Rules::SCENARIO)
}

/// A document of the current version with these statements.
pub fn document(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A caller by its ARN; a service by its name; or `*`.
pub struct Caller(pub String);

impl Caller {
    pub fn with<T>(&self, then: impl FnOnce(Principal<'_>) -> T) -> T {
        if self.0 == "*" {
            return then(Principal::Anonymous);
        }
        let Ok(arn) = PrincipalArn::parse(&self.0) else {
            return then(Principal::Service { names: &[&self.0] });
        };
        let role = PrincipalArn::parse(ROLE).unwrap();
        then(match &arn {
            PrincipalArn::Root { account, .. } => Principal::Root { account: *account },
            PrincipalArn::User { .. } => Principal::User { arn: &arn, id: None },
            PrincipalArn::Role { .. } => Principal::RoleSession {
                role: Some(&arn),
                session: None,
                id: None,
            },
            PrincipalArn::AssumedRole { role: name, .. } => Principal::RoleSession {
                role: (&**name == "Engineering").then_some(&role),
                session: Some(&arn),
                id: None,
            },
            PrincipalArn::FederatedUser { .. } => Principal::FederatedUser {
                arn: &arn,
                user: None,
                id: None,
            },
        })
    }
}

/// A world in which one request is decided.
#[derive(Clone)]
pub struct World {
    pub caller: String,
    pub action: String,
    pub resource: String,
    pub owner: String,
    pub cross_account: bool,
    pub context: Context,
    pub identity: Vec<Policy>,
    pub boundaries: Vec<Policy>,
    pub session: Vec<Policy>,
    pub service_control: Vec<Vec<Policy>>,
    pub resource_control: Vec<Vec<Policy>>,
    pub key_policy: Option<Policy>,
    pub endpoints: Vec<Policy>,
    pub grants: Vec<Grant<'static>>,
}

impl World {
    /// Somebody calls `kms:Encrypt` on the key, and no policy is anywhere.
    pub fn new(caller: &str) -> Self {
        Self {
            caller: caller.to_owned(),
            action: "kms:Encrypt".to_owned(),
            resource: KEY.to_owned(),
            owner: ACCOUNT.to_owned(),
            cross_account: true,
            context: Context::new(),
            identity: vec![],
            boundaries: vec![],
            session: vec![],
            service_control: vec![],
            resource_control: vec![],
            key_policy: None,
            endpoints: vec![],
            grants: vec![],
        }
    }

    pub fn action(mut self, action: &str) -> Self {
        action.clone_into(&mut self.action);
        self
    }

    pub fn resource(mut self, arn: &str, owner: &str) -> Self {
        arn.clone_into(&mut self.resource);
        owner.clone_into(&mut self.owner);
        self
    }

    pub fn context(mut self, value: &Value) -> Self {
        self.context = context(value);
        self
    }

    pub fn identity(mut self, statements: &Value) -> Self {
        self.identity.push(parse(PolicyKind::Identity, &document(statements)));
        self
    }

    pub fn boundary(mut self, statements: &Value) -> Self {
        self.boundaries
            .push(parse(PolicyKind::PermissionsBoundary, &document(statements)));
        self
    }

    pub fn session(mut self, statements: &Value) -> Self {
        self.session.push(parse(PolicyKind::Session, &document(statements)));
        self
    }

    pub fn scp(mut self, statements: &Value) -> Self {
        let policy = parse(PolicyKind::ServiceControl, &document(statements));
        self.service_control.push(vec![policy]);
        self
    }

    pub fn rcp(mut self, statements: &Value) -> Self {
        let policy = parse(PolicyKind::ResourceControl, &document(statements));
        self.resource_control.push(vec![policy]);
        self
    }

    pub fn key_policy(mut self, statements: &Value) -> Self {
        self.key_policy = Some(parse(PolicyKind::Resource, &document(statements)));
        self
    }

    pub fn endpoint(mut self, statements: &Value) -> Self {
        self.endpoints.push(parse(PolicyKind::Endpoint, &document(statements)));
        self
    }

    pub fn grant(mut self, grant: Grant<'static>) -> Self {
        self.grants.push(grant);
        self
    }

    /// Decides, and hands over the request with what applied.
    pub fn visit<T>(&self, then: impl FnOnce(&Request<'_>, &Policies<'_>, &Context) -> T) -> T {
        fn attached(policies: &[Policy]) -> Vec<Attached<'_>> {
            const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];
            let pairs = NAMES.iter().cycle().zip(policies);
            pairs.map(|(name, policy)| Attached { name, policy }).collect()
        }
        let identity = attached(&self.identity);
        let boundaries = attached(&self.boundaries);
        let session = attached(&self.session);
        let endpoints = attached(&self.endpoints);
        let scps: Vec<_> = self.service_control.iter().map(|it| attached(it)).collect();
        let rcps: Vec<_> = self.resource_control.iter().map(|it| attached(it)).collect();
        let service_control: Vec<_> = scps.iter().map(|policies| Level { target: "ou", policies }).collect();
        let resource_control: Vec<_> = rcps.iter().map(|policies| Level { target: "ou", policies }).collect();
        let policies = Policies {
            identity: &identity,
            boundaries: &boundaries,
            session: &session,
            service_control: &service_control,
            resource_control: &resource_control,
            resource: self.key_policy.as_ref().map(|policy| Attached {
                name: "default",
                policy,
            }),
            endpoints: &endpoints,
            grants: &self.grants,
            ..Policies::default()
        };
        let action = Action::new(&self.action);
        let account = self.owner.parse().unwrap();
        let scope = format!("arn:aws:kms:us-east-1:{}:*", self.owner);
        let arn = self.resource.as_str();
        let resource = if arn == "*" {
            Resource::None { scope: &scope }
        } else if arn.contains(":key/") {
            Resource::Key { arn, account }
        } else if arn.contains(":role/") {
            Resource::Role { arn, account }
        } else {
            Resource::Other { arn, account }
        };
        Caller(self.caller.clone()).with(|principal| {
            let request = Request {
                principal,
                action: &action,
                resource,
                cross_account: self.cross_account,
            };
            then(&request, &policies, &self.context)
        })
    }

    pub fn decide<T>(&self, then: impl FnOnce(&Decision<'_>) -> T) -> T {
        self.visit(|request, policies, context| then(&decide(request, policies, context)))
    }

    pub fn outcome(&self) -> Outcome {
        self.decide(|decision| decision.outcome)
    }

    pub fn code(&self) -> &'static str {
        self.decide(|decision| decision.code.as_str())
    }

    pub fn allowed(&self) -> bool {
        self.outcome() == Outcome::Allow
    }
}

/// An `Allow` in the key policy for these AWS principals, of all of KMS.
pub fn to(principals: &Value) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "kms:*", "Resource": "*"})
}

/// An IAM statement on everything.
pub fn iam(effect: &str, action: &str) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": "*"})
}
