//! Every constraint of every member of every input, whole messages.

use crate::model::{Model, model, text};
use crate::patterns::engine;
use serde_json::{Map, Value, json};
use trent_api::{ApiError, decode, kms};

/// A value that breaks constraints, and what the reply says about it.
struct Broken {
    value: Value,
    violations: Vec<String>,
}

fn answer(operation: &str, request: &Map<String, Value>) -> Result<(), ApiError> {
    let row = kms::OPERATIONS
        .iter()
        .find(|row| row.name == operation)
        .expect("the operation is in the table");
    let body = serde_json::to_vec(request).expect("JSON");
    decode::check(row.input, &body)
}

fn expected(violations: &[String]) -> String {
    let plural = if violations.len() == 1 { "" } else { "s" };
    format!(
        "{} validation error{plural} detected: {}",
        violations.len(),
        violations.join("; ")
    )
}

fn violation(shown: &str, path: &str, constraint: &str) -> String {
    format!("Value{shown} at '{path}' failed to satisfy constraint: {constraint}")
}

fn camel(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_lowercase() + rest
}

fn repeated(c: char, count: i64) -> String {
    c.to_string().repeat(usize::try_from(count).expect("a length"))
}

impl Model {
    /// Every way to break the named shape at a path.
    fn broken(&self, name: &str, path: &str) -> Vec<Broken> {
        let shape = &self.shapes[name];
        let sensitive = shape["sensitive"] == true;
        let quoted = |text: &str| if sensitive { String::new() } else { format!(" '{text}'") };
        let (min, max) = (shape["min"].as_i64(), shape["max"].as_i64());
        let mut found = Vec::new();
        match shape["type"].as_str().expect("a type") {
            "string" => {
                let texts = [
                    max.map(|max| repeated('a', max + 1)),
                    min.filter(|min| *min > 0).map(|min| repeated('a', min - 1)),
                    // Two bytes each, so that a count of bytes would be wrong.
                    max.map(|max| repeated('é', max + 1)),
                    shape["pattern"]
                        .as_str()
                        .map(|_| repeated('\u{1F512}', min.unwrap_or(1).max(1))),
                    shape["enum"].as_array().map(|_| "NO_SUCH_VALUE".to_owned()),
                ];
                for text in texts.into_iter().flatten() {
                    let violations: Vec<_> = self
                        .broken_by_text(name, &text)
                        .into_iter()
                        .map(|constraint| violation(&quoted(&text), path, &constraint))
                        .collect();
                    assert!(!violations.is_empty());
                    found.push(Broken {
                        value: json!(text),
                        violations,
                    });
                }
            }
            "blob" => {
                for (length, words) in outside(min, max) {
                    let shown = format!("java.nio.HeapByteBuffer[pos=0 lim={length} cap={length}]");
                    let violations = vec![violation(
                        &quoted(&shown),
                        path,
                        &format!("Member must have length {words}"),
                    )];
                    found.push(Broken {
                        value: json!(base64_of_zeros(length)),
                        violations,
                    });
                }
            }
            "integer" => {
                for (number, words) in outside(min, max) {
                    let violations = vec![violation(
                        &quoted(&number.to_string()),
                        path,
                        &format!("Member must have value {words}"),
                    )];
                    found.push(Broken {
                        value: json!(number),
                        violations,
                    });
                }
            }
            "list" => found.extend(self.broken_list(shape, path)),
            "structure" => {
                for member in self.members(name) {
                    let path = format!("{path}.{}", camel(&text(member, "name")));
                    for broken in self.broken_member(member, &path) {
                        let mut whole = self.full_request(name);
                        whole.insert(text(member, "name"), broken.value);
                        found.push(Broken {
                            value: Value::Object(whole),
                            violations: broken.violations,
                        });
                    }
                }
            }
            _ => {}
        }
        found
    }

    fn broken_member(&self, member: &Value, path: &str) -> Vec<Broken> {
        let mut found = self.broken(&text(member, "shape"), path);
        if member["required"] == true {
            found.push(Broken {
                value: Value::Null,
                violations: vec![violation(" null", path, "Member must not be null")],
            });
        }
        found
    }

