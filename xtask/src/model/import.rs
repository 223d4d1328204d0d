//! From the service description of the public SDKs to facts: everything that is prose stays behind.

use super::facts::{Bounds, Error, Kind, Member, Operation, Protocol, Service, Shape};
use super::selection;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The description marks faults of the server but no longer says which status each error has. These are the
/// published ones that are neither 400 for a client's error nor 500 for a fault.
const OTHER_STATUSES: [(&str, u16); 1] = [("DependencyTimeoutException", 503)];

/// Shapes whose limits are not the protocol's business: a value beyond them has an error of its own, which the operation
/// gives.
const LIMITED_BY_THE_OPERATION: [(&str, &str); 4] = [
    ("CloudTrail", "EventCategory"),
    ("CloudTrail", "LookupAttributeKey"),
    ("CloudTrail", "LookupAttributeValue"),
    ("CloudTrail", "MaxResults"),
];

#[derive(Deserialize)]
struct Description {
    metadata: Metadata,
    operations: Ordered<OperationDescription>,
    shapes: Ordered<ShapeDescription>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    api_version: String,
    service_id: String,
    protocol: String,
    /// All that the service speaks, if it is more than one.
    #[serde(default)]
    protocols: Vec<String>,
    aws_query_compatible: Option<serde::de::IgnoredAny>,
    target_prefix: Option<String>,
    endpoint_prefix: Option<String>,
    signing_name: Option<String>,
    xml_namespace: Option<String>,
}

impl Metadata {
    /// The protocol that is served: JSON, if there is a choice.
    fn spoken(&self) -> &str {
        match self.protocols.iter().find(|protocol| *protocol == "json") {
            Some(json) => json,
            None => &self.protocol,
        }
    }

    fn protocol(&self) -> Result<Protocol, String> {
        let fact = |value: &Option<String>, what| value.clone().ok_or_else(|| format!("no {what}"));
        match self.spoken() {
            "json" => Ok(Protocol::Json {
                target_prefix: fact(&self.target_prefix, "targetPrefix")?,
                after_query: self.aws_query_compatible.is_some(),
            }),
            "query" => Ok(Protocol::Query {
                signing_name: fact(
                    &self.signing_name.clone().or_else(|| self.endpoint_prefix.clone()),
                    "endpointPrefix",
                )?,
                namespace: fact(&self.xml_namespace, "xmlNamespace")?,
            }),
            other => Err(format!("the protocol {other} is not understood")),
        }
    }
}

#[derive(Deserialize)]
struct OperationDescription {
    input: Option<Reference>,
    output: Option<Reference>,
    authtype: Option<String>,
    #[serde(default)]
    errors: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    shape: String,
}

#[derive(Deserialize)]
struct ShapeDescription {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    members: Ordered<Reference>,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    exception: bool,
    #[serde(default)]
    fault: bool,
    error: Option<ErrorDescription>,
    #[serde(default)]
    sensitive: bool,
    #[serde(rename = "enum", default)]
    values: Vec<String>,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<String>,
    member: Option<Reference>,
    key: Option<Reference>,
    value: Option<Reference>,
}

impl ShapeDescription {
    fn unlimited(self) -> Self {
        Self {
            values: Vec::new(),
            min: None,
            max: None,
            pattern: None,
            ..self
        }
    }
}

/// How an error looks on the wire, where the protocol says so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorDescription {
    code: Option<String>,
    http_status_code: u16,
}

/// An object whose members keep their order.
struct Ordered<T>(Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OrderedVisitor(PhantomData))
    }
}

struct OrderedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OrderedVisitor<T> {
    type Value = Ordered<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Ordered(members))
    }
}

/// The facts of a service; of `served` operations only, if they are listed.
pub(crate) fn from_service_description(text: &str, served: Option<&[&str]>) -> Result<Service, String> {
    let description: Description = serde_json::from_str(text).map_err(|e| format!("not a service description: {e}"))?;
    let mut errors = Vec::new();
    let mut shapes = Vec::new();
    for (name, shape) in description.shapes.0 {
        if shape.exception {
            errors.push(match shape.error {
                Some(error) => Error {
                    // JSON names the shape.
                    code: error
                        .code
                        .filter(|code| *code != name && description.metadata.spoken() != "json"),
                    status: error.http_status_code,
                    name,
                },
                None => Error {
                    status: status_of(&name, shape.fault),
                    code: None,
                    name,
                },
            });
        } else {
            let own = LIMITED_BY_THE_OPERATION.contains(&(description.metadata.service_id.as_str(), name.as_str()));
            let shape = if own { shape.unlimited() } else { shape };
            match kind_of(&name, shape) {
                Ok(kind) => shapes.push(Shape { name, kind }),
                // It may be that nothing that is served needs it.
                Err(unknown) if served.is_some() => drop(unknown),
                Err(unknown) => return Err(unknown),
            }
        }
    }
    let mut operations = Vec::new();
    for (name, operation) in description.operations.0 {
        let input = operation.input.map_or_else(
            || {
                let none = format!("{name}Request");
                shapes.push(Shape {
                    name: none.clone(),
                    kind: Kind::Structure { members: Vec::new() },
                });
                none
            },
            |input| input.shape,
        );
        operations.push(Operation {
            name,
            input,
            unsigned: operation.authtype.as_deref() == Some("none"),
            output: operation.output.map(|output| output.shape),
            errors: operation.errors.into_iter().map(|error| error.shape).collect(),
        });
    }
    let mut service = Service {
        protocol: description.metadata.protocol()?,
        name: description.metadata.service_id,
        api_version: description.metadata.api_version,
        operations,
        errors,
        shapes,
    };
    if let Some(served) = served {
        selection::keep(&mut service, served)?;
    }
    Ok(service)
}

