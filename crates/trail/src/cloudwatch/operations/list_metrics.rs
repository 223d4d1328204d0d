//! `ListMetrics`: which metrics there are values of.

use std::sync::Arc;

use trent_api::ApiError;
use trent_api::cloudwatch::{self, Dimension, DimensionFilter, Metric, error};
use trent_audit::json::Object;
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action};

use super::row;
use crate::cloudwatch::asking::{PAGE, account_of, own_name};
use crate::cloudwatch::{CloudWatch, Series};

/// The time of `RecentlyActive`, in milliseconds.
const RECENTLY: i64 = 3 * 3_600_000;

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row("ListMetrics", action!("cloudwatch:ListMetrics"), Access::List);

/// The operation.
pub(crate) struct ListMetrics;

impl Operation for ListMetrics {
    type Service = CloudWatch;
    type Input = cloudwatch::ListMetricsInput;
    type Output = cloudwatch::ListMetricsOutput;
    type Resolved = ();

    const ROW: &'static Row<()> = &ROW;

    async fn resolve(_: &CloudWatch, _: &Call, _: &Self::Input) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, (): &'a ()) -> Vec<Target<'a>> {
        vec![ROW.on(Resource::Any)]
    }

    async fn prepare(
        service: &CloudWatch,
        call: &Call,
        input: &Self::Input,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let account = account_of(call)?;
        let after = match &input.next_token {
            None => None,
            Some(token) => {
                Some(Place::parse(token).ok_or_else(|| error::invalid_parameter_value("The token is not valid"))?)
            }
        };
        // Nobody but the account itself shares its metrics.
        let others = input
            .owning_account
            .as_ref()
            .is_some_and(|owner| *owner != account.as_str());
        let known = service.data.metrics(account.as_str(), call.region.as_str());
        let recent = call.now_millis() - RECENTLY;
        let mut listed = known
            .into_iter()
            .filter(|(series, last)| {
                !others && fits(input, series) && (input.recently_active.is_none() || *last >= recent)
            })
            .map(|(series, _)| series)
            .filter(|series| after.as_ref().is_none_or(|after| after.is_before(series)));
        let page: Vec<Arc<Series>> = listed.by_ref().take(PAGE).collect();
        let next_token = listed.next().and(page.last()).map(|last| Place::of(last).token());
        let owners = input.include_linked_accounts == Some(true);
        Ok(Effect::reply(cloudwatch::ListMetricsOutput {
            owning_accounts: owners.then(|| page.iter().map(|_| account.to_string()).collect()),
            metrics: Some(page.iter().map(|series| metric(series)).collect()),
            next_token,
        }))
    }

    fn describe(_: &Call, input: &Self::Input, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        if let Some(namespace) = &input.namespace {
            parameters.string("namespace", namespace);
        }
        if let Some(name) = &input.metric_name {
            parameters.string("metricName", name);
        }
        Facts {
            request_parameters: (!parameters.is_empty()).then(|| parameters.finish()),
            ..Facts::default()
        }
    }
}

fn fits(input: &cloudwatch::ListMetricsInput, series: &Series) -> bool {
    let has = |filter: &DimensionFilter| {
        let mut own = series.dimensions.iter();
        own.any(|(name, value)| *name == filter.name && filter.value.as_ref().is_none_or(|wanted| wanted == value))
    };
    input
        .namespace
        .as_ref()
        .is_none_or(|namespace| *namespace == series.namespace)
        && input
            .metric_name
            .as_ref()
            .is_none_or(|name| own_name(name) == series.name)
        && input.dimensions.iter().flatten().all(has)
}

fn metric(series: &Series) -> Metric {
    let dimensions = series.dimensions.iter().map(|(name, value)| Dimension {
        name: name.clone(),
        value: value.clone(),
    });
    Metric {
        namespace: Some(series.namespace.clone()),
        metric_name: Some(series.name.clone()),
        dimensions: Some(dimensions.collect()),
    }
}

/// Where a page ends: by the metric and not by a number, so that nothing is skipped when the list changes.
struct Place(Vec<String>);

impl Place {
    fn of(series: &Series) -> Self {
        let dimensions = series.dimensions.iter().flat_map(|(name, value)| [name, value]);
        Self(
            [&series.namespace, &series.name]
                .into_iter()
                .chain(dimensions)
                .cloned()
                .collect(),
        )
    }

    /// Whether a metric comes after it on the list.
    fn is_before(&self, series: &Series) -> bool {
        self.0 < Self::of(series).0
    }

    fn token(&self) -> String {
        use std::fmt::Write;
        let parts = self.0.join("\n");
        parts
            .bytes()
            .fold(String::with_capacity(parts.len() * 2), |mut token, byte| {
                // Writing to a text in memory does not fail.
                let _ = write!(token, "{byte:02x}");
                token
            })
    }

    fn parse(token: &str) -> Option<Self> {
        let (pairs, []) = token.as_bytes().as_chunks::<2>() else {
            return None;
        };
        let bytes = pairs
            .iter()
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        let text = String::from_utf8(bytes.collect::<Option<_>>()?).ok()?;
        let parts: Vec<String> = text.split('\n').map(str::to_owned).collect();
        (parts.len() >= 2 && parts.len().is_multiple_of(2)).then_some(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_the_last_metric_of_its_page() {
        let series = Series {
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            namespace: "AWS/KMS".to_owned(),
            name: "Ünits".to_owned(),
            dimensions: vec![("KeyId".to_owned(), "b".to_owned())],
            unit: "Count".to_owned(),
        };
        let later = Series {
            dimensions: vec![("KeyId".to_owned(), "c".to_owned())],
            ..series.clone()
        };
        let place = Place::parse(&Place::of(&series).token()).expect("a token");
        assert!(!place.is_before(&series));
        assert!(place.is_before(&later));
        for forged in ["", "x", "zz", "41", "ff", "410a420a43"] {
            assert!(Place::parse(forged).is_none(), "{forged}");
        }
    }
}