    fn broken_list(&self, shape: &Value, path: &str) -> Vec<Broken> {
        let element = text(shape, "member");
        let is_structure = self.shapes[&element]["type"] == "structure";
        let mut found = Vec::new();
        for (length, words) in outside(shape["min"].as_i64(), shape["max"].as_i64()) {
            let values = vec![self.valid(&element); usize::try_from(length).expect("a length")];
            let shown: Vec<_> = values
                .iter()
                .map(|value| value.as_str().expect("text").to_owned())
                .collect();
            let shown = format!(" '[{}]'", shown.join(", "));
            let violations = vec![violation(&shown, path, &format!("Member must have length {words}"))];
            found.push(Broken {
                value: Value::Array(values),
                violations,
            });
        }
        if is_structure {
            // The second element, so that a wrong count of positions shows.
            for broken in self.broken(&element, &format!("{path}.2.member")) {
                found.push(Broken {
                    value: json!([self.valid(&element), broken.value]),
                    violations: broken.violations,
                });
            }
            let violations = vec![violation(
                " null",
                &format!("{path}.2.member"),
                "Member must not be null",
            )];
            found.push(Broken {
                value: json!([self.valid(&element), null]),
                violations,
            });
            return found;
        }
        let constraint = format!(
            "Member must satisfy constraint: [{}]",
            self.all_constraints(&element).join(", ")
        );
        for broken in self.broken(&element, path) {
            let good = self.valid(&element);
            let shown = [&good, &broken.value].map(|value| value.as_str().expect("text").to_owned());
            let violations = vec![violation(&format!(" '[{}]'", shown.join(", ")), path, &constraint)];
            found.push(Broken {
                value: json!([good, broken.value]),
                violations,
            });
        }
        let violations = vec![violation(" '[null]'", path, &constraint)];
        found.push(Broken {
            value: json!([null]),
            violations,
        });
        found
    }

    /// The constraints that a text breaks: enumeration and pattern first, then its length.
    fn broken_by_text(&self, name: &str, text: &str) -> Vec<String> {
        let shape = &self.shapes[name];
        let length = i64::try_from(text.chars().count()).expect("a length");
        let mut found = Vec::new();
        if let Some(values) = shape["enum"].as_array()
            && !values.contains(&json!(text))
        {
            found.push(enumeration(values));
        }
        if let Some(pattern) = shape["pattern"].as_str()
            && !engine(pattern).is_match(text)
        {
            found.push(format!("Member must satisfy regular expression pattern: {pattern}"));
        }
        match (shape["min"].as_i64(), shape["max"].as_i64()) {
            (_, Some(max)) if length > max => found.push(at_most("length", max)),
            (Some(min), _) if length < min => found.push(at_least("length", min)),
            _ => {}
        }
        found
    }

    /// What a list says of its elements: longest, shortest, pattern or enumeration, presence.
    fn all_constraints(&self, name: &str) -> Vec<String> {
        let shape = &self.shapes[name];
        let mut found = Vec::new();
        found.extend(shape["max"].as_i64().map(|max| at_most("length", max)));
        found.extend(shape["min"].as_i64().map(|min| at_least("length", min)));
        found.extend(
            shape["pattern"]
                .as_str()
                .map(|pattern| format!("Member must satisfy regular expression pattern: {pattern}")),
        );
        found.extend(shape["enum"].as_array().map(|values| enumeration(values)));
        found.push("Member must not be null".to_owned());
        found
    }
}

fn at_most(what: &str, max: i64) -> String {
    format!("Member must have {what} less than or equal to {max}")
}

fn at_least(what: &str, min: i64) -> String {
    format!("Member must have {what} greater than or equal to {min}")
}

fn enumeration(values: &[Value]) -> String {
    let names: Vec<_> = values.iter().filter_map(Value::as_str).collect();
    format!("Member must satisfy enum value set: [{}]", names.join(", "))
}

