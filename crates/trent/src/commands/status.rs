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
