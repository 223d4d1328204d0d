//! The comparison: all servers on one core, driven in turn from another, round after round.

use std::{path::PathBuf, time::Duration};

use crate::{
    affinity,
    error::BenchError,
    load::{Loop, Measured, Run},
    process,
    report::{Conditions, Report, Scenario, Side},
    requests::{Bodies, Operation, Pool, USABLE},
    servers::{self, Audit, Deployment, Server},
    storage::Probe,
};

/// Syncs that the disk is timed with.
const SYNCS: usize = 200;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The trent program
    #[arg(long, default_value = "target/release/trent")]
    trent: PathBuf,
    /// Where the deployment's folder is made: the disk that is measured
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// How the audit trail answers
    #[arg(long, value_enum, default_value = "buffered")]
    audit: Audit,
    /// The operations to measure
    #[arg(long, value_enum, value_delimiter = ',', default_value = "Encrypt,Decrypt")]
    operations: Vec<Operation>,
    /// Connections, one scenario for each
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<usize>,
    /// Open-loop rates as shares of Trent's own closed-loop rate at the most connections; 0 for no open loop
    #[arg(long, value_delimiter = ',', default_value = "0.5")]
    open: Vec<f64>,
    /// Rounds; each measures every scenario on all servers, and medians are reported
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Append the table to this file
    #[arg(long)]
    append: Option<PathBuf>,
    /// Only start Trent, prepare and keep it under this load for a while, for a profiler; prints its process id
    #[arg(long, value_name = "SECONDS")]
    sustain: Option<u64>,
}

struct Bench<'a> {
    arguments: &'a Arguments,
    trent: Deployment,
    echo: Server,
    bound: Server,
    bodies: Bodies,
    generator_core: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let cores = affinity::cores()?;
    let (Some(&server_core), Some(&generator_core)) = (cores.first(), cores.get(1)) else {
        return Err(BenchError::TooFewCores(cores.len()));
    };
    // Servers inherit the core from the thread that starts them.
    affinity::pin(server_core)?;
    let echo = servers::start_echo()?;
    let bound = servers::start_bound()?;
    let trent = Deployment::start(&arguments.trent, &arguments.folder, arguments.audit, None)?;
    affinity::pin(generator_core)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("starting the runtime"))?;
    runtime.block_on(async {
        trent.ready().await?;
        let conditions = Conditions {
            processor: process::processor(),
            cores: (server_core, generator_core),
            audit: arguments.audit,
            sync: Probe::new(&trent.data())?.times(SYNCS)?,
            resident_at_start_kib: process::resident_kib(trent.server.pid())?,
            rounds: arguments.rounds,
            seconds: arguments.seconds,
        };
        let bodies = Bodies::prepare(&trent.signer).await?;
        let bench = Bench {
            arguments,
            trent,
            echo,
            bound,
            bodies,
            generator_core,
        };
        if let Some(seconds) = arguments.sustain {
            return bench.sustain(Duration::from_secs(seconds)).await;
        }
        let mut report = Report::new(conditions);
        bench.measure(&mut report).await?;
        report.resident_after_kib = process::resident_kib(bench.trent.server.pid())?;
        let text = report.to_string();
        println!("{text}");
        match &arguments.append {
            Some(path) => report.append_to(path),
            None => Ok(()),
        }
    })
}

impl Bench<'_> {
    async fn measure(&self, report: &mut Report) -> Result<(), BenchError> {
        let most = self.arguments.connections.iter().copied().max().unwrap_or(1);
        for round in 1..=self.arguments.rounds {
            for &operation in &self.arguments.operations {
                let mut rate = 0.0;
                for &connections in &self.arguments.connections {
                    let scenario = Scenario {
                        operation,
                        connections,
                        share: None,
                    };
                    let trent = self.each(report, round, scenario, Loop::Closed).await?;
                    if connections == most {
                        rate = trent;
                    }
                }
                for &share in self.arguments.open.iter().filter(|share| **share > 0.0) {
                    let scenario = Scenario {
                        operation,
                        connections: most,
                        share: Some(share),
                    };
                    self.each(report, round, scenario, Loop::Open(rate * share)).await?;
                }
            }
        }
        Ok(())
    }

    /// Measures a scenario on each server, one after the other, and returns Trent's rate.
    async fn each(
        &self,
        report: &mut Report,
        round: usize,
        scenario: Scenario,
        pacing: Loop,
    ) -> Result<f64, BenchError> {
        let pool = self.bodies.sign(&self.trent.signer, scenario.operation)?;
        report.request_size = pool.mean_size();
        // What bounds the ratio is the same at any rate: a closed loop shows it.
        let mut order = match pacing {
            Loop::Closed => vec![Side::Echo, Side::Bound, Side::Trent],
            Loop::Open(_) => vec![Side::Echo, Side::Trent],
        };
        // Every other round begins at the other end, so that no server always has the warmer machine.
        if round.is_multiple_of(2) {
            order.reverse();
        }
        let mut rate = 0.0;
        for side in order {
            let measured = self.one(&pool, side, scenario.connections, pacing).await?;
            eprintln!("round {round}: {scenario} {side:?}: {:.0}/s", measured.rate());
            if side == Side::Trent {
                rate = measured.rate();
            }
            report.add(scenario, side, measured);
        }
        Ok(rate)
    }

    async fn one(&self, pool: &Pool, side: Side, connections: usize, pacing: Loop) -> Result<Measured, BenchError> {
        let server = match side {
            Side::Trent => &self.trent.server,
            Side::Echo => &self.echo,
            Side::Bound => &self.bound,
        };
        let duration = Duration::from_secs(self.arguments.seconds);
        let run = Run {
            address: server.address,
            pid: server.pid(),
            pool,
            connections,
            pacing,
            first: 0,
            duration,
        };
        run.measure(Duration::from_millis(500)).await
    }

    /// Load without a table, signing again before signatures grow old.
    async fn sustain(&self, duration: Duration) -> Result<(), BenchError> {
        let operation = self.arguments.operations.first().copied().unwrap_or(Operation::Encrypt);
        let connections = self.arguments.connections.last().copied().unwrap_or(1);
        eprintln!(
            "trent is process {}; generator on core {}",
            self.trent.server.pid(),
            self.generator_core
        );
        let mut left = duration;
        while !left.is_zero() {
            let pool = self.bodies.sign(&self.trent.signer, operation)?;
            let server = &self.trent.server;
            let duration = left.min(USABLE);
            let run = Run {
                address: server.address,
                pid: server.pid(),
                pool: &pool,
                connections,
                pacing: Loop::Closed,
                first: 0,
                duration,
            };
            let measured = run.measure(Duration::ZERO).await?;
            eprintln!(
                "{:.0}/s, {:.2} us of the server's core for each, p50 {:.0} us, p99 {:.0} us",
                measured.rate(),
                measured.server_micros(),
                measured.latencies.micros(0.5),
                measured.latencies.micros(0.99)
            );
            left = left.saturating_sub(duration);
        }
        Ok(())
    }
}
