//! `trent audit verify`: has the running server check its trail, or checks it here if none runs.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use serde_json::{Value, json};
use trent_audit::{Files, Progress, VerifyError, verify_after};

use super::{log_files, trail_of};
use crate::Failure;
use crate::cli::audit::VerifyArguments;
use crate::commands::runtime;
use crate::config::Config;
use crate::node::Node;
use crate::operator_client::{self, OperatorError};

/// How the command ends if the trail is not what was written.
pub(super) const FAULT: u8 = 2;

/// The cells of the bar.
const WIDTH: u64 = 30;

pub(crate) fn run(arguments: &VerifyArguments) -> Result<ExitCode, Failure> {
    if let Some(folder) = &arguments.log_files {
        return log_files::run(folder, arguments);
    }
    let config = Config::load(&arguments.config).into_config()?;
    let mut bar = Bar::default();
    let outcome = match ask(&config, arguments.after, &mut bar) {
        Err(OperatorError::NotRunning { .. }) => here(&config, arguments.after, &mut bar)?,
        outcome => outcome?,
    };
    bar.clear();
    if arguments.json {
        println!("{outcome}");
    } else {
        print(&outcome);
    }
    Ok(if outcome["Intact"] == true {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAULT)
    })
}

/// Has the running server do it.
fn ask(config: &Config, after: u64, bar: &mut Bar) -> Result<Value, OperatorError> {
    let call = |input: Value| operator_client::call(&config.operator_socket, "VerifyTrail", &input);
    let mut answer = call(json!({"After": after.to_string()}))?;
    while answer["Outcome"].is_null() {
        let number = |name: &str| answer[name].as_u64().unwrap_or(0);
        bar.show(Progress {
            done: number("Done"),
            total: number("Total"),
        });
        answer = call(json!({"Run": answer["Run"]}))?;
    }
    Ok(answer["Outcome"].take())
}

/// Does it in this process, with the store that no server holds.
fn here(config: &Config, after: u64, bar: &mut Bar) -> Result<Value, Failure> {
    let files = Files::of(&trail_of(config)).map_err(|error| format!("{}: {error}", trail_of(config).display()))?;
    let chains = runtime()?.block_on(Node::chains(config))?;
    match verify_after(files, &chains, after, |progress| bar.show(progress)) {
        Ok(summary) => Ok(summary.to_json()),
        Err(VerifyError::Io(error)) => Err(error.into()),
        Err(fault) => Ok(fault.to_json()),
    }
}

fn print(outcome: &Value) {
    let number = |name: &str| outcome[name].as_u64().unwrap_or(0);
    if outcome["Intact"] != true {
        println!(
            "The trail is not what was written: {}",
            outcome["Fault"].as_str().unwrap_or_default()
        );
        return;
    }
    let (first, last) = (number("NoLongerKept") + 1, number("LastRecord"));
    if first > last {
        println!("The trail is intact and has no record.");
    } else {
        println!(
            "The trail is intact: records {first} to {last} in {} files.",
            number("Files")
        );
    }
    if first > 1 {
        println!("The {} records before are no longer kept.", first - 1);
    }
    match outcome["Anchored"].as_u64() {
        None => {
            println!("The store does not know yet how far it reached: an end that was cut off would not be noticed.");
        }
        Some(anchored) if anchored < last => println!(
            "The store knows that it reached record {anchored}: of the {} behind it, those that were cut off would not be \
             noticed.",
            last - anchored
        ),
        Some(_) => println!("The store knows that it reached its last record: nothing was cut off."),
    }
    if number("TornBytes") > 0 {
        println!(
            "Behind the last whole batch are {} bytes: being written, or left by a crash and cut off at the next start.",
            number("TornBytes")
        );
    }
}

/// A bar on the terminal, if there is one.
#[derive(Default)]
pub(super) struct Bar {
    shown: Option<u64>,
}

impl Bar {
    pub(super) fn show(&mut self, progress: Progress) {
        let percent = (progress.done.min(progress.total) * 100)
            .checked_div(progress.total)
            .unwrap_or(0);
        if self.shown == Some(percent) || !std::io::stderr().is_terminal() {
            return;
        }
        self.shown = Some(percent);
        let full = usize::try_from(percent * WIDTH / 100).unwrap_or(0);
        let empty = usize::try_from(WIDTH).unwrap_or(0) - full;
        let mib = |bytes: u64| bytes >> 20;
        eprint!(
            "\r[{}{}] {percent:3} % of {} MiB",
            "#".repeat(full),
            ".".repeat(empty),
            mib(progress.total)
        );
        // A terminal that takes nothing shows nothing.
        let _ = std::io::stderr().flush();
    }

    pub(super) fn clear(&self) {
        if self.shown.is_some() {
            eprint!("\r{:60}\r", "");
        }
    }
}
