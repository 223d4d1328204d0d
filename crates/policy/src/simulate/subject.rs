//! What a scenario's request means: the caller, the resource and the context, with what can be derived.

use std::collections::BTreeMap;

use trent_names::{AccountId, PrincipalArn};

use super::scenario;
use super::{DEFAULT_PARTITION, Invalid, Surroundings};
use crate::pattern::arn::split;
use crate::request::{Action, Principal, Request, Resource};

/// The operations on keys that do nothing on a key of another account, whatever policies say (developer guide,
/// "Allowing users in other accounts to use a KMS key"; AUTHZ-218). In lower case, sorted.
const OWN_ACCOUNT_ONLY: [&str; 24] = [
    "kms:cancelkeydeletion",
    "kms:createalias",
    "kms:deletealias",
    "kms:deleteimportedkeymaterial",
    "kms:disablekey",
    "kms:disablekeyrotation",
    "kms:enablekey",
    "kms:enablekeyrotation",
    "kms:getkeylastusage",
    "kms:getkeypolicy",
    "kms:getparametersforimport",
    "kms:importkeymaterial",
    "kms:listkeypolicies",
    "kms:listkeyrotations",
    "kms:listresourcetags",
    "kms:putkeypolicy",
    "kms:replicatekey",
    "kms:rotatekeyondemand",
    "kms:schedulekeydeletion",
    "kms:tagresource",
    "kms:untagresource",
    "kms:updatealias",
    "kms:updatekeydescription",
    "kms:updateprimaryregion",
];

/// A request that owns what it is about.
pub(super) struct Subject {
    principal: Caller,
    action: Action,
    arn: String,
    account: Option<AccountId>,
    scope: String,
    context: BTreeMap<String, Vec<String>>,
}

enum Caller {
    Anonymous,
    Service([String; 1]),
    Known(PrincipalArn),
}

