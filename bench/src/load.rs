//! Driving a server for a while: closed loop (each connection sends as soon as it was answered) and open loop (requests
//! are due at fixed times, whether the server keeps up or not).
//!
//! In an open loop a latency counts from the moment at which the request was due, not from when a connection was free to
//! send it: a server that stalls is charged for everything that it held up.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, task::LocalSet};

use crate::{client::Connection, error::BenchError, histogram::Latencies, process::processor_time, requests::Pool};

/// How load is applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Loop {
    Closed,
    /// So many requests a second.
    Open(f64),
}

/// One run against one server.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
    pub(crate) pool: &'a Pool,
    pub(crate) connections: usize,
    pub(crate) pacing: Loop,
    /// Which request of the pool comes first; those of the warm-up are from half the pool on.
    pub(crate) first: usize,
    pub(crate) duration: Duration,
}

/// What a run measured.
pub(crate) struct Measured {
    pub(crate) latencies: Latencies,
    pub(crate) elapsed: Duration,
    pub(crate) server_time: Duration,
    /// How long the generator had something to do.
    pub(crate) generator_time: Duration,
    /// Open loop: how late the generator itself was, at the 99.9th percentile, in microseconds.
    pub(crate) own_lateness: Option<f64>,
}

/// Pauses of the processor between two looks of a spinning generator: some microseconds at most, in which the core's other
/// thread, which may be the server's, has the core for itself.
const PAUSES: usize = 32;

struct Progress {
    next: Cell<usize>,
    latencies: RefCell<Latencies>,
    /// How long the generator found nothing to do while it spun.
    idle: Cell<Duration>,
}

impl Run<'_> {
    /// Runs, after `warm_up` of the same load that is not counted.
    pub(crate) async fn measure(&self, warm_up: Duration) -> Result<Measured, BenchError> {
        let io = |source| BenchError::io(format!("{}", self.address))(source);
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            connections.push(Connection::open(self.address).await.map_err(io)?);
        }
        let (connections, _) = self
            .drive(connections, warm_up, self.first + self.pool.len() / 2)
            .await?;
        let generator = std::process::id();
        let (server_before, own_before) = (processor_time(self.pid)?, processor_time(generator)?);
        let start = Instant::now();
        let (_, outcome) = self.drive(connections, self.duration, self.first).await?;
        let elapsed = start.elapsed();
        let generator_time = if self.spins() {
            elapsed.saturating_sub(outcome.idle)
        } else {
            processor_time(generator)?.saturating_sub(own_before)
        };
        Ok(Measured {
            elapsed,
            server_time: processor_time(self.pid)?.saturating_sub(server_before),
            generator_time,
            latencies: outcome.latencies,
            own_lateness: outcome.own_lateness,
        })
    }

    async fn drive(
        &self,
        connections: Vec<Connection>,
        duration: Duration,
        first: usize,
    ) -> Result<(Vec<Connection>, Outcome), BenchError> {
        let progress = Rc::new(Progress {
            next: Cell::new(first),
            latencies: RefCell::new(Latencies::new()),
            idle: Cell::new(Duration::ZERO),
        });
        let end = Instant::now() + duration;
        let local = LocalSet::new();
        let (due, waiting) = mpsc::unbounded_channel();
        let waiting = Rc::new(tokio::sync::Mutex::new(waiting));
        let tasks: Vec<_> = connections
            .into_iter()
            .map(|connection| {
                let (pool, progress) = (self.pool.clone(), Rc::clone(&progress));
                let waiting = matches!(self.pacing, Loop::Open(_)).then(|| Rc::clone(&waiting));
                local.spawn_local(work(connection, pool, progress, waiting, end))
            })
            .collect();
        if self.spins() {
            local.spawn_local(spin(Rc::clone(&progress), end));
        }
        let pacer = match self.pacing {
            Loop::Closed => None,
            Loop::Open(rate) => Some(local.spawn_local(pace(rate, end, due))),
        };
        local
            .run_until(async {
                let mut done = Vec::with_capacity(tasks.len());
                for task in tasks {
                    done.push(task.await.map_err(|error| BenchError::Answer(error.to_string()))??);
                }
                let own_lateness = match pacer {
                    Some(pacer) => Some(pacer.await.map_err(|error| BenchError::Answer(error.to_string()))?),
                    None => None,
                };
                let latencies = progress.latencies.replace(Latencies::new());
                Ok((
                    done,
                    Outcome {
                        latencies,
                        idle: progress.idle.get(),
                        own_lateness,
                    },
                ))
            })
            .await
    }

    /// With one connection the generator sleeps until its answer comes, as a client does. With many it never sleeps:
    /// what is measured then is the server's work, and waking a sleeping core from its own (on a virtual machine a call
    /// of the hypervisor) would be charged to the server for each answer, the more so the slower it is.
    fn spins(&self) -> bool {
        self.pacing == Loop::Closed && self.connections > 1
    }
}

struct Outcome {
    latencies: Latencies,
    idle: Duration,
    own_lateness: Option<f64>,
}

type Due = Rc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Instant>>>;

/// One connection's work until the end, or until nothing is due any more.
async fn work(
    mut connection: Connection,
    pool: Pool,
    progress: Rc<Progress>,
    waiting: Option<Due>,
    end: Instant,
) -> Result<Connection, BenchError> {
    loop {
        let start = match &waiting {
            Some(due) => match due.lock().await.recv().await {
                Some(due) => due,
                None => return Ok(connection),
            },
            None => Instant::now(),
        };
        if start >= end {
            return Ok(connection);
        }
        let index = progress.next.get();
        progress.next.set(index + 1);
        let answer = connection
            .exchange(pool.request(index))
            .await
            .map_err(BenchError::io("an exchange"))?;
        if answer.status != 200 {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            return Err(BenchError::Refused {
                status: answer.status,
                body,
            });
        }
        progress.latencies.borrow_mut().record(start.elapsed());
    }
}

/// Keeps the generator's core awake, and counts how long it does only that.
async fn spin(progress: Rc<Progress>, end: Instant) {
    let mut before = Instant::now();
    let mut sent = progress.next.get();
    while before < end {
        tokio::task::yield_now().await;
        let now = Instant::now();
        if progress.next.get() == sent {
            progress.idle.set(progress.idle.get() + (now - before));
            for _ in 0..PAUSES {
                std::hint::spin_loop();
            }
        }
        before = now;
        sent = progress.next.get();
    }
}

/// Announces requests when they are due and returns its own lateness. It spins: a timer of a millisecond would send in
/// bursts. After the end, what was due but not sent is still sent and counted.
async fn pace(rate: f64, end: Instant, due: mpsc::UnboundedSender<Instant>) -> f64 {
    let start = Instant::now();
    let mut lateness = Latencies::new();
    for number in 0_u32.. {
        let moment = start + Duration::from_secs_f64(f64::from(number) / rate);
        if moment >= end {
            break;
        }
        while Instant::now() < moment {
            tokio::task::yield_now().await;
        }
        lateness.record(moment.elapsed());
        // The workers end only after this sender is gone.
        let _ = due.send(moment);
    }
    lateness.micros(0.999)
}
