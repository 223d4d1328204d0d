//! `trent apply`: brings about what a bootstrap file declares, after showing what that changes.
//!
//! A running server makes the changes itself, one transaction after the other. If none runs they are made here, on the
//! data folder.

use std::process::ExitCode;

use serde_json::{Value, json};
use trent_identity::declaration::plan::{self, Plan};

use crate::Failure;
use crate::cli::ApplyArguments;
use crate::commands::runtime;
use crate::config::Config;
use crate::declarations::{self, Declaration};
use crate::node::Node;
use crate::operator_client::{self, OperatorError};

/// How `trent apply --plan` ends if there is something to change.
const CHANGES: u8 = 2;

/// A line of a plan.
struct Line {
    scope: String,
    change: String,
    what: String,
}

/// A plan, from the server or made here.
struct Shown {
    changes: Vec<Line>,
    notes: Vec<String>,
}

pub(crate) fn run(arguments: &ApplyArguments) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let declaration = declarations::bootstrap(&arguments.file)?;
    let request = json!({"Declaration": *declaration.text, "Files": declaration.files});
    let shown = match operator_client::call(&config.operator_socket, "PlanDeclaration", &request) {
        Ok(answer) => {
            let shown = Shown::of_answer(&answer);
            shown.print_before(arguments);
            if !arguments.plan {
                apply_remotely(&config, request)?;
            }
            shown
        }
        Err(OperatorError::NotRunning { .. }) => runtime()?.block_on(apply_here(&config, &declaration, arguments))?,
        Err(error) => return Err(error.into()),
    };
    if arguments.json {
        println!("{}", shown.document(!arguments.plan));
    }
    if arguments.plan {
        let code = if shown.changes.is_empty() { 0 } else { CHANGES };
        return Ok(ExitCode::from(code));
    }
    if !arguments.json && !shown.changes.is_empty() {
        println!("\nApplied.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the server apply the declaration, transaction by transaction.
fn apply_remotely(config: &Config, mut request: Value) -> Result<(), Failure> {
    loop {
        let answer = operator_client::call(&config.operator_socket, "ApplyDeclaration", &request)?;
        if answer["Complete"] == true {
            return Ok(());
        }
        request["Position"] = answer["Position"].clone();
    }
}

async fn apply_here(config: &Config, declaration: &Declaration, arguments: &ApplyArguments) -> Result<Shown, Failure> {
    let node = Node::open(config, false).await?;
    let planned = plan::plan(&node.directory, &declaration.bootstrap, Node::now()).await;
    let applied = match planned {
        Ok(plan) => {
            let shown = Shown::of_plan(plan);
            shown.print_before(arguments);
            if arguments.plan {
                Ok(shown)
            } else {
                let declared = node.declare(&declaration.bootstrap, "ApplyDeclaration").await;
                declared.map(|_| shown)
            }
        }
        Err(error) => Err(error),
    };
    node.close().await?;
    Ok(applied?)
}

impl Shown {
    fn of_plan(plan: Plan) -> Self {
        let line = |(scope, change): (plan::Scope, plan::Change)| Line {
            scope: scope.to_string(),
            change: change.kind.as_str().to_owned(),
            what: change.what,
        };
        Self {
            changes: plan.changes.into_iter().map(line).collect(),
            notes: plan.notes.iter().map(ToString::to_string).collect(),
        }
    }

    fn of_answer(answer: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let line = |line: &Value| Line {
            scope: text(&line["Scope"]),
            change: text(&line["Change"]),
            what: text(&line["What"]),
        };
        let items = |name: &str| answer[name].as_array().into_iter().flatten();
        Self {
            changes: items("Changes").map(line).collect(),
            notes: items("Notes").map(text).collect(),
        }
    }

    fn document(&self, applied: bool) -> Value {
        let changes = self.changes.iter();
        let changes: Vec<_> = changes
            .map(|line| json!({"Scope": line.scope, "Change": line.change, "What": line.what}))
            .collect();
        json!({"Changes": changes, "Notes": self.notes, "Applied": applied})
    }

    /// Shows the plan to a person; a program gets it with the result.
    fn print_before(&self, arguments: &ApplyArguments) {
        if arguments.json {
            return;
        }
        let mut scope = "";
        for line in &self.changes {
            if line.scope != scope {
                scope = &line.scope;
                println!("{scope}");
            }
            println!("  {} {}", sign(&line.change), line.what);
        }
        for note in &self.notes {
            println!("note: {note}");
        }
        if self.changes.is_empty() {
            println!("Nothing to change.");
        }
    }
}

fn sign(change: &str) -> char {
    let kinds = [plan::Kind::Add, plan::Kind::Alter, plan::Kind::Remove];
    let known = kinds.into_iter().find(|kind| kind.as_str() == change);
    known.map_or('?', plan::Kind::sign)
}
