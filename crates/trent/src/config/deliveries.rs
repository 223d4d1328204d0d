//! What leaves the house, and where it goes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use trent_delivery::events::{Pattern, Rule, RuleState};
use trent_delivery::outlets::{Collector, Filter, NoCollector};
use trent_delivery::security_log::{Destination, Rate};
use trent_names::AccountId;

use super::sources::{Problem, Reader};
use super::tables::{document, required};
use super::value;

/// The services whose calls a sink can be without.
const SOURCES: [&str; 3] = ["kms.amazonaws.com", "iam.amazonaws.com", "sts.amazonaws.com"];

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

/// What of the trail goes where.
#[derive(Clone, Debug)]
pub(crate) struct TrailSink {
    /// What it is called.
    pub(crate) name: String,
    /// Which records it gets.
    pub(crate) filter: Filter,
    /// Where they go.
    pub(crate) kind: SinkKind,
}

/// Where records go.
#[derive(Clone, Debug)]
pub(crate) enum SinkKind {
    /// A file of JSON lines.
    File(PathBuf),
    /// The standard output.
    Stdout,
    /// A collector of syslog messages.
    Syslog(Collector),
    /// Log files and digests, laid out as `CloudTrail` does it.
    LogFiles {
        /// The folder that stands for the bucket.
        folder: PathBuf,
        /// The bucket's name.
        bucket: String,
        /// How long records wait for their file.
        interval: Duration,
        /// How often digests are made.
        digest_interval: Duration,
    },
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

/// The sinks of the trail.
pub(super) fn sinks(r: &mut Reader) -> Vec<TrailSink> {
    let sinks = r.read_tables(
        "audit.sinks",
        "where records go beside the trail, each a table with `name` and one of `file`, `stdout`, `syslog`, `cloudtrail` (a folder; perhaps with `bucket`, `interval`, `digest_interval`), perhaps `accounts`, `regions`, `exclude_management_event_sources` (in the file only)",
        [
            "name", "file", "stdout", "syslog", "cloudtrail", "bucket", "interval", "digest_interval", "accounts", "regions",
            "exclude_management_event_sources",
        ],
        |[name, file, stdout, syslog, folder, bucket, interval, digests, accounts, regions, sources]| {
            let name = name_of(name)?;
            let layout = [("bucket", bucket), ("interval", interval), ("digest_interval", digests)];
            if let (None, Some((member, _))) = (folder, layout.iter().find(|(_, text)| text.is_some())) {
                return Err(format!("`{member}` is for `cloudtrail`, and there is none"));
            }
            let kind = match (file, stdout, syslog, folder) {
                (Some(path), None, None, None) => SinkKind::File(value::path(path)?),
                (None, Some("true"), None, None) => SinkKind::Stdout,
                (None, None, Some(collector), None) => {
                    SinkKind::Syslog(collector.parse().map_err(|error: NoCollector| error.to_string())?)
                }
                (None, None, None, Some(folder)) => SinkKind::LogFiles {
                    folder: value::path(folder)?,
                    bucket: bucket.unwrap_or(&name).to_owned(),
                    interval: value::time_limit(interval.unwrap_or("5m"))?,
                    digest_interval: value::time_limit(digests.unwrap_or("1h"))?,
                },
                _ => return Err("a sink has one of `file`, `stdout = true`, `syslog` and `cloudtrail`".to_owned()),
            };
            Ok(TrailSink {
                filter: filter(accounts, regions, sources)?,
                name,
                kind,
            })
        },
    );
    refuse_doubles(r, "audit.sinks", sinks.iter().map(|sink| sink.name.as_str()));
    sinks
}

fn filter(accounts: Option<&str>, regions: Option<&str>, sources: Option<&str>) -> Result<Filter, String> {
    let list = |text: Option<&str>| text.map_or_else(Vec::new, |text| text.split(',').map(str::to_owned).collect());
    let (accounts, excluded_sources): (Vec<String>, Vec<String>) = (list(accounts), list(sources));
    if let Some(error) = accounts.iter().find_map(|id| AccountId::parse(id).err()) {
        return Err(error.to_string());
    }
    // As trails have it: one that is not known would exclude nothing, and whoever wrote it expects that it does.
    if let Some(unknown) = excluded_sources
        .iter()
        .find(|source| !SOURCES.contains(&source.as_str()))
    {
        return Err(format!(
            "`{unknown}` is no source of events; there are {}",
            SOURCES.join(", ")
        ));
    }
    let regions = regions.map(value::regions).transpose()?.unwrap_or_default();
    Ok(Filter {
        accounts,
        regions: regions.iter().map(ToString::to_string).collect(),
        excluded_sources,
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
            let url = value::key_url(url)?;
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
fn name_of(text: Option<&str>) -> Result<String, String> {
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
fn refuse_doubles<'n>(r: &mut Reader, key: &str, names: impl Iterator<Item = &'n str>) {
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
