//! The model file, read on its own and not through the generated table, so that the table is tested against it.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The facts of the model, by name.
pub(crate) struct Model {
    pub(crate) operations: Vec<Value>,
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) shapes: BTreeMap<String, Value>,
}

pub(crate) fn model() -> Model {
    let document: Value = serde_json::from_str(include_str!("../../model/kms.json")).expect("the model is JSON");
    let list = |name: &str| document[name].as_array().expect("a list").clone();
    let named = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    Model {
        operations: list("operations"),
        errors: list("errors")
            .iter()
            .map(|e| (named(e), e["status"].as_u64().expect("a status")))
            .collect(),
        shapes: list("shapes").into_iter().map(|shape| (named(&shape), shape)).collect(),
    }
}

impl Model {
    pub(crate) fn members(&self, structure: &str) -> &[Value] {
        self.shapes[structure]["members"].as_array().expect("members")
    }

    /// A request with the required members only, each of them valid.
    pub(crate) fn least_request(&self, structure: &str) -> Map<String, Value> {
        let required = self
            .members(structure)
            .iter()
            .filter(|member| member["required"] == true);
        required
            .map(|member| (text(member, "name"), self.valid(&text(member, "shape"))))
            .collect()
    }

    /// A request with every member, each of them valid.
    pub(crate) fn full_request(&self, structure: &str) -> Map<String, Value> {
        let members = self.members(structure).iter();
        members
            .map(|member| (text(member, "name"), self.valid(&text(member, "shape"))))
            .collect()
    }

    /// A value that the named shape allows.
    pub(crate) fn valid(&self, name: &str) -> Value {
        let shape = &self.shapes[name];
        let least = shape["min"].as_i64().unwrap_or(1).max(1);
        match shape["type"].as_str().expect("a type") {
            "structure" => Value::Object(self.full_request(name)),
            "string" => match (&shape["enum"], shape["pattern"].as_str()) {
                (Value::Array(values), _) => values[0].clone(),
                (_, Some(pattern)) => json!(text_matching(pattern)),
                _ => json!("a".repeat(usize::try_from(least).expect("a length"))),
            },
            "blob" => json!("AAAA"),
            "integer" => json!(least),
            "boolean" => json!(true),
            "timestamp" => json!(1_700_000_000.5),
            "list" => json!([self.valid(&text(shape, "member"))]),
            "map" => json!({"key": "value"}),
            other => panic!("unknown type {other}"),
        }
    }
}

pub(crate) fn text(value: &Value, member: &str) -> String {
    value[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {value}"))
        .to_owned()
}

/// A text for each pattern of the model, long enough for its shape.
fn text_matching(pattern: &str) -> String {
    let found = match pattern {
        "[0-9]{12}" => "111122223333",
        "^[a-zA-Z0-9:/_-]+$" => "alias/test",
        "^[a-f0-9]+$" => "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "cluster-[2-7a-zA-Z]{11,16}" => "cluster-abcdefghijk",
        "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$" => "arn:aws:s3:us-east-1:111122223333:thing",
        "^[a-zA-Z0-9:/_\\s.-]+$" => "some material",
        "[\\u0020-\\u00FF]*" | "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+" => "some text ÿ",
        "[\\w]+" => "default",
        "^[\\w+=,.@:/-]+$" => "arn:aws:iam::111122223333:user/alice",
        "^([a-z]+-){2,3}\\d+$" => "us-gov-west-1",
        "^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$" => "s3.amazonaws.com",
        "^[a-zA-Z0-9-_.]+$" => "key_1.a-b",
        "^[A-Z2-7]+$" => "ABCDEFGHIJKLMNOPQRST",
        "^[a-zA-Z0-9\\/+=]+$" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP/+=",
        "^https://[a-zA-Z0-9.-]+$" => "https://xks.example.com",
        "^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$" => "/example/kms/xks/v1",
        "^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$" => {
            "com.amazonaws.vpce.us-east-1.vpce-svc-0123"
        }
        other => panic!("the model has a new pattern: {other}"),
    };
    found.to_owned()
}
