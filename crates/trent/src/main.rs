//! The `trent` program: the server and the commands around it.

mod certificate_file;
mod certificates;
mod cli;
#[cfg(feature = "otlp")]
mod collector;
mod commands;
mod config;
mod confinement;
mod declarations;
mod deliveries;
mod key_client;
mod last_uses;
mod logging;
mod metrics;
mod node;
mod operator_client;
mod quarantine;
mod seals;
mod tenants;
mod traces;
mod trail_upkeep;
mod version;

use std::process::ExitCode;

use clap::Parser;

use cli::{
    AccountCommand, AuditCommand, Cli, ClockCommand, Command, ConfigCommand, DestructionCommand, KeyCommand,
    SealCommand, SessionsCommand,
};

/// Requests allocate much and briefly; this allocator costs a fifth of the system's there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What went wrong, for people: every cause in one line.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(arguments) => commands::serve::run(&arguments),
        Command::Init(arguments) => commands::init::run(&arguments),
        Command::Config(ConfigCommand::Check(flags)) => commands::config::check(&flags),
        Command::Backup(arguments) => commands::backup::run(&arguments),
        Command::Restore(arguments) => commands::restore::run(&arguments),
        Command::Account(AccountCommand::ReplaceRootKey { account, config, json }) => {
            commands::account::replace_root_key(account, &config, json)
        }
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::WhoCan(arguments) => commands::who_can::run(&arguments),
        Command::Simulate(arguments) => commands::simulate::run(&arguments),
        Command::Sessions(SessionsCommand::Revoke(arguments)) => commands::sessions::revoke(&arguments),
        Command::Quotas(command) => commands::quotas::run(&command),
        Command::Key(KeyCommand::Recover(arguments)) => commands::key::recover(&arguments),
        Command::Clock(ClockCommand::Advance { by, config }) => commands::clock::advance(by, &config),
        Command::Destruction(DestructionCommand::Status { config, json }) => {
            commands::destruction::status(json, &config)
        }
        Command::Clock(ClockCommand::Confirm { config }) => commands::clock::confirm(&config),
        Command::Audit(AuditCommand::Tail(arguments)) => commands::audit::search::tail(&arguments),
        Command::Audit(AuditCommand::Search(arguments)) => commands::audit::search::search(&arguments),
        Command::Audit(AuditCommand::Export(arguments)) => commands::audit::search::export(&arguments),
        Command::Audit(AuditCommand::Usage(arguments)) => commands::audit::usage::run(&arguments),
        Command::Audit(AuditCommand::Verify(arguments)) => return ended(commands::audit::verify::run(&arguments)),
        Command::Seal(SealCommand::Migrate(arguments)) => commands::seal::migrate(&arguments),
        Command::Seal(SealCommand::Status { config, json }) => commands::seal::status(json, &config),
        Command::Status(arguments) => commands::status::run(&arguments),
        Command::Doctor(arguments) => commands::doctor::run(&arguments),
        Command::KeyPolicy(arguments) => commands::key_policy::run(&arguments),
        Command::Actions(arguments) => commands::actions::run(&arguments),
        Command::Wrap(arguments) => commands::wrap::run(&arguments),
        Command::Apply(arguments) => return ended(commands::apply::run(&arguments)),
        Command::Lint(arguments) => return ended(commands::lint::run(&arguments)),
        Command::Sm2(command) => return ended(commands::sm2::run(&command)),
        Command::PolicyTest(arguments) => return ended(commands::policy_test::run(&arguments)),
    };
    ended(outcome.map(|()| ExitCode::SUCCESS))
}

/// How the program ends.
fn ended(outcome: Result<ExitCode, Failure>) -> ExitCode {
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("trent: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

/// An error and what caused it. A cause that the error's own text repeats is not said twice.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
