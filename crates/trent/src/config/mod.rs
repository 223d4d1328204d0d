//! The configuration: one TOML file, each key overridable by an environment variable.
//!
//! [`Config::load`] names every setting once, with its meaning and default; reading, `config check`, unknown-key
//! suggestions and the environment's names all follow from those lines.

mod attestation;
mod collectors;
mod confinement;
mod contradictions;
mod deliveries;
mod features;
mod quotas;
mod seal;
mod sinks;
mod sources;
mod tables;
mod tls;
mod value;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use trent_attestation::Roots;
use trent_audit::{Filter, Keeping};
use trent_delivery::events::Rule;
use trent_identity::web_identity::Issuer;
use trent_names::Region;
use trent_quotas::Applied;
use trent_server::TlsSettings;
use trent_service::VpcEndpoint;

pub(crate) use collectors::{CollectorAddress, TracesSettings};
pub(crate) use deliveries::{EventTarget, SecurityLogSettings, TargetKind};
pub(crate) use seal::{SealKind, SealSettings};
pub(crate) use sinks::{BucketService, LogPlace, SinkKind, TrailSink};
pub(crate) use sources::Problem;
use sources::{Explained, Origin, Reader, Sources, variable_of};
pub(crate) use tables::Listener;
use tls::TlsTable;
pub(crate) use tls::is_loopback;
pub(crate) use value::{duration, span};

use crate::confinement::ConfinementSettings;

/// What the command line may say, above file and environment.
#[derive(Default, Clone, clap::Args)]
pub(crate) struct ConfigFlags {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "TRENT_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Folder that holds the store and the audit trail
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// Address to listen on
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
}

/// How the audit trail treats a request's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuditMode {
    /// The reply waits until its record is on disk.
    Durable,
    /// Records of cryptographic operations reach the disk within a stated bound after the reply.
    Buffered,
    /// There is no trail. Only in development, to measure what one costs.
    Discarding,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Every setting, typed.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    /// What it speaks TLS with, if it does.
    pub(crate) tls: Option<TlsSettings>,
    /// Whether HTTP may be plain where others can reach it.
    pub(crate) allow_plain_http: bool,
    /// Further listeners.
    pub(crate) listeners: Vec<Listener>,
    pub(crate) data_dir: PathBuf,
    /// Whether anybody named the data folder: a development server keeps everything in memory otherwise.
    pub(crate) data_dir_chosen: bool,
    pub(crate) regions: Vec<Region>,
    pub(crate) bootstrap: Option<PathBuf>,
    pub(crate) seal: SealSettings,
    pub(crate) operator_socket: PathBuf,
    pub(crate) audit_mode: AuditMode,
    /// When segments of the trail are closed, and how long they are kept.
    pub(crate) keeping: Keeping,
    /// Where a monitoring system fetches numbers.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// The token that it has to show.
    pub(crate) metrics_token: Option<PathBuf>,
    /// What records are counted that fit, by name.
    pub(crate) metrics_filters: Vec<(String, Filter)>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: String,
    pub(crate) workers: usize,
    pub(crate) issuers: Vec<Issuer>,
    /// Whose attestation documents are believed.
    pub(crate) attestation_roots: Roots,
    /// Who gets events.
    pub(crate) event_targets: Vec<EventTarget>,
    /// Which events go to whom.
    pub(crate) event_rules: Vec<Rule>,
    /// Where records go beside the trail.
    pub(crate) sinks: Vec<TrailSink>,
    /// What is told of requests that were turned away.
    pub(crate) security_log: SecurityLogSettings,
    /// Who is told of requests as traces, if anybody is.
    pub(crate) traces: Option<TracesSettings>,
    /// What the server gives up before it serves.
    pub(crate) confinement: ConfinementSettings,
    /// What accounts may have, and how often they may ask.
    pub(crate) quotas: Applied,
    pub(crate) limits: Limits,
}

