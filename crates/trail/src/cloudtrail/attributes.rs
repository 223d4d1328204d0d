//! What events can be looked up by, and the times between which they were.

use std::time::Duration;

use trent_api::cloudtrail::{LookupAttribute, LookupEventsRequest, error};
use trent_api::{ApiError, Timestamp};
use trent_audit::{Attribute, Query};

/// How far back events are looked up.
const HISTORY: Duration = Duration::from_hours(90 * 24);

/// The longest value of an attribute, in characters.
const LONGEST: usize = 2000;

/// Every attribute by its name on the wire.
const ATTRIBUTES: [(&str, Attribute); 8] = [
    ("EventId", Attribute::EventId),
    ("EventName", Attribute::EventName),
    ("ReadOnly", Attribute::ReadOnly),
    ("Username", Attribute::Username),
    ("ResourceType", Attribute::ResourceType),
    ("ResourceName", Attribute::ResourceName),
    ("EventSource", Attribute::EventSource),
    ("AccessKeyId", Attribute::AccessKeyId),
];

/// The query that a request of an account in a Region is.
pub(super) fn query(
    request: &LookupEventsRequest,
    account: &str,
    region: &str,
    now: Duration,
) -> Result<Query, ApiError> {
    let mut wanted = vec![(Attribute::Place, Attribute::place(account, region))];
    match request.lookup_attributes.as_deref().unwrap_or_default() {
        [] => {}
        [attribute] => wanted.push(named(attribute)?),
        _ => {
            return Err(error::invalid_lookup_attributes(
                "You can only use one lookup attribute",
            ));
        }
    }
    let (start, end) = (request.start_time.map(seconds), request.end_time.map(seconds));
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return Err(error::invalid_time_range("The start time is after the end time"));
    }
    let oldest = now.saturating_sub(HISTORY).as_secs();
    Ok(Query {
        wanted,
        from: start.unwrap_or(oldest).max(oldest),
        to: end.unwrap_or(u64::MAX),
        ..Query::default()
    })
}

fn named(attribute: &LookupAttribute) -> Result<(Attribute, String), ApiError> {
    let LookupAttribute {
        attribute_key: key,
        attribute_value: value,
    } = attribute;
    let known = ATTRIBUTES.iter().find(|(name, _)| name == key);
    let (_, attribute) = known
        .ok_or_else(|| error::invalid_lookup_attributes(format!("There is no lookup attribute {}", shortened(key))))?;
    let length = value.chars().count();
    if length == 0 || length > LONGEST {
        return Err(error::invalid_lookup_attributes(format!(
            "The value of {key} has to have 1 to {LONGEST} characters"
        )));
    }
    if *attribute == Attribute::ReadOnly && !["true", "false"].contains(&value.as_str()) {
        return Err(error::invalid_lookup_attributes(
            "The value of ReadOnly has to be true or false",
        ));
    }
    Ok((*attribute, value.clone()))
}

/// A caller's text, as an error message repeats it.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// A time in seconds since the Unix epoch, as records have theirs.
fn seconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_millis().div_euclid(1000)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn asked(request: &LookupEventsRequest) -> Result<Query, &'static str> {
        query(request, "111122223333", "eu-central-1", NOW).map_err(|error| error.code)
    }

    fn by(pairs: &[(&str, &str)]) -> LookupEventsRequest {
        let attribute = |(key, value): &(&str, &str)| LookupAttribute {
            attribute_key: (*key).to_owned(),
            attribute_value: (*value).to_owned(),
        };
        LookupEventsRequest {
            lookup_attributes: Some(pairs.iter().map(attribute).collect()),
            ..LookupEventsRequest::default()
        }
    }

    fn between(start: Option<i64>, end: Option<i64>) -> LookupEventsRequest {
        LookupEventsRequest {
            start_time: start.map(Timestamp::from_seconds),
            end_time: end.map(Timestamp::from_seconds),
            ..LookupEventsRequest::default()
        }
    }

    /// MON-188: nothing is looked up outside the caller's account and Region, and by one attribute at most.
    #[test]
    fn a_query_is_of_one_account_and_region_and_one_attribute() {
        let place = (Attribute::Place, "111122223333\neu-central-1".to_owned());
        let query = asked(&LookupEventsRequest::default()).expect("a query");
        assert_eq!(query.wanted, std::slice::from_ref(&place));
        for (name, attribute) in ATTRIBUTES {
            let value = if name == "ReadOnly" { "true" } else { "x" };
            let query = asked(&by(&[(name, value)])).expect("a query");
            assert_eq!(query.wanted, [place.clone(), (attribute, value.to_owned())]);
        }
        let long = "x".repeat(LONGEST + 1);
        for pairs in [
            &[("EventName", "Encrypt"), ("Username", "ana")][..],
            &[("Nothing", "x")],
            &[("eventName", "x")],
            &[("Principal", "x")],
            &[("EventName", "")],
            &[("EventName", &long)],
            &[("ReadOnly", "True")],
        ] {
            assert_eq!(asked(&by(pairs)), Err("InvalidLookupAttributesException"), "{pairs:?}");
        }
    }

    /// MON-188: a range of time, of the last 90 days.
    #[test]
    fn a_query_is_of_ninety_days_at_most() {
        let (now, day) = (1_700_000_000_i64, 86_400);
        let range = |start, end| asked(&between(start, end)).map(|query| (query.from, query.to));
        let oldest = now.unsigned_abs() - 90 * day;
        assert_eq!(range(None, None), Ok((oldest, u64::MAX)));
        assert_eq!(range(Some(0), Some(now)), Ok((oldest, now.unsigned_abs())));
        assert_eq!(range(Some(-5), Some(-4)), Ok((oldest, 0)));
        assert_eq!(
            range(Some(now - 9), Some(now - 9)),
            Ok((now.unsigned_abs() - 9, now.unsigned_abs() - 9))
        );
        assert_eq!(range(Some(now), Some(now - 1)), Err("InvalidTimeRangeException"));
    }
}