/// Which service a description is of.
pub(crate) fn service_of(text: &str) -> Result<String, String> {
    let description: Description = serde_json::from_str(text).map_err(|e| format!("not a service description: {e}"))?;
    Ok(description.metadata.service_id.to_lowercase())
}

fn status_of(error: &str, fault: bool) -> u16 {
    let published = OTHER_STATUSES.iter().find(|(name, _)| *name == error);
    published.map_or(if fault { 500 } else { 400 }, |(_, status)| *status)
}

fn kind_of(name: &str, shape: ShapeDescription) -> Result<Kind, String> {
    let bounds = Bounds {
        min: shape.min,
        max: shape.max,
    };
    let target = |reference: Option<Reference>| {
        reference
            .map(|reference| reference.shape)
            .ok_or_else(|| format!("{name} is incomplete"))
    };
    Ok(match shape.kind.as_str() {
        "structure" => Kind::Structure {
            members: shape
                .members
                .0
                .into_iter()
                .map(|(name, reference)| {
                    let required = shape.required.contains(&name);
                    Member {
                        name,
                        shape: reference.shape,
                        required,
                    }
                })
                .collect(),
        },
        "string" => Kind::String {
            length: bounds,
            pattern: shape.pattern,
            values: shape.values,
            sensitive: shape.sensitive,
        },
        "blob" => Kind::Blob {
            length: bounds,
            sensitive: shape.sensitive,
        },
        "integer" => Kind::Integer { range: bounds },
        "double" => Kind::Number,
        "boolean" => Kind::Boolean,
        "timestamp" => Kind::Timestamp,
        "list" => Kind::List {
            member: target(shape.member)?,
            length: bounds,
        },
        "map" => Kind::Map {
            key: target(shape.key)?,
            value: target(shape.value)?,
        },
        other => return Err(format!("{name} has the unknown type {other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: &str = r#"{
        "metadata": {"apiVersion": "1", "serviceId": "S", "targetPrefix": "T", "protocol": "json"},
        "operations": {"Z": {"name": "Z", "input": {"shape": "ZRequest"}, "errors": [{"shape": "E"}], "documentation": "prose"}},
        "shapes": {
            "ZRequest": {"type": "structure", "required": ["A"], "documentation": "prose",
                "members": {"B": {"shape": "Text", "documentation": "prose"}, "A": {"shape": "Text"}}},
            "Text": {"type": "string", "min": 1, "max": 2, "pattern": "a*", "documentation": "prose"},
            "E": {"type": "structure", "members": {}, "exception": true, "fault": true},
            "DependencyTimeoutException": {"type": "structure", "members": {}, "exception": true, "fault": true}
        }
    }"#;

    #[test]
    fn facts_keep_their_order_and_prose_stays_behind() {
        let facts = from_service_description(DESCRIPTION, None).expect("a description");
        let text = facts.to_json().expect("JSON");
        assert!(!text.contains("prose"));
        let Ok(Shape {
            kind: Kind::Structure { members },
            ..
        }) = facts.shape("ZRequest")
        else {
            panic!("the structure is missing");
        };
        let members: Vec<_> = members
            .iter()
            .map(|member| (member.name.as_str(), member.required))
            .collect();
        assert_eq!(members, [("B", false), ("A", true)]);
        let errors: Vec<_> = facts
            .errors
            .iter()
            .map(|error| (error.name.as_str(), error.status))
            .collect();
        assert_eq!(errors, [("E", 500), ("DependencyTimeoutException", 503)]);
    }

    #[test]
    fn an_unknown_type_is_refused() {
        let text = DESCRIPTION.replace("\"type\": \"string\"", "\"type\": \"union\"");
        assert!(from_service_description(&text, None).is_err());
    }
}