/// The bounds on what one client can take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) header_size: usize,
    pub(crate) body_size: usize,
    pub(crate) handshake_timeout: Duration,
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) drain_timeout: Duration,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} problem{}:{}", .0.len(), if .0.len() == 1 { "" } else { "s" }, listed(.0))]
pub(crate) struct ConfigError(Vec<Problem>);

fn listed(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
    lines.concat()
}

/// The outcome of reading the configuration, with what `config check` needs to explain it.
pub(crate) struct Loaded {
    config: Option<Config>,
    explained: Vec<Explained>,
    problems: Vec<Problem>,
    pub(crate) notes: Vec<Problem>,
}

impl Loaded {
    /// The configuration, if nothing is wrong with it.
    pub(crate) fn into_config(self) -> Result<Config, ConfigError> {
        match self.config {
            Some(config) if self.problems.is_empty() => Ok(config),
            _ => Err(ConfigError(self.problems)),
        }
    }

    /// The same, with what is wrong with it only for who wants to serve.
    #[must_use]
    pub(crate) fn for_serving(mut self) -> Self {
        if let Some(config) = &self.config {
            self.problems.extend(config.unfit_to_serve());
        }
        self
    }

    /// Writes each effective setting with its source, then what is wrong. Answers whether all is well.
    pub(crate) fn explain(&self, out: &mut impl Write) -> io::Result<bool> {
        let widest = |of: fn(&Explained) -> usize| self.explained.iter().map(of).max().unwrap_or(0);
        let (keys, values) = (widest(|e| e.key.len()), widest(|e| shown(&e.value).len()));
        for setting in &self.explained {
            writeln!(
                out,
                "{:keys$} = {:values$}  # {}",
                setting.key,
                shown(&setting.value),
                setting.origin
            )?;
            let variable = if setting.has_variable {
                format!(" [{}]", variable_of(setting.key))
            } else {
                String::new()
            };
            writeln!(out, "{:keys$}     {}{variable}", "", setting.meaning)?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        for problem in &self.problems {
            writeln!(out, "problem: {problem}")?;
        }
        match self.problems.len() {
            0 => writeln!(out, "The configuration is valid.")?,
            1 => writeln!(out, "1 problem.")?,
            many => writeln!(out, "{many} problems.")?,
        }
        Ok(self.problems.is_empty())
    }
}

fn shown(value: &str) -> String {
    if value.is_empty() {
        "(none)".to_owned()
    } else {
        format!("\"{value}\"")
    }
}

impl Config {
    /// Reads flags, this process's environment and the file.
    pub(crate) fn load(flags: &ConfigFlags) -> Loaded {
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_sources(flags, environment)
    }

    fn from_sources(flags: &ConfigFlags, environment: impl Iterator<Item = (String, String)>) -> Loaded {
        let mut sources = Sources::gather(flags.config.as_deref(), environment);
        sources.flag("listen", "--listen", flags.listen.clone());
        sources.flag("data_dir", "--data-dir", flags.data_dir.clone());
        let mut reader = Reader::new(sources);
        let config = Self::read(&mut reader);
        reader.finish();
        let mut loaded = Loaded {
            config,
            explained: reader.explained,
            problems: reader.problems,
            notes: reader.notes,
        };
        if let Some(config) = &loaded.config {
            loaded.problems.extend(config.contradictions());
        }
        loaded
    }

