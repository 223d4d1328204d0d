//! What one connection is doing, so that a slow or silent one can be told from a busy one.
//!
//! One coarse timer per connection looks at these marks; nothing is armed or disarmed per request.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::Limits;

/// Milliseconds of the connection's life plus one; zero stands for "not".
type Mark = AtomicU64;

/// The marks of one connection.
#[derive(Debug)]
pub(crate) struct Activity {
    opened: Instant,
    requests: AtomicU32,
    served: AtomicBool,
    multiplexed: AtomicBool,
    /// When the last request ended, or the connection was opened.
    quiet_since: Mark,
    /// When the first byte of a request head came that is not complete yet.
    head_since: Mark,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            requests: AtomicU32::new(0),
            served: AtomicBool::new(false),
            multiplexed: AtomicBool::new(false),
            quiet_since: Mark::new(1),
            head_since: Mark::new(0),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// A request's head is complete. The request ends when the answer is dropped.
    pub(crate) fn begin(self: &Arc<Self>, multiplexed: bool) -> UnderWay {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        self.served.store(true, Ordering::Relaxed);
        if multiplexed {
            self.multiplexed.store(true, Ordering::Relaxed);
        }
        UnderWay(Arc::clone(self))
    }

    fn received(&self) {
        // On HTTP/2, bytes between requests are pings and settings, not the start of a head.
        if self.requests.load(Ordering::Relaxed) == 0
            && !self.multiplexed.load(Ordering::Relaxed)
            && self.head_since.load(Ordering::Relaxed) == 0
        {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Whether the connection has used up its patience, and if not, how long until it could have.
    pub(crate) fn patience(&self, limits: &Limits) -> Patience {
        if self.requests.load(Ordering::Relaxed) != 0 {
            return Patience::Left(limits.header_timeout.min(limits.idle_timeout));
        }
        let (since, limit) = match self.head_since.load(Ordering::Relaxed) {
            0 if self.served.load(Ordering::Relaxed) => (self.quiet_since.load(Ordering::Relaxed), limits.idle_timeout),
            0 => (1, limits.header_timeout),
            head => (head, limits.header_timeout),
        };
        let waited = Duration::from_millis(self.now().saturating_sub(since));
        match limit.checked_sub(waited) {
            None | Some(Duration::ZERO) => Patience::Exhausted,
            Some(left) => Patience::Left(left.min(limits.header_timeout)),
        }
    }
}

/// The verdict on a quiet connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Look again after this long.
    Left(Duration),
    /// Close it.
    Exhausted,
}

/// A request under way on a connection.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<Activity>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.quiet_since.store(self.0.now(), Ordering::Relaxed);
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that marks the arrival of bytes.
#[derive(Debug)]
pub(crate) struct Observed<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Observed<S> {
    pub(crate) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Observed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if polled.is_ready() && buf.filled().len() > before {
            self.activity.received();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Observed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(header: u64, idle: u64) -> Limits {
        Limits {
            header_timeout: Duration::from_millis(header),
            idle_timeout: Duration::from_millis(idle),
            ..Limits::default()
        }
    }

    #[test]
    fn a_request_under_way_is_never_cut_off() {
        let activity = Activity::new();
        let request = activity.begin(false);
        std::thread::sleep(Duration::from_millis(5));
        assert!(matches!(activity.patience(&limits(1, 1)), Patience::Left(_)));
        drop(request);
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(activity.patience(&limits(1, 1)), Patience::Exhausted);
    }

    #[test]
    fn a_begun_head_has_less_time_than_an_idle_connection() {
        let activity = Activity::new();
        drop(activity.begin(false));
        assert!(matches!(activity.patience(&limits(1, 60_000)), Patience::Left(_)));
        activity.received();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(activity.patience(&limits(1, 60_000)), Patience::Exhausted);
    }

    #[test]
    fn pings_on_a_multiplexed_connection_are_not_the_start_of_a_head() {
        let activity = Activity::new();
        drop(activity.begin(true));
        activity.received();
        std::thread::sleep(Duration::from_millis(5));
        assert!(matches!(activity.patience(&limits(1, 60_000)), Patience::Left(_)));
    }

    #[test]
    fn a_connection_that_never_asks_is_closed_after_the_header_timeout() {
        let activity = Activity::new();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(activity.patience(&limits(1, 60_000)), Patience::Exhausted);
    }
}
