//! Threads beside the reactor for work that takes long: as many as there are processors, each of lower priority than
//! the threads that answer requests, so that however much is signed, what is quick stays quick.

mod returns;

use std::num::NonZero;
use std::sync::{Arc, OnceLock};
use std::thread;

use rayon_core::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

use self::returns::Returns;
use crate::error::KeystoreError;

/// How much lower the priority is: steps of `nice`.
const NICE: i32 = 10;

/// The threads, started by the first work that they are given.
#[derive(Default)]
pub(crate) struct Workers {
    pool: OnceLock<ThreadPool>,
    returns: Arc<Returns>,
}

impl Workers {
    /// Does work that takes no longer than some requests do. What is done of it while more waits comes back together, see
    /// [`returns`]; work whose future was dropped before it began is not begun.
    pub(crate) async fn run_brief<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, KeystoreError> {
        let (reply, answer) = oneshot::channel();
        let turn = self.returns.turn();
        self.later(move || {
            if !reply.is_closed() {
                let done = work();
                turn.hold(move || drop(reply.send(done)));
            }
        })?;
        answer.await.map_err(|_| KeystoreError::Stopped)
    }

    /// Does the work on one of the threads. Work whose future was dropped before it began is not begun.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, KeystoreError> {
        self.run_or_keep(work, drop).await
    }

    /// The same, with somebody to take the result if nobody waits for it any more.
    pub(crate) async fn run_or_keep<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        keep: impl FnOnce(T) + Send + 'static,
    ) -> Result<T, KeystoreError> {
        let (reply, answer) = oneshot::channel();
        let returns = Arc::clone(&self.returns);
        self.later(move || {
            // What is done already does not wait for this.
            returns.deliver();
            if !reply.is_closed()
                && let Err(unwanted) = reply.send(work())
            {
                keep(unwanted);
            }
        })?;
        answer.await.map_err(|_| KeystoreError::Stopped)
    }

    /// Does the work some time, in its turn.
    pub(crate) fn later(&self, work: impl FnOnce() + Send + 'static) -> Result<(), KeystoreError> {
        self.pool()?.spawn_fifo(work);
        Ok(())
    }

    fn pool(&self) -> Result<&ThreadPool, KeystoreError> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(thread::available_parallelism().map_or(1, NonZero::get))
            .thread_name(|number| format!("keystore-{number}"))
            .start_handler(|_| step_back())
            // Who waits for the work learns of a panic by the channel that it drops.
            .panic_handler(drop)
            .build()
            .map_err(|_| KeystoreError::Stopped)?;
        Ok(self.pool.get_or_init(|| pool))
    }
}

/// Lowers this thread's priority. A system that refuses leaves it as it is.
fn step_back() {
    let thread = rustix::thread::gettid();
    let _ = rustix::process::setpriority_process(Some(thread), NICE);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn wait<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(future)
    }

    #[test]
    fn work_is_done_on_a_thread_of_lower_priority() {
        let workers = Workers::default();
        let priority = wait(workers.run(|| {
            let thread = rustix::thread::gettid();
            rustix::process::getpriority_process(Some(thread)).expect("a priority")
        }));
        assert!(priority.expect("an answer") >= NICE);
    }

    #[test]
    fn a_panic_is_an_error_of_its_own_request() {
        let workers = Workers::default();
        let panicked: Result<(), _> = wait(workers.run(|| panic!("on purpose")));
        assert_eq!(panicked.err(), Some(KeystoreError::Stopped));
        assert_eq!(wait(workers.run(|| 7)), Ok(7));
    }

    #[test]
    fn brief_work_comes_back_in_whatever_company() {
        let workers = Workers::default();
        let panicked: Result<(), _> = wait(workers.run_brief(|| panic!("on purpose")));
        assert_eq!(panicked.err(), Some(KeystoreError::Stopped));
        wait(async {
            let brief = |number: u64| workers.run_brief(move || number);
            let (one, slow, two, three) = tokio::join!(brief(1), workers.run(|| 7), brief(2), brief(3));
            assert_eq!((one, slow, two, three), (Ok(1), Ok(7), Ok(2), Ok(3)));
        });
        // In another runtime than that in which the first came back.
        assert_eq!(wait(workers.run_brief(|| 4)), Ok(4));
    }

    /// Work that nobody waits for any more is not begun; what was begun goes to who keeps it.
    #[test]
    fn abandoned_work_is_not_begun() {
        let workers = Workers::default();
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let (kept, was_kept) = mpsc::channel();
        wait(async {
            let mut first = Box::pin(workers.run_or_keep(
                move || {
                    begun.send(()).expect("the test listens");
                    released.recv().expect("the test lets go");
                    1
                },
                move |result| kept.send(result).expect("the test listens"),
            ));
            tokio::select! {
                biased;
                _ = &mut first => panic!("it waits for the test"),
                () = async { has_begun.recv().expect("it begins") } => {}
            }
            drop(first);
        });
        release.send(()).expect("the work waits");
        assert_eq!(was_kept.recv().expect("it is kept"), 1);
        let never = workers.run(|| unreachable!("nobody waits"));
        drop(never);
        assert_eq!(wait(workers.run(|| 2)), Ok(2));
    }
}
