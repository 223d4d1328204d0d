//! What leaves the house: a courier for each target of events and each sink of the trail.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use trent_delivery::events::{EventOutlet, Rules, Target};
use trent_delivery::outlets::{
    Command, DigestKey, FileTarget, Folder, Layout, LogFiles, Place, Sink, Stdout, Syslog, Webhook, WebhookSecret,
};
use trent_delivery::security_log::{Destination, LimitedLog};
use trent_delivery::{Courier, Cursors, Outlet, Selectors, Status, Stop};
use zeroize::Zeroizing;

use crate::config::{BucketService, CollectorAddress, Config, EventTarget, LogPlace, SinkKind, TargetKind, TrailSink};
use crate::node::{Deed, Node};
use crate::{Failure, key_client};

/// How long a stop waits for the couriers to write down how far they have come.
const PATIENCE: Duration = Duration::from_secs(5);

/// The couriers, at work.
pub(crate) struct Deliveries {
    couriers: JoinSet<()>,
    statuses: Vec<Status>,
    stop: Stop,
}

impl Deliveries {
    /// Has records brought to all that the configuration names.
    pub(crate) async fn begin(config: &Config, node: &Node) -> Result<Self, Failure> {
        let cursors = Cursors::new(&node.store);
        let mut outlets = Vec::new();
        for target in &config.event_targets {
            let rules = Rules::of_target(&config.event_rules, &target.name);
            let opened = open(target).map_err(|error| format!("`events.targets`: {}: {error}", target.name))?;
            let outlet: Box<dyn Outlet> = Box::new(EventOutlet::new(rules, opened));
            outlets.push((format!("events/{}", target.name), outlet));
        }
        for sink in &config.sinks {
            let opened = open_sink(sink, config, node).await;
            let opened = opened.map_err(|error| format!("`audit.sinks`: {}: {error}", sink.name))?;
            let outlet: Box<dyn Outlet> = Box::new(Sink::new(sink.filter.clone(), opened));
            outlets.push((format!("audit/{}", sink.name), outlet));
        }
        let names: Vec<&str> = outlets.iter().map(|(name, _)| name.as_str()).collect();
        cursors.keep_only(&names).await?;
        let (mut couriers, mut statuses, stop) = (JoinSet::new(), Vec::new(), Stop::default());
        for (name, outlet) in outlets {
            let courier = Courier::new(&name, node.trail.clone(), &cursors, outlet).await?;
            statuses.push(courier.status());
            couriers.spawn(courier.run(stop.clone()));
        }
        record_selectors(config, node).await?;
        Ok(Self {
            couriers,
            statuses,
            stop,
        })
    }

    /// How each of them is doing.
    pub(crate) fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    /// Ends all of it; what is not delivered yet is after the next start.
    pub(crate) async fn stop(mut self) {
        self.stop.request();
        let ended = async { while self.couriers.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("some deliveries did not stop in time; what they were about is delivered again");
        }
    }
}

/// Has the trail tell of each sink that is without other events than before: whoever reads it can find out why they are
/// missing there.
async fn record_selectors(config: &Config, node: &Node) -> Result<(), Failure> {
    let selectors = Selectors::new(&node.store);
    for sink in &config.sinks {
        let excluded = &sink.filter.excluded_sources;
        if selectors.known(&sink.name).await? == *excluded {
            continue;
        }
        let deed = || {
            Deed::of_the_operator("PutEventSelectors").with_changes(&[
                format!("trail: {}", sink.name),
                format!("excludeManagementEventSources: {}", excluded.join(", ")),
            ])
        };
        if sink.filter.accounts.is_empty() {
            node.note(&deed()).await?;
        }
        for account in &sink.filter.accounts {
            node.note(&deed().on(account.parse()?)).await?;
        }
        selectors.note(&sink.name, excluded).await?;
    }
    Ok(())
}

