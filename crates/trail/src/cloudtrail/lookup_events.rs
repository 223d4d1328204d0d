//! `LookupEvents`: the records of the caller's account in the Region that was asked, the latest first.

use trent_api::cloudtrail::{self, Event, LookupEventsRequest, LookupEventsResponse};
use trent_api::{ApiError, Timestamp};
use trent_audit::json::Object;
use trent_audit::{Attribute, Query, Recorded, for_account};
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action, internal};

use super::{CloudTrail, attributes, page};

/// The one category that can be named beside management events, which have none: nothing is found in it.
const INSIGHT: &str = "insight";

/// What is fixed about the operation.
static ROW: Row<()> = Row {
    name: "LookupEvents",
    action: action!("cloudtrail:LookupEvents"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "CloudTrail",
    condition_keys: &[],
    read_only: true,
    dry_run: false,
    rules: (),
};

/// The operation.
pub(super) struct LookupEvents;

impl Operation for LookupEvents {
    type Service = CloudTrail;
    type Input = LookupEventsRequest;
    type Output = LookupEventsResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(_: &CloudTrail, _: &Call, _: &LookupEventsRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a LookupEventsRequest, (): &'a ()) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }

    async fn prepare(
        service: &CloudTrail,
        call: &Call,
        input: &LookupEventsRequest,
        (): &(),
    ) -> Result<Effect<LookupEventsResponse>, ApiError> {
        let account = call
            .account()
            .ok_or_else(|| internal("nobody's events were looked up"))?;
        let insight = match input.event_category.as_deref() {
            None => false,
            Some(INSIGHT) => true,
            Some(_) => {
                return Err(cloudtrail::error::invalid_event_category(
                    "The event category has to be insight",
                ));
            }
        };
        let limit = page::limit(input)?;
        let mut query = attributes::query(input, account.as_str(), call.region.as_str(), call.now)?;
        let place = Attribute::place(account.as_str(), call.region.as_str());
        if let Some(before) = page::continued(&*service.keystore, input, &place).await? {
            query.before = before;
        }
        let mut found = if insight {
            Vec::new()
        } else {
            found(service, query, limit + 1).await?
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let next_token = match found.last() {
            Some((last, _)) if more => Some(page::token(&*service.keystore, input, &place, *last).await?),
            _ => None,
        };
        let events = found.iter().filter_map(|(_, line)| event(line)).collect();
        Ok(Effect::reply(LookupEventsResponse {
            events: Some(events),
            next_token,
        }))
    }

    fn describe(_: &Call, input: &LookupEventsRequest, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        if let Some(attributes) = &input.lookup_attributes {
            let attributes = attributes.iter().map(|attribute| {
                let mut object = Object::new();
                object
                    .string("attributeKey", &attribute.attribute_key)
                    .string("attributeValue", &attribute.attribute_value);
                object
            });
            parameters.objects("lookupAttributes", attributes);
        }
        for (name, time) in [("startTime", input.start_time), ("endTime", input.end_time)] {
            if let Some(time) = time {
                parameters.string(name, &time.in_words());
            }
        }
        if let Some(category) = &input.event_category {
            parameters.string("eventCategory", category);
        }
        if let Some(most) = input.max_results {
            parameters.integer("maxResults", most.into());
        }
        if let Some(token) = &input.next_token {
            parameters.string("nextToken", token);
        }
        Facts {
            request_parameters: (!parameters.is_empty()).then(|| parameters.finish()),
            ..Facts::default()
        }
    }
}

/// The latest records that a query finds, with their numbers.
async fn found(service: &CloudTrail, query: Query, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, ApiError> {
    // What was answered may still be on its way to the disk.
    service.trail.flush().await.map_err(internal)?;
    let trail = service.trail.clone();
    let found = tokio::task::spawn_blocking(move || trail.history().latest(&query, limit)).await;
    found.map_err(internal)?.map_err(internal)
}

/// A record as the reply shows it.
fn event(line: &[u8]) -> Option<Event> {
    let record = Recorded::read(line)?;
    let named = |kind: &str, name: &str| cloudtrail::Resource {
        resource_type: Some(kind.to_owned()),
        resource_name: Some(name.to_owned()),
    };
    let mut resources = Vec::new();
    for resource in record.resources() {
        resources.push(named(resource.kind(), resource.arn()));
        resources.extend(resource.key_id().map(|id| named(resource.kind(), id)));
    }
    let seconds = i64::try_from(record.seconds()).unwrap_or(i64::MAX / 1000);
    Some(Event {
        event_id: Some(record.event_id().to_owned()),
        event_name: Some(record.event_name().to_owned()),
        read_only: Some(record.read_only().to_string()),
        access_key_id: record.access_key_id().map(ToOwned::to_owned),
        event_time: Some(Timestamp::from_seconds(seconds)),
        event_source: Some(record.event_source().to_owned()),
        username: record.user_name().map(ToOwned::to_owned),
        resources: Some(resources),
        cloud_trail_event: Some(String::from_utf8(for_account(line).into_owned()).ok()?),
    })
}
