//! `trent doctor`: looks over a deployment and its machine, and tells what is wrong and what could be better.
//!
//! Nothing is changed and nothing is opened that a running server has open; it is of use before the first start as well
//! as beside a server that does not do what it should.

mod files;
mod machine;
mod server;

use serde_json::{Value, json};

use crate::Failure;
use crate::cli::DoctorArguments;
use crate::config::{Config, ConfigError};

/// How things are in one respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// As it should be.
    Good,
    /// It works, and could be better.
    Advice,
    /// It does not work, or is not safe.
    Problem,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Advice => "advice",
            Self::Problem => "problem",
        }
    }
}

/// What was found in one respect.
#[derive(Debug)]
struct Finding {
    level: Level,
    /// What was looked at.
    about: &'static str,
    /// What was found, and what to do about it.
    text: String,
}

impl Finding {
    fn good(about: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Good, about, text)
    }

    fn advice(about: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Advice, about, text)
    }

    fn problem(about: &'static str, text: impl Into<String>) -> Self {
        Self::new(Level::Problem, about, text)
    }

    fn new(level: Level, about: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { level, about, text }
    }
}

pub(crate) fn run(arguments: &DoctorArguments) -> Result<(), Failure> {
    let findings = match Config::load(&arguments.config).for_serving().into_config() {
        Ok(config) => look_over(&config),
        Err(problems) => vec![unusable(&problems)],
    };
    if arguments.json {
        let told: Vec<Value> = findings
            .iter()
            .map(|finding| json!({"Level": finding.level.name(), "About": finding.about, "Text": finding.text}))
            .collect();
        println!("{}", Value::from(told));
    } else {
        for finding in &findings {
            println!("{:8} {}: {}", finding.level.name(), finding.about, finding.text);
        }
    }
    match findings
        .iter()
        .filter(|finding| finding.level == Level::Problem)
        .count()
    {
        0 => Ok(()),
        1 => Err("there is 1 problem".into()),
        many => Err(format!("there are {many} problems").into()),
    }
}

fn unusable(problems: &ConfigError) -> Finding {
    Finding::problem("configuration", problems.to_string())
}

/// Everything that is looked at, from what holds the rest up.
fn look_over(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding::good("configuration", "is valid")];
    findings.extend(machine::look_over(config));
    findings.extend(files::look_over(config));
    findings.extend(server::look_over(config));
    findings
}
