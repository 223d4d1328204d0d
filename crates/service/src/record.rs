//! The audit record of one call, put together from the call, the operation's row and what the operation says of itself.

use trent_api::ApiError;
use trent_audit::json::Fragment;
use trent_audit::{Event, EventId, EventType, Failure, Rendered, Resource};
use uuid::Uuid;

use crate::call::Call;
use crate::operation::{AuditedResource, Facts, Groundwork, Operation, Service};
use crate::vpc_endpoint::VpcEndpoint;

/// The record of what a service made before a call's changes could be.
pub(crate) fn of_groundwork(groundwork: &Groundwork, call: &Call) -> Rendered {
    let identity = call.user_identity();
    Event {
        id: EventId::from_random_bytes(*Uuid::new_v4().as_bytes()),
        request_id: Some(call.request_id),
        event_type: EventType::ApiCall,
        time_millis: call.now_millis(),
        // Whoever calls through a service says so already.
        identity: &match call.calling_service() {
            None => identity.forwarded(groundwork.service),
            Some(_) => identity,
        },
        source: groundwork.event_source,
        name: groundwork.operation,
        region: &call.region.partition().global_region(),
        source_ip: None,
        calling_service: Some(groundwork.service),
        user_agent: groundwork.service,
        failure: None,
        request_parameters: Some(&groundwork.request_parameters),
        response_elements: None,
        additional_event_data: None,
        read_only: false,
        resources: &[],
        vpc_endpoint: None,
        recipient: call.account().as_ref(),
    }
    .render()
}

/// What a record tells beside the call itself.
pub(crate) struct Record<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) created: &'a [AuditedResource],
    pub(crate) response_elements: Option<&'a Fragment>,
    pub(crate) error: Option<&'a ApiError>,
}

impl Record<'_> {
    pub(crate) fn render<O: Operation>(&self, call: &Call) -> Rendered {
        let identity = call.user_identity();
        let resources = self.facts.resources.iter().chain(self.created);
        let resources: Vec<_> = resources
            .map(|resource| Resource {
                account: &resource.account,
                arn: &resource.arn,
            })
            .collect();
        Event {
            id: EventId::from_random_bytes(*Uuid::new_v4().as_bytes()),
            request_id: Some(call.request_id),
            event_type: EventType::ApiCall,
            time_millis: call.now_millis(),
            identity: &identity,
            source: O::Service::EVENT_SOURCE,
            name: O::ROW.name,
            region: &call.region,
            source_ip: call.source_ip,
            calling_service: call.calling_service(),
            vpc_endpoint: call.through.as_deref().map(VpcEndpoint::id),
            user_agent: &call.user_agent,
            failure: self.error.map(|error| Failure {
                code: error.code,
                message: error.message.as_deref(),
            }),
            request_parameters: self.facts.request_parameters.as_ref(),
            response_elements: self.response_elements,
            additional_event_data: self.facts.additional_event_data.as_ref(),
            read_only: O::ROW.read_only,
            resources: &resources,
            // A service belongs to no account: the record is of whom its call is about.
            recipient: call
                .account()
                .as_ref()
                .or(resources.first().map(|resource| resource.account)),
        }
        .render()
    }
}