fn open(target: &EventTarget) -> Result<Box<dyn Target>, Failure> {
    Ok(match &target.kind {
        TargetKind::Webhook {
            url,
            secret_file,
            ca_file,
        } => {
            let url: hyper::Uri = url.parse()?;
            let tls = key_client::tls_if_certified(&url, ca_file.as_deref())?;
            Box::new(Webhook::new(url, tls, secret(secret_file)?)?)
        }
        TargetKind::File(path) => Box::new(FileTarget::new(path.clone())),
        TargetKind::Stdout => Box::new(Stdout),
        TargetKind::Command(program) => Box::new(Command::new(program.clone())),
    })
}

async fn open_sink(sink: &TrailSink, config: &Config, node: &Node) -> Result<Box<dyn Outlet>, Failure> {
    Ok(match &sink.kind {
        SinkKind::File(path) => Box::new(FileTarget::new(path.clone())),
        SinkKind::Stdout => Box::new(Stdout),
        SinkKind::Syslog(collector) => Box::new(Syslog::new(collector.clone())),
        SinkKind::Otlp(collector) => open_collector(collector)?,
        SinkKind::LogFiles {
            place,
            bucket,
            interval,
            digest_interval,
        } => {
            let layout = Layout {
                bucket: bucket.clone(),
                trail: sink.name.clone(),
                home_region: config.regions[0].to_string(),
                interval: *interval,
                digest_interval: *digest_interval,
            };
            let place: Box<dyn Place> = match place {
                LogPlace::Folder(path) => Box::new(Folder::new(path.clone())),
                LogPlace::Bucket(service) => open_bucket(service, bucket)?,
            };
            Box::new(LogFiles::new(place, layout, DigestKey::open(&node.store).await?))
        }
    })
}

#[cfg(feature = "otlp")]
fn open_collector(address: &CollectorAddress) -> Result<Box<dyn Outlet>, Failure> {
    let collector = crate::collector::Collector::open(address)?;
    Ok(Box::new(trent_delivery::outlets::Otlp::new(
        collector.url,
        collector.tls,
        collector.headers,
    )?))
}

/// The configuration refuses what would come here.
#[cfg(not(feature = "otlp"))]
fn open_collector(address: &CollectorAddress) -> Result<Box<dyn Outlet>, Failure> {
    Err(format!("{}: this build sends nothing to collectors", address.url).into())
}

#[cfg(feature = "s3")]
fn open_bucket(service: &BucketService, bucket: &str) -> Result<Box<dyn Place>, Failure> {
    let endpoint: hyper::Uri = service.endpoint.parse()?;
    let tls = key_client::tls_if_certified(&endpoint, service.ca_file.as_deref())?;
    let address = trent_delivery::outlets::BucketAddress {
        endpoint,
        bucket: bucket.to_owned(),
        region: service.region.clone(),
        credentials: service.credentials_file.clone(),
    };
    Ok(Box::new(trent_delivery::outlets::Bucket::new(&address, tls)?))
}

/// The configuration refuses what would come here.
#[cfg(not(feature = "s3"))]
fn open_bucket(service: &BucketService, bucket: &str) -> Result<Box<dyn Place>, Failure> {
    Err(format!("{} {bucket}: this build writes into no bucket", service.endpoint).into())
}

/// The security log; none, if it were to go into a folder that a server in memory does not have.
pub(crate) fn security_log(config: &Config, node: &Node) -> Result<Option<Arc<LimitedLog>>, Failure> {
    let settings = &config.security_log;
    if let Destination::File { path, .. } = &settings.destination
        && node.trail.path().is_none()
        && path.starts_with(&config.data_dir)
    {
        return Ok(None);
    }
    let log = LimitedLog::open(settings.destination.clone(), settings.rate);
    Ok(Some(Arc::new(log.map_err(|error| format!("`security_log`: {error}"))?)))
}

fn secret(path: &Path) -> Result<WebhookSecret, Failure> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| told(&error))?;
    Ok(WebhookSecret::parse(&text).map_err(|error| told(&error))?)
}
