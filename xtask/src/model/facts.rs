//! The facts-only interface model.

use serde::{Deserialize, Serialize};

/// A service.
#[derive(Serialize, Deserialize)]
pub(crate) struct Service {
    #[serde(rename = "service")]
    pub(crate) name: String,
    pub(crate) api_version: String,
    #[serde(flatten)]
    pub(crate) protocol: Protocol,
    pub(crate) operations: Vec<Operation>,
    pub(crate) errors: Vec<Error>,
    pub(crate) shapes: Vec<Shape>,
}

/// How the service is spoken to.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Protocol {
    /// AWS JSON: 1.1, or 1.0 of a service that spoke AWS Query before.
    Json {
        target_prefix: String,
        #[serde(default, skip_serializing_if = "is_false")]
        after_query: bool,
    },
    /// AWS Query with XML replies.
    Query { signing_name: String, namespace: String },
}

/// An operation.
#[derive(Serialize, Deserialize)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) input: String,
    /// Whether a request for it carries its own proof of who calls, and no signature.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) unsigned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
    pub(crate) errors: Vec<String>,
}

/// An error that operations name.
#[derive(Serialize, Deserialize)]
pub(crate) struct Error {
    pub(crate) name: String,
    /// The name on the wire, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    pub(crate) status: u16,
}

/// A named shape.
#[derive(Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) kind: Kind,
}

/// What a shape is.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Kind {
    Structure {
        members: Vec<Member>,
    },
    String {
        #[serde(flatten)]
        length: Bounds,
        #[serde(skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
        #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
        values: Vec<String>,
        #[serde(default, skip_serializing_if = "is_false")]
        sensitive: bool,
    },
    Blob {
        #[serde(flatten)]
        length: Bounds,
        #[serde(default, skip_serializing_if = "is_false")]
        sensitive: bool,
    },
    Integer {
        #[serde(flatten)]
        range: Bounds,
    },
    Number,
    Boolean,
    Timestamp,
    List {
        member: String,
        #[serde(flatten)]
        length: Bounds,
    },
    Map {
        key: String,
        value: String,
    },
}

/// Inclusive bounds.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Bounds {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<i64>,
}

/// A member of a structure.
#[derive(Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) shape: String,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) required: bool,
}

// The signature is the serializer's.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Bounds {
    /// Both bounds, or neither; `least` and `most` stand for one that the model leaves out.
    pub(crate) fn or(self, least: i64, most: i64) -> Option<(i64, i64)> {
        match (self.min, self.max) {
            (None, None) => None,
            (min, max) => Some((min.unwrap_or(least), max.unwrap_or(most))),
        }
    }
}

impl Service {
    pub(crate) fn from_json(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|e| format!("the model is malformed: {e}"))
    }

    pub(crate) fn to_json(&self) -> Result<String, String> {
        let text = serde_json::to_string_pretty(self).map_err(|e| e.to_string())?;
        Ok(text + "\n")
    }

    pub(crate) fn shape(&self, name: &str) -> Result<&Shape, String> {
        self.shapes
            .iter()
            .find(|shape| shape.name == name)
            .ok_or_else(|| format!("no shape {name}"))
    }

    /// The folder and the model file of the service are called so.
    pub(crate) fn module(&self) -> String {
        self.name.to_lowercase()
    }

    pub(crate) fn is_query(&self) -> bool {
        matches!(self.protocol, Protocol::Query { .. })
    }
}