fn outside(min: Option<i64>, max: Option<i64>) -> Vec<(i64, String)> {
    let above = max.map(|max| (max + 1, format!("less than or equal to {max}")));
    let below = min
        .filter(|min| *min > 0)
        .map(|min| (min - 1, format!("greater than or equal to {min}")));
    above.into_iter().chain(below).collect()
}

fn base64_of_zeros(length: i64) -> String {
    let (whole, rest) = (length / 3, length % 3);
    repeated('A', whole * 4) + ["", "AA==", "AAA="][usize::try_from(rest).expect("a remainder")]
}

/// KEY-149, KEY-329: each constraint of each member of each input, broken alone, has the service's words and nothing
/// else in the reply.
#[test]
fn every_constraint_of_every_member_is_checked_and_worded() {
    let model = model();
    let mut checked = 0;
    for operation in &model.operations {
        let (name, input) = (text(operation, "name"), text(operation, "input"));
        assert_eq!(answer(&name, &model.least_request(&input)), Ok(()), "{name}");
        assert_eq!(answer(&name, &model.full_request(&input)), Ok(()), "{name}");
        for member in model.members(&input) {
            let member_name = text(member, "name");
            for broken in model.broken_member(member, &camel(&member_name)) {
                let mut request = model.least_request(&input);
                request.insert(member_name.clone(), broken.value);
                let error = answer(&name, &request).expect_err("a violation");
                assert_eq!((error.code, error.status), ("ValidationException", 400));
                assert_eq!(error.message(), expected(&broken.violations), "{name}.{member_name}");
                checked += 1;
            }
            if member["required"] == true {
                let mut request = model.least_request(&input);
                request.remove(&member_name);
                let error = answer(&name, &request).expect_err("a violation");
                let violation = violation(" null", &camel(&member_name), "Member must not be null");
                assert_eq!(error.message(), expected(&[violation]), "{name}.{member_name}");
            }
        }
    }
    assert!(checked > 500, "only {checked}");
}

/// Two members in the wrong at once: both are named, in the model's order.
#[test]
fn two_violations_are_reported_together() {
    let model = model();
    for operation in &model.operations {
        let (name, input) = (text(operation, "name"), text(operation, "input"));
        let members = model.members(&input);
        for (position, first) in members.iter().enumerate() {
            for second in &members[position + 1..] {
                let mut request = model.least_request(&input);
                let mut violations = Vec::new();
                for member in [second, first] {
                    let path = camel(&text(member, "name"));
                    let Some(broken) = model.broken_member(member, &path).into_iter().next() else {
                        continue;
                    };
                    request.insert(text(member, "name"), broken.value);
                    violations.splice(0..0, broken.violations);
                }
                if let Err(error) = answer(&name, &request) {
                    assert_eq!(error.message(), expected(&violations), "{name}");
                } else {
                    assert!(violations.is_empty(), "{name}");
                }
            }
        }
    }
}

#[test]
fn at_most_ten_violations_are_reported() {
    let tags: Vec<_> = (0..30).map(|_| json!({"TagKey": "", "TagValue": ""})).collect();
    let request = json!({"KeyId": "k", "Tags": tags});
    let error = answer("TagResource", request.as_object().expect("an object")).expect_err("violations");
    assert!(
        error
            .message()
            .starts_with("10 validation errors detected: Value '' at 'tags.1.member.tagKey'")
    );
    assert!(error.message().contains("'tags.10.member.tagKey'"));
    assert!(!error.message().contains("'tags.11.member.tagKey'"));
}

/// KEY-2: what the model marks as sensitive is never repeated in a message.
#[test]
fn sensitive_values_are_not_repeated() {
    let secret = "1UPERSECRET".repeat(8);
    let request = json!({
        "CustomKeyStoreName": "n",
        "KeyStorePassword": secret,
        "XksProxyAuthenticationCredential": {"AccessKeyId": secret, "RawSecretAccessKey": secret},
    });
    let error = answer("CreateCustomKeyStore", request.as_object().expect("an object")).expect_err("violations");
    assert!(
        error
            .message()
            .starts_with("4 validation errors detected: Value at 'keyStorePassword'"),
        "{error}"
    );
    assert!(!error.message().contains("1UPERSECRET"));
}
