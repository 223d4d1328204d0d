//! `trent status`: asks the running server.

use serde_json::{Value, json};

use crate::Failure;
use crate::cli::StatusArguments;
use crate::config::Config;
use crate::operator_client;

pub(crate) fn run(arguments: &StatusArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let status = operator_client::call(&config.operator_socket, "Status", &json!({}))?;
    if arguments.json {
        println!("{status}");
        return Ok(());
    }
    for (name, value) in status.as_object().into_iter().flatten() {
        match value {
            Value::Array(deliveries) if name == "Deliveries" => {
                for delivery in deliveries {
                    println!("{}", of_delivery(delivery));
                }
            }
            Value::String(text) => println!("{name}: {text}"),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
                println!("{name}: {}", items.join(", "));
            }
            other => println!("{name}: {other}"),
        }
    }
    if status["AuditHealthy"] == false {
        Err("the audit trail cannot be written".into())
    } else {
        Ok(())
    }
}

/// A line about a target of events or a sink of the trail.
fn of_delivery(delivery: &Value) -> String {
    let name = delivery["Name"].as_str().unwrap_or_default();
    let missed = match &delivery["MissedRecords"] {
        missed if missed != 0 => format!(", {missed} were removed before they were delivered"),
        _ => String::new(),
    };
    let failing = match delivery["Failure"].as_str() {
        Some(why) => format!(", failing for {} s: {why}", delivery["FailingSeconds"]),
        None => String::new(),
    };
    format!(
        "Delivery {name}: {} records wait{missed}{failing}",
        delivery["WaitingRecords"]
    )
}
