//! The scenario's document.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Invalid;
use super::grants::GrantText;
use crate::decision::{Attached, Grant, Level};
use crate::error::{Malformed, Problem};
use crate::kind::{PolicyKind, Rules};
use crate::policy::Policy;

/// A scenario, with its policies as the text that they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Scenario<'a> {
    #[serde(default)]
    id: Option<Value>,
    pub(super) request: Request,
    #[serde(borrow, default)]
    identity_policies: Option<Vec<NamedText<'a>>>,
    #[serde(borrow, default)]
    permissions_boundaries: Option<Vec<NamedText<'a>>>,
    #[serde(borrow, default)]
    session_policies: Option<Vec<NamedText<'a>>>,
    #[serde(borrow, default)]
    service_control_policies: Option<Vec<LevelText<'a>>>,
    #[serde(borrow, default)]
    resource_control_policies: Option<Vec<LevelText<'a>>>,
    #[serde(borrow, default)]
    resource_policy: Option<&'a RawValue>,
    #[serde(borrow, default)]
    endpoint_policies: Option<Vec<NamedText<'a>>>,
    #[serde(default)]
    grants: Option<Vec<GrantText>>,
}

/// Who asks for what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) principal: String,
    pub(super) action: String,
    pub(super) resource: ResourceText,
    #[serde(default)]
    pub(super) context: Context,
}

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceText {
    pub(super) arn: String,
    #[serde(default)]
    pub(super) account: Option<String>,
}

/// The context: each key with its values, in the order given. Names that differ only in case are one key.
#[derive(Default)]
pub(super) struct Context(pub(super) Vec<(String, Vec<String>)>);

impl Context {
    /// Whether the request says what the value of this key is.
    pub(super) fn has(&self, key: &crate::ConditionKey) -> bool {
        self.0.iter().any(|(name, _)| name.to_lowercase() == key.lower())
    }
}

/// A policy with its name; or the policy alone.
struct NamedText<'a> {
    name: Option<String>,
    policy: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelText<'a> {
    #[serde(default)]
    target: Option<String>,
    #[serde(borrow)]
    policies: Vec<NamedText<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for NamedText<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named<'a> {
            #[serde(default)]
            name: Option<String>,
            #[serde(borrow)]
            policy: &'a RawValue,
        }
        let whole = <&'a RawValue>::deserialize(deserializer)?;
        let (name, policy) = match serde_json::from_str::<Named<'a>>(whole.get()) {
            Ok(named) => (named.name, named.policy),
            Err(_) => (None, whole),
        };
        Ok(Self { name, policy })
    }
}

impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Vec<(String, Vec<String>)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of condition keys")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    keys.push((name, values(value).map_err(A::Error::custom)?));
                }
                Ok(keys)
            }
        }

        let keys = deserializer.deserialize_any(Keys)?;
        let mut merged: HashMap<String, usize> = HashMap::new();
        let mut result: Vec<(String, Vec<String>)> = Vec::new();
        for (name, values) in keys {
            match merged.entry(name.to_lowercase()) {
                Entry::Vacant(slot) => {
                    slot.insert(result.len());
                    result.push((name, values));
                }
                Entry::Occupied(_) => {
                    return Err(D::Error::custom(format!("the context key {name} is given twice")));
                }
            }
        }
        Ok(Self(result))
    }
}

/// One value or a list; numbers and booleans stand for their literal text. `null` is no value.
fn values(raw: &RawValue) -> Result<Vec<String>, String> {
    let scalar = |raw: &RawValue| -> Result<Option<String>, String> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Some).map_err(|error| error.to_string()),
            Some(b'n') => Ok(None),
            Some(b'{' | b'[') => Err("a context value is a string, a number, a boolean or a list of them".into()),
            _ => Ok(Some(text.to_owned())),
        }
    };
    if raw.get().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
        items.into_iter().filter_map(|item| scalar(item).transpose()).collect()
    } else {
        Ok(scalar(raw)?.into_iter().collect())
    }
}

/// Policies with their names.
type Policies = Vec<(String, Policy)>;

/// The policies of a scenario, compiled.
pub(super) struct Compiled {
    identity: Policies,
    boundaries: Policies,
    session: Policies,
    service_control: Vec<(String, Policies)>,
    resource_control: Vec<(String, Policies)>,
    resource: Option<Policy>,
    endpoints: Policies,
}

/// The same, as the decision takes them.
pub(super) struct AttachedPolicies<'c> {
    pub(super) identity: Vec<Attached<'c>>,
    pub(super) boundaries: Vec<Attached<'c>>,
    pub(super) session: Vec<Attached<'c>>,
    service_control: Vec<(&'c str, Vec<Attached<'c>>)>,
    resource_control: Vec<(&'c str, Vec<Attached<'c>>)>,
    pub(super) resource: Option<Attached<'c>>,
    pub(super) endpoints: Vec<Attached<'c>>,
}

