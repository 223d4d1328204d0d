//! Policies in a declaration: as JSON text, written in place, or in a file of their own beside the declaration.

use serde_json::Value;
use trent_policy::{Policy, PolicyKind, Rules};

use super::{Misplaced, Path, Problem};

/// Reads a file by the path that a declaration gives it; says why if it cannot.
pub type ReadFile<'f> = &'f dyn Fn(&str) -> Result<String, String>;

/// Reads none: for declarations that no folder goes with.
pub fn no_files(_: &str) -> Result<String, String> {
    Err("no files can be named here".to_owned())
}

/// The one field of a policy that stands in a file of its own.
const FILE: &str = "file";

/// The text of a policy, checked as IAM checks one that is saved.
pub(super) fn policy(
    path: &Path,
    declared: Value,
    kind: PolicyKind,
    rules: &Rules,
    files: ReadFile<'_>,
) -> Result<String, Misplaced> {
    let (text, file) = text(path, declared, files)?;
    crate::rules::document(&text).map_err(|error| path.error(error))?;
    match Policy::parse(&text, kind, rules) {
        Ok(_) => Ok(text),
        Err(error) => Err(path.error(Problem::Document {
            file: file.map(|file| format!("{file}: ")).unwrap_or_default(),
            reason: error.to_string(),
        })),
    }
}

/// The text, and the file that it came from.
fn text(path: &Path, declared: Value, files: ReadFile<'_>) -> Result<(String, Option<String>), Misplaced> {
    match declared {
        Value::String(text) => Ok((text, None)),
        Value::Object(fields) => match fields.get(FILE) {
            Some(Value::String(file)) if fields.len() == 1 => match files(file) {
                Ok(text) => Ok((text, Some(file.clone()))),
                Err(reason) => Err(path.field(FILE).error(Problem::File {
                    path: file.clone(),
                    reason,
                })),
            },
            _ => Ok((Value::Object(fields).to_string(), None)),
        },
        _ => Err(path.error(Problem::Policy("it is neither text nor an object".to_owned()))),
    }
}

/// Whether two documents say the same: white space and the order of fields do not count.
pub(super) fn same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || read(one).is_some_and(|one| Some(one) == read(other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str =
        r#"{ "Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"} }"#;

    fn read(declared: Value) -> Result<String, String> {
        let files = |path: &str| match path {
            "all.json" => Ok(TEXT.to_owned()),
            "bad.json" => Ok("{\n}".to_owned()),
            _ => Err("there is none".to_owned()),
        };
        let path = Path::default().field("document");
        policy(&path, declared, PolicyKind::Identity, &Rules::MANAGED_POLICY, &files)
            .map_err(|misplaced| format!("{}: {}", misplaced.path, misplaced.problem))
    }

    #[test]
    fn a_policy_may_be_written_in_three_ways() {
        assert_eq!(read(json!(TEXT)).as_deref(), Ok(TEXT));
        assert_eq!(read(json!({"file": "all.json"})).as_deref(), Ok(TEXT));
        let in_place = read(serde_json::from_str(TEXT).expect("JSON")).expect("a policy");
        assert!(same(&in_place, TEXT) && in_place != TEXT);
    }

    #[test]
    fn what_is_wrong_with_one_is_said_with_its_place() {
        for (declared, expected) in [
            (json!(7), "document: a policy is a JSON object"),
            (
                json!({"file": "none.json"}),
                "document.file: cannot read `none.json`: there is none",
            ),
            (
                json!({"file": "bad.json"}),
                "document: the policy is not accepted: bad.json: line ",
            ),
            (json!("{}"), "document: the policy is not accepted: line "),
            (
                json!({"file": "all.json", "Statement": []}),
                "document: the policy is not accepted: line ",
            ),
            (
                json!("\u{1}"),
                "document: a policy document has 1 to 131072 characters of Latin-1",
            ),
        ] {
            let error = read(declared).expect_err(expected);
            assert!(error.starts_with(expected), "{error:?} should start with {expected:?}");
        }
    }
}
