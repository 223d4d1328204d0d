//! Who gets events, and what is told of requests that were turned away.

use std::path::{Path, PathBuf};

use trent_delivery::events::{Pattern, Rule, RuleState};
use trent_delivery::security_log::{Destination, Rate};

use super::sources::{Problem, Reader};
use super::tables::{document, required};
use super::value;

/// How many lines of the security log there may be at once, for each that there may be a second.
const BURST: u32 = 10;

/// The longest name of a target, a rule or a sink.
const LONGEST_NAME: usize = 64;

/// Somebody who gets events.
#[derive(Clone, Debug)]
pub(crate) struct EventTarget {
    /// What rules call it.
    pub(crate) name: String,
    /// Where its events go.
    pub(crate) kind: TargetKind,
}

/// Where events go.
#[derive(Clone, Debug)]
pub(crate) enum TargetKind {
    /// A receiver of HTTP requests.
    Webhook {
        /// Its address.
        url: String,
        /// The file of what requests are signed with.
        secret_file: PathBuf,
        /// Whose certificates count, if not those of the machine's authorities.
        ca_file: Option<PathBuf>,
    },
    /// A file of JSON lines.
    File(PathBuf),
    /// The standard output.
    Stdout,
    /// A program that is run for each event.
    Command(PathBuf),
}

/// The security log.
#[derive(Clone, Debug)]
pub(crate) struct SecurityLogSettings {
    /// Where it goes.
    pub(crate) destination: Destination,
    /// How much of it there may be.
    pub(crate) rate: Rate,
}

/// The security log's settings. `folder` is that of the trail.
pub(super) fn security_log(r: &mut Reader, folder: Option<&Path>) -> Option<SecurityLogSettings> {
    let file = folder.map(|folder| folder.join("audit").join("security.jsonl").display().to_string());
    let path = r.read(
        "security_log.file",
        "file of requests that were turned away before anybody knew whose they are; `-` is the standard output",
        file.as_deref().unwrap_or("-"),
        |text| {
            if text == "-" {
                Ok(None)
            } else {
                value::path(text).map(Some)
            }
        },
    )?;
    let per_second = r.read(
        "security_log.rate",
        "lines a second in the long run, ten times as many at once; what is beyond is counted",
        "20",
        |text| value::count(text).and_then(|count| u32::try_from(count).map_err(|error| error.to_string())),
    )?;
    let largest = r.read(
        "security_log.max_size",
        "a file of this size is put aside as `.1`, in place of the one before",
        "64MiB",
        value::size,
    )?;
    Some(SecurityLogSettings {
        destination: path.map_or(Destination::Stdout, |path| Destination::File {
            path,
            largest: largest as u64,
        }),
        rate: Rate {
            per_second,
            burst: per_second.saturating_mul(BURST),
        },
    })
}

/// The targets of events.
pub(super) fn targets(r: &mut Reader) -> Vec<EventTarget> {
    let targets = r.read_tables(
        "events.targets",
        "who gets events, each a table with `name` and one of `url` (with `secret_file`, perhaps `ca_file`), `file`, `command`, `stdout` (in the file only)",
        ["name", "url", "secret_file", "ca_file", "file", "command", "stdout"],
        |[name, url, secret, authorities, file, command, stdout]| {
            Ok(EventTarget {
                name: name_of(name)?,
                kind: kind_of(url, file, command, stdout, secret, authorities)?,
            })
        },
    );
    refuse_doubles(r, "events.targets", targets.iter().map(|target| target.name.as_str()));
    targets
}

fn kind_of(
    url: Option<&str>,
    file: Option<&str>,
    command: Option<&str>,
    stdout: Option<&str>,
    secret: Option<&str>,
    authorities: Option<&str>,
) -> Result<TargetKind, String> {
    if url.is_none() && (secret.is_some() || authorities.is_some()) {
        return Err("`secret_file` and `ca_file` are for a `url`, and there is none".to_owned());
    }
    match (url, file, command, stdout) {
        (Some(url), None, None, None) => {
            let url = value::trusted_url(url, "address of events")?;
            if authorities.is_some() && !value::is_https(&url) {
                return Err("`ca_file` is for a `url` of `https://`".to_owned());
            }
            Ok(TargetKind::Webhook {
                url,
                secret_file: value::path(required(secret, "secret_file")?)?,
                ca_file: authorities.map(value::path).transpose()?,
            })
        }
        (None, Some(file), None, None) => value::path(file).map(TargetKind::File),
        (None, None, Some(command), None) => value::path(command).map(TargetKind::Command),
        (None, None, None, Some("true")) => Ok(TargetKind::Stdout),
        _ => Err("a target has one of `url`, `file`, `command` and `stdout = true`".to_owned()),
    }
}

/// The rules, which name targets.
pub(super) fn rules(r: &mut Reader, targets: &[EventTarget]) -> Vec<Rule> {
    let is_target = |name: &str| targets.iter().any(|target| target.name == name);
    let rules = r.read_tables(
        "events.rules",
        "which events go to which targets, each a table with `name`, `pattern` (an event pattern or its file), `targets`, perhaps `state` (in the file only)",
        ["name", "pattern", "targets", "state"],
        |[name, pattern, targets, state]| {
            let pattern = document(required(pattern, "pattern")?)?;
            let targets: Vec<String> = required(targets, "targets")?.split(',').map(str::to_owned).collect();
            if let Some(unknown) = targets.iter().find(|name| !is_target(name)) {
                return Err(format!("there is no target `{unknown}`"));
            }
            Ok(Rule {
                name: name_of(name)?,
                pattern: Pattern::parse(&pattern).map_err(|error| error.to_string())?,
                state: state.map_or(Ok(RuleState::Enabled), |state| value::one_of(&RuleState::NAMES, state))?,
                targets,
            })
        },
    );
    refuse_doubles(r, "events.rules", rules.iter().map(|rule| rule.name.as_str()));
    for target in targets {
        if !rules.iter().any(|rule| rule.targets.contains(&target.name)) {
            r.notes.push(Problem {
                at: None,
                message: format!("no rule names the target `{}`: it gets no events", target.name),
            });
        }
    }
    rules
}

/// A name, which stands in logs.
pub(super) fn name_of(text: Option<&str>) -> Result<String, String> {
    let name = required(text, "name")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_plain) {
        return Err(format!(
            "a name has 1 to {LONGEST_NAME} letters, digits, dots, hyphens and underscores; `{name}` has not"
        ));
    }
    Ok(name.to_owned())
}

/// A name means one thing.
pub(super) fn refuse_doubles<'n>(r: &mut Reader, key: &str, names: impl Iterator<Item = &'n str>) {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            r.problems.push(Problem {
                at: None,
                message: format!("`{key}`: two have the name `{name}`"),
            });
        }
    }
}
