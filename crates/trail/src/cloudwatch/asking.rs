//! Who asks and for which metrics: what the operations have in common.

use std::sync::Arc;

use trent_api::cloudwatch::Dimension;
use trent_api::{ApiError, protocol};
use trent_audit::json::Object;
use trent_names::AccountId;
use trent_service::{Call, internal};

use super::data::{MINUTE, Series, Values};
use super::{CloudWatch, Data};

/// The page of `ListMetrics`, and the most metrics that a query of data may name.
pub(super) const PAGE: usize = 500;

/// Names that metrics go by beside their own: the guide has both of some.
const OTHER_NAMES: [(&str, &str); 1] = [("SecondsUntilKeyMaterialExpires", "SecondsUntilKeyMaterialExpiration")];

/// The account that asks. What belongs to none has no metrics.
pub(super) fn account_of(call: &Call) -> Result<AccountId, ApiError> {
    let none = || protocol::access_denied("Only principals of accounts can call this operation");
    call.account().ok_or_else(none)
}

/// The name under which a metric is kept.
pub(super) fn own_name(name: &str) -> &str {
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    other.map_or(name, |(_, own)| own)
}

/// The account's metric with exactly these dimensions, in whatever order. None: there are no values of it.
pub(super) fn find(
    known: &[(Arc<Series>, i64)],
    namespace: &str,
    name: &str,
    dimensions: &[Dimension],
) -> Option<Arc<Series>> {
    let name = own_name(name);
    let fits = |series: &Series| {
        series.namespace == namespace
            && series.name == name
            && series.dimensions.len() == dimensions.len()
            && dimensions.iter().all(|wanted| {
                let mut own = series.dimensions.iter();
                own.any(|(name, value)| *name == wanted.name && *value == wanted.value)
            })
    };
    known
        .iter()
        .find(|(series, _)| fits(series))
        .map(|(series, _)| Arc::clone(series))
}

/// Reads values without keeping a thread that serves requests from it.
pub(super) async fn read(
    service: &CloudWatch,
    wanted: Vec<Arc<Series>>,
    from: i64,
    until: i64,
) -> Result<Vec<Values>, ApiError> {
    let data: Arc<Data> = Arc::clone(&service.data);
    let read = tokio::task::spawn_blocking(move || data.read(&wanted, from, until)).await;
    read.map_err(internal)?.map_err(internal)
}

/// Whether data can be had in steps of so many seconds: fractions of a minute are those of high resolution.
pub(super) fn is_period(seconds: i32) -> bool {
    matches!(seconds, 1 | 5 | 10 | 20 | 30) || (seconds > 0 && seconds % 60 == 0)
}

/// A period in milliseconds: no step is finer than a minute here, since no value is.
pub(super) fn step_of(seconds: i32) -> i64 {
    (i64::from(seconds) * 1000).max(MINUTE)
}

/// The beginning of the step that a moment lies in, in milliseconds.
pub(super) fn begin_of_step(at: i64, step: i64) -> i64 {
    // A request may name any moment.
    at.saturating_sub(at.rem_euclid(step))
}

/// Adds a time to what the record shows of a request.
pub(super) fn describe_times(parameters: &mut Object, start: trent_api::Timestamp, end: trent_api::Timestamp) {
    parameters
        .string("startTime", &start.to_string())
        .string("endTime", &end.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_lies_in_a_step() {
        assert_eq!(begin_of_step(119_999, MINUTE), 60_000);
        assert_eq!(begin_of_step(-1, MINUTE), -60_000);
        assert_eq!(begin_of_step(i64::MIN, MINUTE), i64::MIN);
        assert!(begin_of_step(i64::MAX, MINUTE) > i64::MAX - MINUTE);
    }
}