    fn read(r: &mut Reader) -> Option<Self> {
        let listen = r.read("listen", "address of the AWS API", "127.0.0.1:4599", value::address);
        let table = TlsTable::read(r);
        let allow_plain_http = r.read(
            "tls.allow_plain_http",
            "`true`: plain HTTP where others can reach it, because something in front ends TLS",
            "false",
            value::yes_or_no,
        );
        let listeners = tables::listeners(r, &table);
        let tls = table.settings().unwrap_or_else(|message| {
            r.problems.push(Problem { at: None, message });
            None
        });
        let data_dir = r.read(
            "data_dir",
            "folder of the store and the audit trail",
            "./trent-data",
            value::path,
        );
        let data_dir_chosen = r
            .explained
            .last()
            .is_some_and(|setting| setting.origin != Origin::Default);
        let regions = r.read(
            "regions",
            "Regions served, each with its own keys",
            "us-east-1",
            value::regions,
        );
        let bootstrap = r.read_optional_path("bootstrap", "TOML file of accounts and access keys to have at start");
        let seal = SealSettings::read(r);
        let socket = data_dir
            .as_deref()
            .map(|dir| dir.join("operator.sock").display().to_string());
        let operator_socket = r.read(
            "operator.socket",
            "Unix socket for the operator's commands",
            socket.as_deref().unwrap_or_default(),
            value::path,
        );
        let audit_mode = audit_mode(r);
        let keeping = keeping(r);
        let metrics_listen = r.read(
            "metrics.listen",
            "address where a monitoring system fetches metrics, besides the operator's socket; none by default",
            "",
            value::optional_address,
        );
        let metrics_token = r.read_optional_path(
            "metrics.token_file",
            "file with the bearer token that metrics are fetched with; needed where others can reach the address",
        );
        let metrics_filters = tables::metrics_filters(r);
        let log_format = log_format(r);
        let log_level = log_level(r);
        let processors = std::thread::available_parallelism().map_or(1, usize::from).to_string();
        let workers = r.read("workers", "threads that serve requests", &processors, value::count);
        let issuers = tables::issuers(r);
        let attestation_roots = attestation::roots(r);
        let event_targets = deliveries::targets(r);
        let event_rules = deliveries::rules(r, &event_targets);
        let sinks = sinks::sinks(r);
        let security_log = deliveries::security_log(r, data_dir.as_deref());
        let traces = collectors::traces(r);
        let confinement = confinement::settings(r);
        let quotas = quotas::quotas(r);
        let limits = Limits::read(r);
        Some(Self {
            listen: listen?,
            tls,
            allow_plain_http: allow_plain_http?,
            listeners,
            data_dir: data_dir?,
            data_dir_chosen,
            regions: regions?,
            bootstrap,
            seal: seal?,
            operator_socket: operator_socket?,
            audit_mode: audit_mode?,
            keeping: keeping?,
            metrics_listen: metrics_listen?,
            metrics_token,
            metrics_filters,
            log_format: log_format?,
            log_level: log_level?,
            workers: workers?,
            issuers,
            attestation_roots: attestation_roots?,
            event_targets,
            event_rules,
            sinks,
            security_log: security_log?,
            traces,
            confinement: confinement?,
            quotas: quotas?,
            limits: limits?,
        })
    }

    /// Where this node remembers the newest state of the store that it has seen, so that an older copy of the whole
    /// store is noticed: beside the seal, outside the data folder.
    pub(crate) fn head_file(&self) -> PathBuf {
        Self::head_file_of(&self.seal.key_file)
    }

    /// The head file of the store that a seal belongs to.
    pub(crate) fn head_file_of(seal_key_file: &Path) -> PathBuf {
        let mut name = seal_key_file.as_os_str().to_owned();
        name.push(".head");
        PathBuf::from(name)
    }

    /// Where it is written down which keys were destroyed: beside the seal, apart from the store and its backups.
    pub(crate) fn ledger_file(&self) -> PathBuf {
        let mut name = self.seal.key_file.as_os_str().to_owned();
        name.push(".destroyed");
        PathBuf::from(name)
    }

    /// Where the AWS API is served: the first listener and the further ones.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        std::iter::once(self.listen).chain(self.listeners.iter().map(|listener| listener.address))
    }

    /// The private endpoints.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Arc<VpcEndpoint>> {
        self.listeners.iter().filter_map(|listener| listener.endpoint.as_ref())
    }
}

fn log_format(r: &mut Reader) -> Option<LogFormat> {
    r.read("log.format", "`text` or `json`", "text", |text| {
        value::one_of(&[("text", LogFormat::Text), ("json", LogFormat::Json)], text)
    })
}

