//! The running server, as it sees itself.

use serde_json::{Value, json};

use super::Finding;
use crate::config::Config;
use crate::operator_client::{self, OperatorError};
use crate::version::VERSION;

const ABOUT: &str = "server";

pub(super) fn look_over(config: &Config) -> Vec<Finding> {
    match operator_client::call(&config.operator_socket, "Status", &json!({})) {
        Ok(status) => of_status(&status),
        Err(error @ OperatorError::NotRunning { .. }) => {
            vec![Finding::advice(ABOUT, format!("is not running: {error}"))]
        }
        Err(error) => vec![Finding::problem(ABOUT, error.to_string())],
    }
}

fn of_status(status: &Value) -> Vec<Finding> {
    let version = status["Version"].as_str().unwrap_or_default();
    let mut findings = vec![if version == VERSION {
        Finding::good(ABOUT, format!("runs, version {version}"))
    } else {
        Finding::advice(
            ABOUT,
            format!("runs version {version}, and this program is {VERSION}: start it again"),
        )
    }];
    findings.push(if status["AuditHealthy"] == true {
        Finding::good("audit trail", "takes records")
    } else {
        Finding::problem(
            "audit trail",
            "cannot be written: requests fail until it can; the log says why",
        )
    });
    if let Some(held) = status["ClockHeld"].as_str() {
        findings.push(Finding::problem(
            "clock",
            format!("keys whose deletion fell due are kept: {held}; look at the clock, then `trent clock confirm`"),
        ));
    }
    findings.extend(
        status["Deliveries"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(of_delivery),
    );
    findings
}

/// A target of events or a sink that does not take what it should.
fn of_delivery(delivery: &Value) -> Option<Finding> {
    let (name, why) = (delivery["Name"].as_str()?, delivery["Failure"].as_str()?);
    let waiting = &delivery["WaitingRecords"];
    Some(Finding::problem(
        "delivery",
        format!("{name} fails, and {waiting} records wait for it: {why}"),
    ))
}
