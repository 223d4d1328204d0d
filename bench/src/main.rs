//! `trent-bench`: Trent's speed, told as a ratio to a bare HTTP server on the same machine in the same run.
//!
//! `compare` starts the servers on one core, drives them in turn from another and prints a table; `echo` is the bare
//! server; `authorization` compares Trent with itself, with many grants and large policies;
//! `algorithms` with bare calls of its library; `scale` with itself over many keys; `audit` with itself
//! without a trail; `lookup` looks events up in a long one. How and why is in `bench/README.md`.

mod affinity;
mod algorithms;
mod audit;
mod authorization;
mod bulk;
mod client;
mod compare;
mod cryptography;
mod echo;
mod error;
mod histogram;
mod load;
mod lookup;
mod process;
mod report;
mod requests;
mod scale;
mod servers;
mod storage;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Trent's own, so that the bare server is no slower for another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Trent beside a bare HTTP server
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start both servers, drive them in turn and print a table
    Compare(compare::Arguments),
    /// Measure what grants and policies add to an Encrypt, and print a table
    Authorization(authorization::Arguments),
    /// Measure key pairs and HMAC keys beside bare calls of the library, and print a table
    Algorithms(algorithms::Arguments),
    /// Measure what many keys cost, at start and in use, and rotations that fall due together
    Scale(scale::Arguments),
    /// Measure what a durable audit trail costs an Encrypt
    Audit(audit::Arguments),
    /// Measure lookups in a long audit trail
    Lookup(lookup::Arguments),
    /// Serve: answer every request with its own body
    Echo(echo::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Authorization(arguments) => authorization::run(&arguments),
        Command::Algorithms(arguments) => algorithms::run(&arguments),
        Command::Scale(arguments) => scale::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Lookup(arguments) => lookup::run(&arguments),
        Command::Echo(arguments) => echo::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trent-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