fn log_level(r: &mut Reader) -> Option<String> {
    r.read(
        "log.level",
        "`error`, `warn`, `info`, `debug` (one line a request), `trace`, or a filter such as `info,trent_server=debug`",
        "info",
        |text| match tracing_subscriber::EnvFilter::try_new(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(error) => Err(format!("`{text}` is not a log filter: {error}")),
        },
    )
}

/// What the reply to a call waits for.
fn audit_mode(r: &mut Reader) -> Option<AuditMode> {
    r.read(
        "audit.mode",
        "`durable`: a reply waits for its record; `buffered`: records may follow within 200 ms",
        "durable",
        |text| {
            value::one_of(
                &[
                    ("durable", AuditMode::Durable),
                    ("buffered", AuditMode::Buffered),
                    ("DISCARD-EVERY-RECORD", AuditMode::Discarding),
                ],
                text,
            )
        },
    )
}

/// When segments of the trail are closed, and how long they are kept.
fn keeping(r: &mut Reader) -> Option<Keeping> {
    let segment_size = r.read(
        "audit.segment_size",
        "a segment of the audit trail is closed when it is this large",
        "64MiB",
        value::size,
    );
    let segment_age = r.read(
        "audit.segment_age",
        "or when its first record is this old",
        "7d",
        value::span,
    );
    let age = r.read(
        "audit.keep_for",
        "closed segments are removed when their last record is older than this; `forever` keeps them",
        "forever",
        |text| match text {
            "forever" => Ok(None),
            span => value::span(span).map(Some),
        },
    );
    let size = r.read(
        "audit.keep_size",
        "the oldest closed segments are removed while the trail is larger than this; `unlimited` keeps them",
        "unlimited",
        |text| match text {
            "unlimited" => Ok(None),
            size => value::size(size).map(Some),
        },
    );
    Some(Keeping {
        segment_size: u64::try_from(segment_size?).ok()?,
        segment_age: segment_age?,
        age: age?,
        size: size?.map(|size| size as u64),
    })
}

impl Limits {
    fn read(r: &mut Reader) -> Option<Self> {
        let connections = r.read(
            "limits.connections",
            "connections served at once",
            "10000",
            value::count,
        );
        let header_size = r.read(
            "limits.header_size",
            "largest request head",
            "64KiB",
            |text| match value::size(text) {
                Ok(size) if size < 8192 => Err("less than 8KiB would refuse ordinary signed requests".to_owned()),
                other => other,
            },
        );
        let body_size = r.read("limits.body_size", "largest request body", "1MiB", value::size);
        let handshake_timeout = r.read(
            "limits.handshake_timeout",
            "longest time that a TLS handshake may take",
            "10s",
            value::time_limit,
        );
        let header_timeout = r.read(
            "limits.header_timeout",
            "longest wait for a whole request head",
            "10s",
            value::time_limit,
        );
        let body_timeout = r.read(
            "limits.body_timeout",
            "longest wait for a whole body",
            "30s",
            value::time_limit,
        );
        let idle_timeout = r.read(
            "limits.idle_timeout",
            "a connection without a request is closed after",
            "75s",
            value::time_limit,
        );
        let drain_timeout = r.read(
            "limits.drain_timeout",
            "how long a stopping server waits for requests under way",
            "30s",
            value::duration,
        );
        Some(Self {
            connections: connections?,
            header_size: header_size?,
            body_size: body_size?,
            handshake_timeout: handshake_timeout?,
            header_timeout: header_timeout?,
            body_timeout: body_timeout?,
            idle_timeout: idle_timeout?,
            drain_timeout: drain_timeout?,
        })
    }
}

/// The seal's default place: this user's configuration folder, which no copy of the data folder contains.
fn default_seal_file() -> String {
    let folder = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
        .unwrap_or_else(|| PathBuf::from("/etc"));
    folder.join("trent").join("seal.key").display().to_string()
}

#[cfg(test)]
mod tests;
