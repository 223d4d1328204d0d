//! The real binary, from outside: started, asked, killed, starved and started again.

mod accounts;
mod backups;
#[path = "../../examples/walk/client.rs"]
mod client;
mod configuration;
mod deployment;
mod development;
mod draining;
mod faults;
mod http;
mod kill;
mod limits;
mod operator;
mod protocol;
mod start;
mod versions;
mod walk;
