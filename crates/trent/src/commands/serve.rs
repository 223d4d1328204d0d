//! `trent serve`: opens the node, listens, and stops without dropping anybody.

use std::net::SocketAddr;
use std::sync::Arc;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use trent_admin::{Operator, Questions, Verification};
use trent_audit::Workers;
use trent_delivery::security_log::Destination;
use trent_keystore::{Randomness, SystemRandomness};
use trent_kms::{Courier, Delivery, Kms, Runner};
use trent_names::Region;
use trent_server::{Limits, Metrics, Readers, Server, Spans, Stop, Tls, TlsSettings, Traffic};
use trent_service::{Clock, Filters, Initiator, OperatorAdmission, Pipeline, Served, SystemClock, Upkeep, VpcEndpoint};
use trent_store::Mode;

use crate::certificates::{Certificates, Hangup};
use crate::cli::ServeArguments;
use crate::config::{Config, is_loopback};
use crate::deliveries::Deliveries;
use crate::last_uses::LastUses;
use crate::metrics::{self, Monitoring, Observed, readers_of};
use crate::node::Node;
use crate::tenants::{Tenants, pipeline};
use crate::traces::Traces;
use crate::version::VERSION;
use crate::{Failure, confinement, declarations, logging, quarantine, trail_upkeep};

/// Descriptors that the server needs beside its connections.
const SPARE_DESCRIPTORS: u64 = 64;

/// Connections of the operator's socket.
const OPERATOR_CONNECTIONS: usize = 16;

/// Connections of the address where metrics are fetched.
const SCRAPE_CONNECTIONS: usize = 16;

/// The largest request of the operator, which may be a whole declaration: 16 MiB.
const OPERATOR_BODY_SIZE: usize = 16 << 20;

pub(crate) fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let mut loaded = Config::load(&arguments.config);
    // What a development server may do is said by a flag of its own.
    if !arguments.dev {
        loaded = loaded.for_serving();
    }
    let notes: Vec<String> = loaded.notes.iter().map(ToString::to_string).collect();
    let mut config = loaded.into_config()?;
    refuse_strangers(arguments, &config)?;
    // Before the first thread, which would be left out.
    let confined = confinement::confine(&config, arguments.dev)?;
    let workers = Workers::default();
    let runtime = runtime(config.workers, &workers)?;
    let mut traces = Traces::begin(&config, runtime.handle()).map_err(|error| format!("`traces.otlp`: {error}"))?;
    logging::start(&config, traces.layer.take());
    for note in notes {
        tracing::warn!("{note}");
    }
    confined.tell();
    let listeners = config.addresses().count();
    config.limits.connections = connections_possible(config.limits.connections, listeners);
    // The main thread only waits; everything runs on the workers.
    let (arguments, spans) = (arguments.clone(), traces.spans.clone());
    let served = runtime.block_on(runtime.spawn(async move { serve(&arguments, &config, &workers, spans).await }));
    traces.end();
    served?
}

/// A development server that others could reach has to be asked for.
fn refuse_strangers(arguments: &ServeArguments, config: &Config) -> Result<(), Failure> {
    let reachable = config.addresses().find(|address| !is_loopback(*address));
    if let (true, Some(address)) = (arguments.dev && !arguments.dev_allow_remote, reachable) {
        return Err(format!(
            "a development server believes credentials that nobody verified, so it listens on loopback only; \
             {address} is reachable from elsewhere. Say --dev-allow-remote if that is what you want"
        )
        .into());
    }
    Ok(())
}

/// The threads that everything runs on, which tell the trail when they sleep.
fn runtime(threads: usize, workers: &Workers) -> std::io::Result<Runtime> {
    let workers = workers.clone();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("trent-worker")
        .on_thread_start(warm_up)
        .on_thread_park(move || workers.about_to_sleep())
        .enable_all()
        .build()
}

