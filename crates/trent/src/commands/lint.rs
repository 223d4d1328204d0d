//! `trent lint`: what is doubtful about policies and grants in files, with no server and no state.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use trent_api::Timestamp;
use trent_kms::grants::review::{GrantFinding, Reviewed, Terms, review};
use trent_kms::lint::{Subject, findings};
use trent_policy::PolicyKind;
use trent_policy::lint::Severity;

use super::{key_type, read_text};
use crate::Failure;
use crate::cli::{FailOn, LintArguments, LintKind};

/// How it ends if something was found.
const FOUND: u8 = 2;

/// One finding, ready to be shown.
struct Shown {
    severity: Severity,
    text: String,
    json: Value,
}

pub(crate) fn run(arguments: &LintArguments) -> Result<ExitCode, Failure> {
    let mut shown = Vec::new();
    for file in &arguments.files {
        let text = read_text(file)?;
        let of_file = match arguments.kind {
            LintKind::Grants => of_grants(&text, arguments).map_err(|error| format!("{file}: {error}"))?,
            kind => of_policy(file, &text, kind.of_policy(), arguments)?,
        };
        shown.extend(of_file.into_iter().map(|mut finding| {
            finding.json["file"] = file.as_str().into();
            finding
        }));
    }
    if arguments.json {
        let all: Vec<_> = shown.iter().map(|finding| &finding.json).collect();
        println!("{}", json!({"findings": all}));
    } else {
        for finding in &shown {
            println!("{}\n", finding.text);
        }
        println!("{}", summary(&shown));
    }
    let fails = |finding: &Shown| match arguments.fail_on {
        FailOn::Error => finding.severity >= Severity::Error,
        FailOn::Warning => finding.severity >= Severity::Warning,
        FailOn::Note => true,
        FailOn::Never => false,
    };
    let code = if shown.iter().any(fails) { FOUND } else { 0 };
    Ok(ExitCode::from(code))
}

impl LintKind {
    /// The kind of policy; grants are none.
    const fn of_policy(self) -> PolicyKind {
        match self {
            Self::Key | Self::Grants => PolicyKind::Resource,
            Self::Identity => PolicyKind::Identity,
            Self::Boundary => PolicyKind::PermissionsBoundary,
            Self::Scp => PolicyKind::ServiceControl,
            Self::Rcp => PolicyKind::ResourceControl,
            Self::Trust => PolicyKind::Trust,
            Self::Session => PolicyKind::Session,
            Self::Endpoint => PolicyKind::Endpoint,
        }
    }
}

fn of_policy(file: &str, text: &str, kind: PolicyKind, arguments: &LintArguments) -> Result<Vec<Shown>, Failure> {
    let key = match &arguments.key_spec {
        Some(spec) => Some(key_type(spec, arguments.key_usage.as_deref())?),
        None => None,
    };
    let subject = Subject {
        kind,
        account: arguments.account,
        key,
    };
    let found = findings(text, &subject).into_iter();
    Ok(found
        .map(|finding| Shown {
            severity: finding.severity,
            text: format!("{file}:{}: {finding}", finding.line),
            json: json!(finding),
        })
        .collect())
}

fn of_grants(text: &str, arguments: &LintArguments) -> Result<Vec<Shown>, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let symmetric = match &arguments.key_spec {
        Some(spec) => spec == "SYMMETRIC_DEFAULT",
        None => true,
    };
    let terms = Terms {
        symmetric,
        managed: arguments.managed_key,
        now: i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
        old: arguments.max_age.into(),
    };
    let document: Value = serde_json::from_str(text)?;
    let listed = document.get("Grants").unwrap_or(&document);
    let listed = listed.as_array().ok_or("this is no answer of ListGrants")?;
    let grants = listed.iter().map(grant).collect::<Result<Vec<_>, _>>()?;
    Ok(review(&grants, &terms).iter().map(shown_grant).collect())
}

/// A grant as `aws kms list-grants` prints it.
fn grant(listed: &Value) -> Result<Reviewed, Failure> {
    let text = |name: &str| listed[name].as_str().unwrap_or_default().to_owned();
    let pairs = |name: &str| {
        let pairs = listed["Constraints"][name].as_object()?;
        let pairs = pairs
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()));
        Some(pairs.collect::<BTreeMap<_, _>>())
    };
    let operations = listed["Operations"].as_array().ok_or("a grant lists no operations")?;
    let operations: BTreeSet<_> = operations.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Reviewed {
        key: text("KeyId"),
        id: text("GrantId"),
        name: text("Name"),
        grantee: text("GranteePrincipal"),
        operations,
        equals: pairs("EncryptionContextEquals"),
        subset: pairs("EncryptionContextSubset"),
        created: created(&listed["CreationDate"]),
    })
}

/// Seconds since 1970, or a date in ISO 8601: clients print either.
#[allow(clippy::cast_possible_truncation, reason = "a date is far within the range")]
fn created(date: &Value) -> Option<i64> {
    match date {
        Value::Number(seconds) => seconds.as_f64().map(|seconds| seconds as i64),
        Value::String(text) => {
            let (local, offset) = offset(text);
            let parsed = Timestamp::parse(&format!("{local}Z"))?;
            Some(parsed.as_millis() / 1_000 - offset)
        }
        _ => None,
    }
}

/// A date without its `Z` or `+02:00`, and how far that is east of UTC, in seconds.
fn offset(date: &str) -> (&str, i64) {
    let at_end = || {
        let (local, zone) = date.split_at_checked(date.len().checked_sub("+00:00".len())?)?;
        let (hours, minutes) = zone.get(1..)?.split_once(':')?;
        let seconds = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
        match zone.as_bytes().first()? {
            b'+' => Some((local, seconds)),
            b'-' => Some((local, -seconds)),
            _ => None,
        }
    };
    at_end().unwrap_or_else(|| (date.strip_suffix('Z').unwrap_or(date), 0))
}

fn shown_grant(finding: &GrantFinding) -> Shown {
    let GrantFinding {
        code,
        severity,
        grant,
        key,
        what,
        why,
        advice,
        ..
    } = finding;
    let revoke = finding
        .removable
        .then(|| format!("aws kms revoke-grant --key-id {key} --grant-id {grant}"));
    let command = revoke
        .as_ref()
        .map(|revoke| format!("\n    {revoke}"))
        .unwrap_or_default();
    let mut json = json!({
        "code": code, "severity": severity, "grant": grant, "key": key,
        "what": what, "why": why, "advice": advice,
    });
    if let Some(revoke) = &revoke {
        json["command"] = revoke.as_str().into();
    }
    Shown {
        severity: *severity,
        text: format!(
            "{} {code}, grant {grant} on {key}: {what}\n    {why}\n    {advice}{command}",
            severity.as_str()
        ),
        json,
    }
}

fn summary(shown: &[Shown]) -> String {
    let count = |severity| shown.iter().filter(|finding| finding.severity == severity).count();
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| (severity, count(severity)));
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(severity, count)| format!("{count} {}{}", severity.as_str(), if count == 1 { "" } else { "s" }))
        .collect();
    if counts.is_empty() {
        "nothing found".to_owned()
    } else {
        counts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_clients_print_them() {
        assert_eq!(created(&json!(1_700_000_000.123)), Some(1_700_000_000));
        for text in [
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20+00:00",
            "2023-11-14T22:13:20.123000+00:00",
            "2023-11-14T23:43:20+01:30",
            "2023-11-14T17:13:20-05:00",
        ] {
            assert_eq!(created(&json!(text)), Some(1_700_000_000), "{text}");
        }
        assert_eq!(created(&Value::Null), None);
    }
}
