//! `trent explain`: asks the running server why somebody may or may not do something.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use trent_policy::Explanation;

use crate::Failure;
use crate::cli::ExplainArguments;
use crate::config::Config;
use crate::operator_client::{self, OperatorError};

/// What the server answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    recorded: Option<Recorded>,
    explanations: Vec<Explanation>,
    notes: Vec<String>,
}

/// What became of a past request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Recorded {
    event_time: String,
    event_name: String,
    principal: String,
    outcome: String,
    error_message: Option<String>,
    decision: Option<String>,
}

pub(crate) fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let (operation, input) = question(arguments)?;
    let answer = operator_client::call(&config.operator_socket, operation, &input)?;
    if arguments.json {
        println!("{answer}");
        return Ok(());
    }
    let answer: Answer =
        serde_json::from_value(answer).map_err(|error| OperatorError::NotUnderstood(error.to_string()))?;
    if arguments.mermaid {
        for explanation in &answer.explanations {
            print!("{}", explanation.to_mermaid());
        }
        return Ok(());
    }
    if let Some(recorded) = &answer.recorded {
        print_recorded(recorded);
    }
    for (index, explanation) in answer.explanations.iter().enumerate() {
        if index > 0 {
            println!();
        }
        print!("{explanation}");
    }
    for note in &answer.notes {
        println!("\nNote: {note}");
    }
    Ok(())
}

fn question(arguments: &ExplainArguments) -> Result<(&'static str, Value), Failure> {
    if let Some(id) = &arguments.request {
        return Ok(("ExplainPast", json!({"RequestId": id})));
    }
    let mut input = json!({"Principal": arguments.principal, "Action": arguments.action});
    for (name, value) in [
        ("Key", &arguments.key),
        ("Region", &arguments.region),
        ("ViaService", &arguments.via_service),
        ("VpcEndpoint", &arguments.vpc_endpoint),
    ] {
        if let Some(value) = value {
            input[name] = value.as_str().into();
        }
    }
    let mut context = arguments.context.clone();
    let source = if arguments.vpc_endpoint.is_some() {
        "aws:VpcSourceIp"
    } else {
        "aws:SourceIp"
    };
    context.extend(arguments.source_ip.map(|address| format!("{source}={address}")));
    if !context.is_empty() {
        input["Context"] = json!(context);
    }
    if !arguments.encryption_context.is_empty() {
        let mut pairs = Map::new();
        for pair in &arguments.encryption_context {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("{pair} is no pair of the encryption context, KEY=VALUE"))?;
            pairs.insert(key.to_owned(), value.into());
        }
        input["EncryptionContext"] = Value::Object(pairs);
    }
    Ok(("Explain", input))
}

fn print_recorded(recorded: &Recorded) {
    println!(
        "Recorded at {}: {} by {}: {}",
        recorded.event_time, recorded.event_name, recorded.principal, recorded.outcome
    );
    if let Some(decision) = &recorded.decision {
        println!("  decided then: {decision}");
    }
    if let Some(message) = &recorded.error_message {
        println!("  told then: {message}");
    }
    // What was turned away is not decided anew.
    if recorded.decision.as_deref() == Some("UNAUTHENTICATED") {
        println!();
    } else {
        println!("\nDecided now:");
    }
}