impl<'a> Scenario<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Invalid> {
        serde_json::from_str(text).map_err(Invalid::scenario)
    }

    pub(super) fn id(&self) -> Option<Value> {
        self.id.clone()
    }

    /// The id of a text that is no scenario, if it can be found.
    pub(super) fn id_of(text: &str) -> Option<Value> {
        #[derive(Deserialize)]
        struct Id {
            id: Option<Value>,
        }
        serde_json::from_str::<Id>(text).ok()?.id
    }

    /// The grants that cover a request.
    pub(super) fn grants_for(&self, request: &crate::request::Request<'_>) -> Result<Vec<Grant<'_>>, Invalid> {
        let grants = self.grants.as_deref().unwrap_or_default().iter();
        grants.filter_map(|grant| grant.covering(request).transpose()).collect()
    }

    pub(super) fn compile(&self) -> Result<Compiled, Invalid> {
        Ok(Compiled {
            identity: compile(self.identity_policies.as_deref(), PolicyKind::Identity)?,
            boundaries: compile(self.permissions_boundaries.as_deref(), PolicyKind::PermissionsBoundary)?,
            session: compile(self.session_policies.as_deref(), PolicyKind::Session)?,
            service_control: levels(self.service_control_policies.as_deref(), PolicyKind::ServiceControl)?,
            resource_control: levels(self.resource_control_policies.as_deref(), PolicyKind::ResourceControl)?,
            resource: self.resource_policy.map(resource_policy).transpose()?,
            endpoints: compile(self.endpoint_policies.as_deref(), PolicyKind::Endpoint)?,
        })
    }
}

fn compile(texts: Option<&[NamedText<'_>]>, kind: PolicyKind) -> Result<Policies, Invalid> {
    let texts = texts.unwrap_or_default().iter().enumerate();
    texts
        .map(|(index, text)| {
            let name = text
                .name
                .clone()
                .unwrap_or_else(|| format!("{}-{}", kind.as_str(), index + 1));
            let policy = policy(text.policy, kind).map_err(|malformed| invalid(&name, kind, &malformed))?;
            Ok((name, policy))
        })
        .collect()
}

fn levels(texts: Option<&[LevelText<'_>]>, kind: PolicyKind) -> Result<Vec<(String, Policies)>, Invalid> {
    let texts = texts.unwrap_or_default().iter().enumerate();
    texts
        .map(|(index, level)| {
            let target = level.target.clone().unwrap_or_else(|| format!("level-{}", index + 1));
            Ok((target, compile(Some(&level.policies), kind)?))
        })
        .collect()
}

/// The resource's policy: alone, or with a name.
fn resource_policy(raw: &RawValue) -> Result<Policy, Invalid> {
    let kind = PolicyKind::Resource;
    let inner = serde_json::from_str::<NamedText<'_>>(raw.get()).map_err(Invalid::scenario)?;
    policy(inner.policy, kind).map_err(|malformed| invalid("resourcePolicy", kind, &malformed))
}

/// A document, or a string that holds one.
fn policy(raw: &RawValue, kind: PolicyKind) -> Result<Policy, Malformed> {
    let text = raw.get();
    match serde_json::from_str::<String>(text) {
        Ok(inner) => Policy::parse(&inner, kind, &Rules::SCENARIO),
        Err(_) => Policy::parse(text, kind, &Rules::SCENARIO),
    }
}

fn invalid(name: &str, kind: PolicyKind, malformed: &Malformed) -> Invalid {
    let code = match malformed.problem {
        Problem::TooLarge { .. } => "LimitExceeded",
        _ => "MalformedPolicyDocument",
    };
    Invalid {
        code,
        message: format!("{} ({name}: {malformed})", malformed.service_message(kind)),
    }
}

impl Compiled {
    pub(super) fn attached(&self) -> AttachedPolicies<'_> {
        AttachedPolicies {
            identity: attach(&self.identity),
            boundaries: attach(&self.boundaries),
            session: attach(&self.session),
            service_control: attach_levels(&self.service_control),
            resource_control: attach_levels(&self.resource_control),
            resource: self.resource.as_ref().map(|policy| Attached {
                name: "resourcePolicy",
                policy,
            }),
            endpoints: attach(&self.endpoints),
        }
    }
}

fn attach(policies: &[(String, Policy)]) -> Vec<Attached<'_>> {
    let attach = |(name, policy)| Attached { name, policy };
    policies
        .iter()
        .map(|(name, policy)| attach((name.as_str(), policy)))
        .collect()
}

fn attach_levels(levels: &[(String, Policies)]) -> Vec<(&str, Vec<Attached<'_>>)> {
    levels
        .iter()
        .map(|(target, policies)| (target.as_str(), attach(policies)))
        .collect()
}

impl AttachedPolicies<'_> {
    pub(super) fn service_control(&self) -> Vec<Level<'_>> {
        of_levels(&self.service_control)
    }

    pub(super) fn resource_control(&self) -> Vec<Level<'_>> {
        of_levels(&self.resource_control)
    }
}

fn of_levels<'c>(levels: &'c [(&'c str, Vec<Attached<'c>>)]) -> Vec<Level<'c>> {
    levels
        .iter()
        .map(|(target, policies)| Level { target, policies })
        .collect()
}