#[expect(clippy::too_many_lines, reason = "what is started and what is stopped, in order")]
async fn serve(
    arguments: &ServeArguments,
    config: &Config,
    workers: &Workers,
    spans: Option<Arc<dyn Spans>>,
) -> Result<(), Failure> {
    if !arguments.dev && quarantine::holds(config) {
        return Err(
            "this store was restored from a backup without the ledger of destroyed keys: keys that were deleted \
                    since are back in it. If that is right, say `trent restore --release`"
                .into(),
        );
    }
    let node = if arguments.dev {
        Node::development(config, arguments.replication_delay).await?
    } else {
        Node::open(config, arguments.accept_rollback).await?
    };
    workers.serve(&node.trail);
    apply_bootstrap(config, &node).await?;
    let kms = Kms::new(
        &node.store,
        &config.regions,
        Arc::clone(&node.keystore),
        Arc::clone(&node.directory) as _,
        &node.quotas,
    );
    let kms = Arc::new(kms.with_attestation_roots(config.attestation_roots.clone()));
    if let Some(path) = &arguments.seed {
        apply_seed(path, &node, &kms, &config.regions[0]).await?;
        // The declared world is there at the start: its own changes are no news that is still on its way.
        tokio::time::sleep(arguments.replication_delay.unwrap_or_default()).await;
    }
    let mut signals = Signals::listen()?;
    let hangup = Hangup::listen()?;
    // Before the others: whoever reaches one of them may turn to the operator's.
    let operators_socket = if node.mode == Mode::Production || config.data_dir_chosen {
        Some(trent_server::listen_unix(&config.operator_socket)?)
    } else {
        None
    };
    let mut certificates = Certificates::default();
    let listeners = listen(config, &mut certificates)?;
    let scraped = config.metrics_listen.map(trent_server::listen_tcp).transpose()?;
    let scraped_tls = match &scraped {
        Some(socket) => certificates.open(socket.local_addr()?, config.metrics_tls())?,
        None => None,
    };
    let readers = readers_of(config.metrics_token.as_deref())?;
    let stop = Stop::default();
    let initiator = Initiator::new(node.store.clone(), node.trail.clone(), Arc::clone(&node.drain));
    let courier = Courier::new(Arc::clone(&kms), initiator.clone(), Arc::clone(&node.guard));
    let delivery = Delivery::new(Arc::clone(&kms), &node.store, Arc::new(courier));
    let runner = Runner::new(Arc::clone(&kms), initiator.clone(), Arc::clone(&node.guard));
    let runner = Arc::new(runner.with_ledger(node.ledger.clone()));
    runner.look_back().await.map_err(|error| error.to_string())?;
    if let Some(held) = node.guard.held() {
        tracing::warn!(%held, "keys whose deletion fell due are kept until `trent clock confirm`");
    }
    let last_uses = Arc::new(LastUses {
        directory: Arc::clone(&node.directory),
        kms: Arc::clone(&kms),
        clock: Arc::clone(&node.clock),
    });
    let filters = metrics::filters(config);
    let monitoring = Monitoring::start(config, &node, &kms)?;
    // Before anything happens: whatever does from now on is theirs.
    let deliveries = Deliveries::begin(config, &node).await?;
    let tenants = Tenants::open(config, &node, Arc::clone(&kms), &filters, monitoring.data()).await?;
    let operators_pipeline = operators_pipeline(config, &node, &filters);
    let (api_traffic, operators_traffic) = (Arc::<Traffic>::default(), Arc::<Traffic>::default());
    let mut meters = tenants.meters();
    meters.push(Arc::clone(&operators_pipeline.meter));
    let metrics: Arc<dyn Metrics> = Arc::new(Observed {
        meters,
        request_quotas: Arc::clone(&node.request_quotas),
        filters,
        traffic: vec![
            ("api", Arc::clone(&api_traffic)),
            ("operator", Arc::clone(&operators_traffic)),
        ],
        certificates: certificates.clone(),
        store: node.store.clone(),
        store_file: node.store_file.clone(),
        trail: node.trail.clone(),
        deliveries: deliveries.statuses().to_vec(),
        kms: Arc::clone(&kms),
        directory: Arc::clone(&node.directory),
        initiator,
        runner: Arc::clone(&runner),
        keys: monitoring.keys(),
        clock: Arc::clone(&node.clock),
        started: SystemClock.now(),
    });
    let mut serving = tokio::task::JoinSet::new();
    for listening in listeners {
        let server = tenants.server(&node, limits(config), listening.endpoint.as_ref(), &arguments.dev_host);
        let notices = config.attestation_roots.further();
        let server = server
            .with_notices(notices.map(|root| format!("attestation root: {root}")))
            .with_spans(spans.clone())
            .with_tls(listening.tls.clone())
            .counting(Arc::clone(&api_traffic));
        announce(&listening, &node, config);
        serving.spawn(Arc::new(server).serve_tcp(listening.socket, stop.clone()));
    }
    let has_operators = operators_socket.is_some();
    if let Some(socket) = operators_socket {
        let operators = operators(
            config,
            &node,
            operators_pipeline,
            kms,
            Arc::clone(&runner) as _,
            &deliveries,
        )
        .with_spans(spans)
        .counting(operators_traffic)
        .with_metrics(Arc::clone(&metrics), Readers::Users(vec![own_uid(), 0]));
        serving.spawn(Arc::new(operators).serve_unix(socket, stop.clone()));
    }
    if let Some(socket) = scraped {
        tracing::info!(address = %socket.local_addr()?, "serving metrics");
        let server = Server::of_no_service(Limits {
            connections: SCRAPE_CONNECTIONS,
            ..limits(config)
        });
        let server = Arc::new(server.with_metrics(metrics, readers).with_tls(scraped_tls));
        serving.spawn(server.serve_tcp(socket, stop.clone()));
    }
    let drain = Arc::clone(&node.drain);
    let draining = tokio::spawn(async move { drain.run().await });
    let keeping = tokio::spawn(trail_upkeep::run(
        node.trail.clone(),
        config.keeping,
        Arc::clone(&node.guard),
        trail_upkeep::Followers {
            outlets: deliveries.statuses().to_vec(),
            home_region: config.regions[0].clone(),
        },
    ));
    let indexing = trail_upkeep::index(&node.trail)?;
    let recording = tokio::spawn({
        let last_uses = Arc::clone(&last_uses);
        async move { last_uses.write_regularly().await }
    });
    let delivering = tokio::spawn(async move { delivery.run().await });
    let running = tokio::spawn({
        let runner = Arc::clone(&runner);
        async move { runner.run().await }
    });
    let keeping_current = tokio::spawn(certificates.keep_current(hangup));
    let signal = signals.next().await;
    tracing::info!(signal, "stopping: requests under way are finished first");
    stop.request();
    let cut_off: u32 = serving.join_all().await.iter().sum();
    if cut_off > 0 {
        tracing::warn!(
            connections = cut_off,
            "connections outlasted the drain timeout and were cut off"
        );
    }
    keeping.abort();
    keeping_current.abort();
    indexing.stop();
    monitoring.stop().await;
    recording.abort();
    delivering.abort();
    running.abort();
    runner.release().await;
    last_uses.write().await;
    draining.abort();
    deliveries.stop().await;
    drop(tenants);
    if has_operators {
        // The next server replaces it anyway.
        let _ = std::fs::remove_file(&config.operator_socket);
    }
    node.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// A listener of the AWS API, open.
struct Listening {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    endpoint: Option<Arc<VpcEndpoint>>,
}

/// Opens every listener, the first one first.
fn listen(config: &Config, certificates: &mut Certificates) -> Result<Vec<Listening>, Failure> {
    let further = config.listeners.iter();
    let further = further.map(|listener| (listener.address, &listener.tls, listener.endpoint.clone()));
    let open = |(address, tls, endpoint): (_, &Option<TlsSettings>, _)| {
        let socket = trent_server::listen_tcp(address)?;
        let address = socket.local_addr()?;
        Ok(Listening {
            socket,
            address,
            tls: certificates.open(address, tls.clone())?,
            endpoint,
        })
    };
    std::iter::once((config.listen, &config.tls, None))
        .chain(further)
        .map(open)
        .collect()
}

/// Tells where it serves, and what is to be known of that.
fn announce(listening: &Listening, node: &Node, config: &Config) {
    let Listening {
        address, tls, endpoint, ..
    } = listening;
    if tls.is_none() && !is_loopback(*address) {
        tracing::warn!(
            %address,
            "requests travel unencrypted: whoever is on the way to who ends TLS reads plaintexts"
        );
    }
    let transport = tls
        .as_ref()
        .map_or("plain HTTP", |tls| tls.settings().key_exchange.as_str());
    match endpoint {
        None => {
            tracing::info!(%address, transport, version = VERSION, mode = %node.mode, regions = %listed(config), "serving");
        }
        Some(endpoint) => {
            tracing::info!(%address, transport, endpoint = endpoint.id(), vpc = endpoint.vpc(), "serving a private endpoint");
        }
    }
}

fn listed(config: &Config) -> String {
    config
        .regions
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

/// The user that the server runs as.
fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The pipeline of the operator's operations.
fn operators_pipeline(config: &Config, node: &Node, filters: &Arc<Filters>) -> Arc<Pipeline> {
    let admission = OperatorAdmission::new(own_uid(), config.regions[0].clone());
    pipeline::<Operator>(node, Box::new(admission), filters)
}

/// The server of the operator's socket.
fn operators(
    config: &Config,
    node: &Node,
    pipeline: Arc<Pipeline>,
    kms: Arc<Kms>,
    upkeep: Arc<dyn Upkeep>,
    deliveries: &Deliveries,
) -> Server {
    let service = Arc::new(Operator {
        store: node.store.clone(),
        directory: Arc::clone(&node.directory),
        trail: node.trail.clone(),
        security_log: match &config.security_log.destination {
            Destination::File { path, .. } => Some(path.clone()),
            Destination::Stdout => None,
        },
        mode: node.mode,
        questions: Questions {
            directory: Arc::clone(&node.directory),
            service: Arc::clone(&kms) as _,
            endpoints: config.endpoints().cloned().collect(),
        },
        clock: node.dev_clock.clone(),
        guard: Arc::clone(&node.guard),
        ledger: node.ledger.clone(),
        upkeep,
        keys: Arc::clone(&kms) as _,
        request_quotas: Arc::clone(&node.request_quotas),
        inventory: Arc::clone(&kms) as _,
        tags: kms,
        deliveries: deliveries.statuses().to_vec(),
        verification: Verification::default(),
        seal: Arc::clone(&node.seal) as _,
        facts: trent_admin::Facts {
            version: VERSION.to_owned(),
            boundary: node.boundary.clone(),
            regions: config.regions.iter().map(ToString::to_string).collect(),
            started: SystemClock.now(),
        },
    });
    let limits = Limits {
        connections: OPERATOR_CONNECTIONS,
        body_size: config.limits.body_size.max(OPERATOR_BODY_SIZE),
        ..limits(config)
    };
    let served = Served {
        pipeline,
        service,
        through: None,
    };
    Server::new(Arc::new(served), Vec::new(), limits)
}

fn limits(config: &Config) -> Limits {
    let limits = config.limits;
    Limits {
        connections: limits.connections,
        header_size: limits.header_size,
        body_size: limits.body_size,
        handshake_timeout: limits.handshake_timeout,
        header_timeout: limits.header_timeout,
        body_timeout: limits.body_timeout,
        idle_timeout: limits.idle_timeout,
        drain_timeout: limits.drain_timeout,
    }
}

async fn apply_bootstrap(config: &Config, node: &Node) -> Result<(), Failure> {
    let Some(path) = &config.bootstrap else { return Ok(()) };
    let declaration = declarations::bootstrap(path)?;
    let applied = node.declare(&declaration.bootstrap, "ApplyBootstrap").await;
    let applied = applied.map_err(|error| format!("{}: {error}", path.display()))?;
    for (scope, change) in &applied.changes {
        tracing::info!(%scope, "the bootstrap file made a change: {change}");
    }
    for note in &applied.notes {
        tracing::warn!("the bootstrap file is not brought about in full: {note}");
    }
    Ok(())
}

async fn apply_seed(path: &std::path::Path, node: &Node, kms: &Kms, home: &Region) -> Result<(), Failure> {
    let seed = declarations::seed(path)?;
    let applied = node.declare(&seed.world, "ApplySeed").await;
    applied.map_err(|error| format!("{}: {error}", path.display()))?;
    trent_kms::seed::apply(kms, &seed.keys, home, node.clock.now()).await?;
    tracing::info!(
        accounts = seed.world.accounts.len(),
        keys = seed.keys.len(),
        "the seed was applied"
    );
    Ok(())
}

/// The operating system's word to stop. Heard from before the first connection is taken: whoever sees the server serve
/// may tell it to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for either, and tells which.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// Seeds the thread's random number generator, which takes a tenth of a second the first time: before the server serves
/// rather than in the first request that needs a key.
fn warm_up() {
    // A generator that gives nothing is found out, and told, by whoever needs it.
    let _ = SystemRandomness.fill(&mut [0]);
}

/// Raises the limit on open files as far as it goes, and keeps the connections of all listeners together below it.
fn connections_possible(wanted: usize, listeners: usize) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // If it cannot be raised, the limit that is there is kept below.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    match getrlimit(Resource::Nofile).current {
        Some(files) => wanted
            .min(usize::try_from(files.saturating_sub(SPARE_DESCRIPTORS)).unwrap_or(usize::MAX) / listeners.max(1))
            .max(1),
        None => wanted,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn connections_stay_below_the_limit_on_open_files() {
        assert!(super::connections_possible(1, 1) == 1);
        assert!(super::connections_possible(usize::MAX, 2) < usize::MAX / 2);
    }
}
