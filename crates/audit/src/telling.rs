//! How those who wait for a batch get their answers: from a task of the runtime that they wait in.
//!
//! Each wake of a task from outside of its runtime costs a turn at the runtime's shared queue and often a call of the
//! system. The writer would pay that once for each record while the next batch waits for it. So it wakes one task, and that
//! one, a part of the runtime, wakes the others for next to nothing.

use tokio::{runtime::Handle, sync::oneshot};

use crate::queue::Answer;

/// Answers waiters, out of the writer's way where there is a runtime.
pub(crate) struct Teller(Option<Handle>);

impl Teller {
    /// One that answers from the runtime that it is made in; outside of one, from the thread that asks it to.
    pub(crate) fn here() -> Self {
        Self(Handle::try_current().ok())
    }

    /// Gives each the answer. One that has gone has no use for it.
    pub(crate) fn tell(&self, waiters: Vec<oneshot::Sender<Answer>>, answer: Answer) {
        let told = Told { waiters, answer };
        match &self.0 {
            Some(runtime) if told.waiters.len() > 1 => drop(runtime.spawn(async move { drop(told) })),
            _ => drop(told),
        }
    }
}

/// Tells when it is dropped, which a runtime that ends does with its tasks too.
struct Told {
    waiters: Vec<oneshot::Sender<Answer>>,
    answer: Answer,
}

impl Drop for Told {
    fn drop(&mut self) {
        for waiter in self.waiters.drain(..) {
            drop(waiter.send(self.answer.clone()));
        }
    }
}
