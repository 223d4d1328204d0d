//! What workers have done, on its way back to who waits for it.
//!
//! Each result that wakes the reactor interrupts a worker: two changes of threads, and a look at the sockets for one reply.
//! That costs a good part of what a signature does. So while more work waits, results are held for a little, and then
//! handed over together, by one wake-up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// How long a result is held at most, but for the piece of work that is being done then.
const HELD_FOR: Duration = Duration::from_millis(1);

type Delivery = Box<dyn FnOnce() + Send>;

/// Results that are held.
#[derive(Default)]
pub(super) struct Returns {
    /// Pieces of work that were asked for and are not done.
    outstanding: AtomicUsize,
    held: Mutex<Held>,
    /// To a task of the reactor, which hands the results over. None: there was no reactor when the first was asked for.
    carrier: OnceLock<Option<UnboundedSender<Vec<Delivery>>>>,
}

#[derive(Default)]
struct Held {
    deliveries: Vec<Delivery>,
    since: Option<Instant>,
}

impl Returns {
    /// A piece of work is asked for.
    pub(super) fn turn(self: &Arc<Self>) -> Turn {
        self.carrier.get_or_init(carrier);
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        Turn(Arc::clone(self))
    }

    /// Hands over what is held.
    pub(super) fn deliver(&self) {
        let held = std::mem::take(&mut *self.held()).deliveries;
        if held.is_empty() {
            return;
        }
        let left = match self.carrier.get() {
            Some(Some(carrier)) => carrier.send(held).err().map(|unsent| unsent.0),
            _ => Some(held),
        };
        // The reactor that the task was in has ended: another one may wait.
        for delivery in left.into_iter().flatten() {
            delivery();
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing that can panic is done with the lock.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece of work, from when it is asked for until it is done or given up.
pub(super) struct Turn(Arc<Returns>);

impl Turn {
    /// The work is done: holds its result until there is nothing more to do, or it has been held for long enough.
    pub(super) fn hold(self, delivery: impl FnOnce() + Send + 'static) {
        let mut held = self.0.held();
        held.since.get_or_insert_with(Instant::now);
        held.deliveries.push(Box::new(delivery));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let is_last = self.0.outstanding.fetch_sub(1, Ordering::AcqRel) == 1;
        let is_due = || self.0.held().since.is_some_and(|since| since.elapsed() >= HELD_FOR);
        if is_last || is_due() {
            self.0.deliver();
        }
    }
}

fn carrier() -> Option<UnboundedSender<Vec<Delivery>>> {
    let reactor = Handle::try_current().ok()?;
    let (carrier, mut arriving) = unbounded_channel::<Vec<Delivery>>();
    reactor.spawn(async move {
        while let Some(arrived) = arriving.recv().await {
            for delivery in arrived {
                delivery();
            }
        }
    });
    Some(carrier)
}
