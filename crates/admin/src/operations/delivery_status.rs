//! How the targets of events and the sinks of the trail are doing, as `Status` tells it.

use serde::Serialize;
use trent_api::Encode;

use crate::Operator;

/// A target or a sink.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeliveryStatus {
    name: String,
    waiting_records: u64,
    missed_records: u64,
    failing_seconds: u64,
    failure: Option<String>,
}

impl DeliveryStatus {
    /// All of them.
    pub(super) fn of_all(operator: &Operator) -> Vec<Self> {
        let durable = operator.trail.durable_sequence();
        let tell = |outlet: &trent_delivery::Status| {
            let (failure, lasting) = outlet.failure().unzip();
            Self {
                name: outlet.name().to_owned(),
                waiting_records: durable.saturating_sub(outlet.settled()),
                missed_records: outlet.missed(),
                failing_seconds: lasting.unwrap_or_default().as_secs(),
                failure,
            }
        };
        operator.deliveries.iter().map(tell).collect()
    }
}

impl Encode for DeliveryStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        // Writing into memory cannot fail.
        let _ = serde_json::to_writer(out, self);
    }
}
