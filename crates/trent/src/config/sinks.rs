//! Where records go beside the trail.

use std::path::PathBuf;
use std::time::Duration;

use trent_delivery::outlets::{Collector, Filter, NoCollector};
use trent_names::AccountId;

use super::collectors::{CollectorAddress, OTLP};
use super::deliveries::{name_of, refuse_doubles};
use super::features::Feature;
use super::sources::Reader;
use super::tables::required;
use super::value;

/// The services whose calls a sink can be without.
const SOURCES: [&str; 3] = ["kms.amazonaws.com", "iam.amazonaws.com", "sts.amazonaws.com"];

/// Where OpenTelemetry has log records sent.
const LOGS_PATH: &str = "/v1/logs";

/// What log files in buckets need.
const S3: Feature = Feature {
    name: "s3",
    is_built: cfg!(feature = "s3"),
};

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
    /// A collector of log records of OpenTelemetry.
    Otlp(CollectorAddress),
    /// Log files and digests, laid out as `CloudTrail` does it.
    LogFiles {
        /// Where they are put.
        place: LogPlace,
        /// The bucket's name.
        bucket: String,
        /// How long records wait for their file.
        interval: Duration,
        /// How often digests are made.
        digest_interval: Duration,
    },
}

/// Where log files are put.
#[derive(Clone, Debug)]
pub(crate) enum LogPlace {
    /// A folder that stands for the bucket.
    Folder(PathBuf),
    /// The bucket itself.
    Bucket(BucketService),
}

/// Where a bucket is.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "s3"), expect(dead_code, reason = "read, and refused"))]
pub(crate) struct BucketService {
    /// The address of the S3-compatible service.
    pub(crate) endpoint: String,
    /// The Region that requests are signed for.
    pub(crate) region: String,
    /// The file of the access key.
    pub(crate) credentials_file: PathBuf,
    /// Whose certificates count, if not those of the machine's authorities.
    pub(crate) ca_file: Option<PathBuf>,
}

/// What a table says of where records go.
#[derive(Clone, Copy, Default)]
struct Said<'t> {
    file: Option<&'t str>,
    stdout: Option<&'t str>,
    syslog: Option<&'t str>,
    cloudtrail: Option<&'t str>,
    s3: Option<&'t str>,
    otlp: Option<&'t str>,
    bucket: Option<&'t str>,
    bucket_region: Option<&'t str>,
    credentials_file: Option<&'t str>,
    headers_file: Option<&'t str>,
    ca_file: Option<&'t str>,
    interval: Option<&'t str>,
    digest_interval: Option<&'t str>,
}

/// The sinks of the trail.
pub(super) fn sinks(r: &mut Reader) -> Vec<TrailSink> {
    let sinks = r.read_tables(
        "audit.sinks",
        "where records go beside the trail, each a table with `name` and one of `file`, `stdout`, `syslog`, `otlp` (perhaps with `headers_file`, `ca_file`), `cloudtrail` (a folder) or `s3` (with `bucket`, `credentials_file`, perhaps `bucket_region`, `ca_file`), the last two perhaps with `bucket`, `interval`, `digest_interval`; perhaps `accounts`, `regions`, `exclude_management_event_sources` (in the file only)",
        [
            "name", "file", "stdout", "syslog", "cloudtrail", "s3", "otlp", "bucket", "bucket_region", "credentials_file",
            "headers_file", "ca_file", "interval", "digest_interval", "accounts", "regions",
            "exclude_management_event_sources",
        ],
        |[
            name, file, stdout, syslog, cloudtrail, s3, otlp, bucket, bucket_region, credentials_file, headers_file,
            ca_file, interval, digest_interval, accounts, regions, sources,
        ]| {
            let said = Said {
                file, stdout, syslog, cloudtrail, s3, otlp, bucket, bucket_region, credentials_file, headers_file, ca_file,
                interval, digest_interval,
            };
            let name = name_of(name)?;
            Ok(TrailSink {
                filter: filter(accounts, regions, sources)?,
                kind: kind_of(&said, &name)?,
                name,
            })
        },
    );
    refuse_doubles(r, "audit.sinks", sinks.iter().map(|sink| sink.name.as_str()));
    sinks
}

fn kind_of(said: &Said<'_>, name: &str) -> Result<SinkKind, String> {
    refuse_strays(said)?;
    let places = [said.file, said.stdout, said.syslog, said.cloudtrail, said.s3, said.otlp];
    match places {
        [Some(path), None, None, None, None, None] => value::path(path).map(SinkKind::File),
        [None, Some("true"), None, None, None, None] => Ok(SinkKind::Stdout),
        [None, None, Some(collector), None, None, None] => {
            let collector = collector.parse().map_err(|error: NoCollector| error.to_string())?;
            Ok(SinkKind::Syslog(collector))
        }
        [None, None, None, Some(folder), None, None] => log_files(
            said,
            LogPlace::Folder(value::path(folder)?),
            said.bucket.unwrap_or(name),
        ),
        [None, None, None, None, Some(endpoint), None] => {
            S3.needed_by("s3")?;
            let service = BucketService {
                endpoint: value::trusted_url(endpoint, "address of an S3-compatible service")?,
                region: said.bucket_region.unwrap_or("us-east-1").to_owned(),
                credentials_file: value::path(required(said.credentials_file, "credentials_file")?)?,
                ca_file: value::authorities(said.ca_file, endpoint)?,
            };
            log_files(said, LogPlace::Bucket(service), required(said.bucket, "bucket")?)
        }
        [None, None, None, None, None, Some(url)] => {
            OTLP.needed_by("otlp")?;
            CollectorAddress::read(url, LOGS_PATH, said.headers_file, said.ca_file).map(SinkKind::Otlp)
        }
        _ => Err("a sink has one of `file`, `stdout = true`, `syslog`, `cloudtrail`, `s3` and `otlp`".to_owned()),
    }
}

fn log_files(said: &Said<'_>, place: LogPlace, bucket: &str) -> Result<SinkKind, String> {
    Ok(SinkKind::LogFiles {
        place,
        bucket: bucket.to_owned(),
        interval: value::time_limit(said.interval.unwrap_or("5m"))?,
        digest_interval: value::time_limit(said.digest_interval.unwrap_or("1h"))?,
    })
}

/// Whoever wrote something expects it to count.
fn refuse_strays(said: &Said<'_>) -> Result<(), String> {
    let of_log_files = said.cloudtrail.or(said.s3).is_some();
    let members = [
        ("bucket", said.bucket, of_log_files, "`cloudtrail` and `s3`"),
        ("interval", said.interval, of_log_files, "`cloudtrail` and `s3`"),
        (
            "digest_interval",
            said.digest_interval,
            of_log_files,
            "`cloudtrail` and `s3`",
        ),
        ("bucket_region", said.bucket_region, said.s3.is_some(), "`s3`"),
        ("credentials_file", said.credentials_file, said.s3.is_some(), "`s3`"),
        ("headers_file", said.headers_file, said.otlp.is_some(), "`otlp`"),
        (
            "ca_file",
            said.ca_file,
            said.s3.or(said.otlp).is_some(),
            "`s3` and `otlp`",
        ),
    ];
    match members.iter().find(|(_, text, fits, _)| text.is_some() && !fits) {
        Some((member, _, _, kinds)) => Err(format!("`{member}` is for {kinds}, and there is none")),
        None => Ok(()),
    }
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
