//! The audit trail as the rest of the server uses it: a real file, a sealed store, and crashes.

mod crash;
mod history;
mod outbox;
mod recovery;
mod segments;
mod tampering;
mod world;
