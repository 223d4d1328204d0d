//! `trent who-can`: asks the running server who may do something with a key, and through what.

use serde::Deserialize;
use serde_json::json;
use trent_policy::Ground;

use crate::Failure;
use crate::cli::WhoCanArguments;
use crate::config::Config;
use crate::operator_client::{self, OperatorError};

/// What the server answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    key: String,
    actions: Vec<String>,
    principals: Vec<Holder>,
    elsewhere: Vec<String>,
    considered: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Holder {
    principal: String,
    access: Vec<Held>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Held {
    action: String,
    conditional: bool,
    paths: Vec<Ground>,
    #[serde(default)]
    conditions: Vec<String>,
}

pub(crate) fn run(arguments: &WhoCanArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let mut input = json!({"Key": arguments.key});
    if let Some(action) = &arguments.action {
        input["Action"] = action.as_str().into();
    }
    if let Some(region) = &arguments.region {
        input["Region"] = region.as_str().into();
    }
    let answer = operator_client::call(&config.operator_socket, "WhoCan", &input)?;
    if arguments.json {
        println!("{answer}");
        return Ok(());
    }
    let answer: Answer =
        serde_json::from_value(answer).map_err(|error| OperatorError::NotUnderstood(error.to_string()))?;
    print!(
        "{}",
        if arguments.all_actions {
            matrix(&answer)
        } else {
            list(&answer)
        }
    );
    Ok(())
}

/// Who can do one thing, each with the way.
fn list(answer: &Answer) -> String {
    let mut lines = vec![
        format!("{} on {}", answer.actions.join(", "), answer.key),
        String::new(),
    ];
    for holder in &answer.principals {
        for held in &holder.access {
            let how = if held.conditional { "conditional" } else { "allowed" };
            lines.push(format!("{how:<11}  {}", holder.principal));
            lines.extend(held.paths.iter().map(|path| format!("{:11}    by {path}", "")));
            if !held.conditions.is_empty() {
                lines.push(format!("{:11}    depends on {}", "", held.conditions.join(", ")));
            }
        }
    }
    lines.extend(footer(answer));
    lines.join("\n") + "\n"
}

/// Actions and principals crossed: each principal is a numbered column.
fn matrix(answer: &Answer) -> String {
    let mut lines = vec![answer.key.clone(), String::new()];
    for (index, holder) in answer.principals.iter().enumerate() {
        lines.push(format!("[{}] {}", index + 1, holder.principal));
    }
    let widest = answer.actions.iter().map(String::len).max().unwrap_or(0);
    let row = |title: &str, cells: Vec<String>| {
        let cells: Vec<_> = cells.iter().map(|cell| format!("{cell:>4}")).collect();
        format!("{title:<widest$} {}", cells.join(" "))
    };
    let numbers = (1..=answer.principals.len()).map(|number| format!("[{number}]"));
    lines.push(String::new());
    lines.push(row("", numbers.collect()));
    for action in &answer.actions {
        let cell = |holder: &Holder| {
            let held = holder.access.iter().find(|held| held.action == *action);
            held.map_or(".", |held| if held.conditional { "c" } else { "x" })
                .to_owned()
        };
        lines.push(row(action, answer.principals.iter().map(cell).collect()));
    }
    lines.push(String::new());
    lines.push("x: allowed; c: depends on conditions; .: not allowed".to_owned());
    lines.extend(footer(answer));
    lines.join("\n") + "\n"
}

fn footer(answer: &Answer) -> Vec<String> {
    let mut lines = Vec::new();
    if !answer.elsewhere.is_empty() {
        lines.push("\nNamed by the key policy, and not of any account here:".to_owned());
        lines.extend(answer.elsewhere.iter().map(|name| format!("  {name}")));
    }
    lines.push(format!(
        "\n{} of {} principals",
        answer.principals.len(),
        answer.considered
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        serde_json::from_value(json!({
            "Key": "arn:aws:kms:us-east-1:111122223333:key/k",
            "Actions": ["kms:Decrypt", "kms:Encrypt"],
            "Principals": [
                {"Principal": "arn:aws:iam::111122223333:root", "Access": [
                    {"Action": "kms:Decrypt", "Conditional": false, "Paths": [
                        {"Type": "resource", "Policy": "default", "Statement": 0, "Sid": "Own", "Line": 4, "Effect": "Allow"}]},
                    {"Action": "kms:Encrypt", "Conditional": false, "Paths": [{"Type": "rootUser"}]}]},
                {"Principal": "arn:aws:iam::111122223333:user/Alice", "Access": [
                    {"Action": "kms:Decrypt", "Conditional": true, "Paths": [{"Type": "grant", "Policy": "abc"}],
                     "Conditions": ["StringEquals kms:ViaService"]}]}],
            "Elsewhere": ["arn:aws:iam::999999999999:root"],
            "Considered": 7,
        }))
        .expect("an answer")
    }

    #[test]
    fn each_way_is_listed_with_what_it_depends_on() {
        let text = list(&answer());
        for line in [
            "allowed      arn:aws:iam::111122223333:root",
            "               by statement \"Own\" (line 4) of the key policy",
            "               by being the root user, who needs no IAM policy",
            "conditional  arn:aws:iam::111122223333:user/Alice",
            "               by grant abc",
            "               depends on StringEquals kms:ViaService",
            "  arn:aws:iam::999999999999:root",
            "2 of 7 principals",
        ] {
            assert!(text.lines().any(|found| found == line), "{line:?} in\n{text}");
        }
    }

    #[test]
    fn the_matrix_has_a_column_for_each_principal() {
        let text = matrix(&answer());
        for line in [
            "[2] arn:aws:iam::111122223333:user/Alice",
            "             [1]  [2]",
            "kms:Decrypt    x    c",
            "kms:Encrypt    x    .",
        ] {
            assert!(text.lines().any(|found| found == line), "{line:?} in\n{text}");
        }
    }
}
