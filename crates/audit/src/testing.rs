//! For tests of what works on records.

use trent_names::Region;

use crate::{Event, EventId, EventType, Rendered, UserIdentity};

/// A record that says little, but for which one it is.
///
/// # Panics
///
/// Never: its Region is one.
pub fn record(number: u8) -> Rendered {
    let region: Region = "us-east-1".parse().expect("a Region");
    Event {
        id: EventId::from_random_bytes([number; 16]),
        request_id: None,
        event_type: EventType::ApiCall,
        time_millis: 0,
        identity: &UserIdentity::unknown(),
        source: "kms.amazonaws.com",
        name: "Encrypt",
        region: &region,
        source_ip: None,
        calling_service: None,
        user_agent: "",
        failure: None,
        request_parameters: None,
        response_elements: None,
        additional_event_data: None,
        read_only: false,
        resources: &[],
        vpc_endpoint: None,
        tls: None,
        recipient: None,
        shared: None,
        for_operator: None,
    }
    .render()
}
