//! The server with services made for the test.

mod panics;
mod query;
mod tls;