impl Subject {
    pub(super) fn new(request: &scenario::Request, surroundings: &Surroundings<'_>) -> Result<Self, Invalid> {
        let principal = caller(&request.principal)?;
        let (service, name) = request
            .action
            .split_once(':')
            .ok_or_else(|| Invalid::scenario("the action has no service"))?;
        if service.is_empty() || name.is_empty() || request.action.contains(['*', '?']) {
            return Err(Invalid::scenario(format!("{} is no single action", request.action)));
        }
        let arn = &request.resource.arn;
        let fields = split(arn).filter(|fields| fields[0] == "arn");
        if arn != "*" && fields.is_none() {
            return Err(Invalid::scenario(format!("the resource {arn} is neither an ARN nor *")));
        }
        let account = match (&request.resource.account, fields) {
            (Some(account), _) => Some(AccountId::parse(account).map_err(Invalid::scenario)?),
            (None, Some(fields)) => AccountId::parse(fields[4]).ok(),
            (None, None) => None,
        };
        let mut context: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, values) in &request.context.0 {
            context.insert(key.to_lowercase(), values.clone());
        }
        let region = fields.map(|fields| fields[3]).filter(|region| !region.is_empty());
        let region = region.or(surroundings.region);
        let mut subject = Self {
            principal,
            action: Action::new(&request.action),
            arn: arn.clone(),
            account,
            scope: String::new(),
            context,
        };
        subject.derive(region, surroundings);
        let region = subject.first("aws:requestedregion").or(region).unwrap_or_default();
        let caller = subject.account();
        let account = subject.account.or(caller).map(|it| it.to_string()).unwrap_or_default();
        let partition = match &subject.principal {
            Caller::Known(arn) => arn.partition(),
            _ => DEFAULT_PARTITION,
        };
        let service = service.to_lowercase();
        subject.scope = format!("arn:{partition}:{service}:{region}:{account}:*");
        Ok(subject)
    }

    fn account(&self) -> Option<AccountId> {
        match &self.principal {
            Caller::Known(arn) => Some(arn.account()),
            Caller::Anonymous | Caller::Service(_) => None,
        }
    }

    fn first(&self, key: &str) -> Option<&str> {
        self.context.get(key)?.first().map(String::as_str)
    }

    /// Adds a value where the scenario has none. A key that is given, even with an empty list, is taken as given.
    fn add(&mut self, key: &str, value: impl Into<String>) {
        self.context.entry(key.to_owned()).or_insert_with(|| vec![value.into()]);
    }

    fn derive(&mut self, region: Option<&str>, surroundings: &Surroundings<'_>) {
        for (key, value) in [
            ("aws:currenttime", surroundings.time),
            ("aws:epochtime", surroundings.epoch),
            ("aws:requestedregion", region),
        ] {
            if let Some(value) = value {
                self.add(key, value);
            }
        }
        if let Some(owner) = self.account {
            self.add("aws:resourceaccount", owner.to_string());
        }
        let Caller::Known(arn) = &self.principal else {
            if matches!(self.principal, Caller::Anonymous) {
                self.add("aws:principaltype", "Anonymous");
            }
            return;
        };
        let account = arn.account().to_string();
        let (kind, name) = match arn {
            PrincipalArn::Root { .. } => ("Account", None),
            PrincipalArn::User { name, .. } => ("User", Some(name.to_string())),
            PrincipalArn::Role { .. } | PrincipalArn::AssumedRole { .. } => ("AssumedRole", None),
            PrincipalArn::FederatedUser { .. } => ("FederatedUser", None),
        };
        // For a session it is the role that the key names (AUTHZ-31); a role's path is not in its sessions' ARNs.
        let principal_arn = match arn {
            PrincipalArn::AssumedRole {
                partition,
                account,
                role,
                ..
            } => format!("arn:{partition}:iam::{account}:role/{role}"),
            other => other.to_string(),
        };
        self.add("aws:principalarn", principal_arn);
        self.add("aws:principalaccount", account.clone());
        self.add("aws:principaltype", kind);
        if let Some(name) = name {
            self.add("aws:username", name);
        }
        if self.tells_caller_account() {
            self.add("kms:calleraccount", account);
        }
    }

    /// Whether the operation has `kms:CallerAccount` (AUTHZ-58): those on keys, on custom key stores, and `CreateKey`.
    fn tells_caller_account(&self) -> bool {
        let Some(name) = self.action.lower().strip_prefix("kms:") else {
            return false;
        };
        if self.arn == "*" {
            return name == "createkey" || name.contains("customkeystore");
        }
        is_key(&self.arn)
    }

    pub(super) fn context(&self) -> &BTreeMap<String, Vec<String>> {
        &self.context
    }

    /// Hands the request to a decision. (The names of a service are borrowed twice, hence the callback.)
    pub(super) fn with_request<T>(&self, decide: impl FnOnce(&Request<'_>) -> T) -> Result<T, Invalid> {
        let names: Vec<&str> = match &self.principal {
            Caller::Service(names) => names.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let principal = match &self.principal {
            Caller::Anonymous => Principal::Anonymous,
            Caller::Service(_) => Principal::Service { names: &names },
            Caller::Known(arn) => known(arn),
        };
        let resource = self.resource()?;
        let key = matches!(resource, Resource::Key { .. });
        let own_only = OWN_ACCOUNT_ONLY.binary_search(&self.action.lower()).is_ok();
        Ok(decide(&Request {
            principal,
            action: &self.action,
            resource,
            cross_account: !(key && own_only),
        }))
    }

    fn resource(&self) -> Result<Resource<'_>, Invalid> {
        if self.arn == "*" {
            return Ok(Resource::None { scope: &self.scope });
        }
        let account = self
            .account
            .ok_or_else(|| Invalid::scenario("the account of the resource is neither given nor in its ARN"))?;
        let arn = &self.arn;
        Ok(if is_key(arn) {
            Resource::Key { arn, account }
        } else {
            Resource::Other { arn, account }
        })
    }
}

fn is_key(arn: &str) -> bool {
    split(arn).is_some_and(|fields| fields[2] == "kms" && fields[5].starts_with("key/"))
}

fn known(arn: &PrincipalArn) -> Principal<'_> {
    match arn {
        PrincipalArn::Root { account, .. } => Principal::Root { account: *account },
        PrincipalArn::User { .. } => Principal::User { arn, id: None },
        PrincipalArn::Role { .. } => Principal::RoleSession {
            role: Some(arn),
            session: None,
            id: None,
        },
        PrincipalArn::AssumedRole { .. } => Principal::RoleSession {
            role: None,
            session: Some(arn),
            id: None,
        },
        PrincipalArn::FederatedUser { .. } => Principal::FederatedUser {
            arn,
            user: None,
            id: None,
        },
    }
}

fn caller(text: &str) -> Result<Caller, Invalid> {
    if text == "*" {
        return Ok(Caller::Anonymous);
    }
    if let Some(name) = text.strip_prefix("service:") {
        if name.is_empty() {
            return Err(Invalid::scenario("the service has no name"));
        }
        return Ok(Caller::Service([name.to_owned()]));
    }
    PrincipalArn::parse(text).map(Caller::Known).map_err(Invalid::scenario)
}
