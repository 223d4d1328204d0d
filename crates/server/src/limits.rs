//! The bounds on what one client can take from the server.

use std::time::Duration;

/// Bounds on connections, request heads and bodies. Every one is finite: a client that sends slowly, too much or
/// nothing at all costs a bounded amount of memory for a bounded time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections served at once; further ones wait in the kernel's backlog.
    pub connections: usize,
    /// Largest request head (request line and headers), in bytes; at least 8 KiB.
    pub header_size: usize,
    /// Largest request body, in bytes.
    pub body_size: usize,
    /// Longest time that a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// Longest wait for a request head once its first byte is there, and for a new connection's first request.
    pub header_timeout: Duration,
    /// Longest wait for a whole body.
    pub body_timeout: Duration,
    /// A connection without a request under way is closed after this long.
    pub idle_timeout: Duration,
    /// How long a stopping server waits for requests under way.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            header_size: 64 << 10,
            body_size: 1 << 20,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            drain_timeout: Duration::from_secs(30),
        }
    }
}
