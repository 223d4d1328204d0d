//! `GetMetricStatistics`: the points of one metric.

use trent_api::cloudwatch::{self, Datapoint, StandardUnit, Statistic, error};
use trent_api::{ApiError, Number, Timestamp};
use trent_audit::json::Object;
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action};

use super::row;
use crate::cloudwatch::asking::{account_of, begin_of_step, describe_times, find, is_period, read, step_of};
use crate::cloudwatch::{CloudWatch, statistics};

/// The most points that are asked for at once.
const POINTS: i64 = 1440;

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row(
    "GetMetricStatistics",
    action!("cloudwatch:GetMetricStatistics"),
    Access::Read,
);

/// The operation.
pub(crate) struct GetMetricStatistics;

impl Operation for GetMetricStatistics {
    type Service = CloudWatch;
    type Input = cloudwatch::GetMetricStatisticsInput;
    type Output = cloudwatch::GetMetricStatisticsOutput;
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
        check(input)?;
        let step = step_of(input.period);
        // The first step is the one that the start lies in.
        let from = begin_of_step(input.start_time.as_millis(), step);
        let until = input.end_time.as_millis();
        let known = service.data.metrics(account.as_str(), call.region.as_str());
        let dimensions = input.dimensions.as_deref().unwrap_or_default();
        let found = find(&known, &input.namespace, &input.metric_name, dimensions);
        let unit = |series: &str| StandardUnit::parse(series);
        let wanted = found.filter(|series| input.unit.is_none() || unit(&series.unit) == input.unit);
        let mut datapoints = Vec::new();
        if let Some(series) = wanted {
            let unit = unit(&series.unit);
            let values = read(service, vec![series], from, until).await?;
            let steps = values.first().map(|values| statistics::in_steps(values, step));
            for (at, values) in steps.unwrap_or_default() {
                let asked = |statistic| {
                    let is_asked = input.statistics.iter().flatten().any(|asked| *asked == statistic);
                    is_asked.then(|| Number(statistics::of(statistic, &values)))
                };
                datapoints.push(Datapoint {
                    timestamp: Some(Timestamp::from_millis(at)),
                    sample_count: asked(Statistic::SampleCount),
                    average: asked(Statistic::Average),
                    sum: asked(Statistic::Sum),
                    minimum: asked(Statistic::Minimum),
                    maximum: asked(Statistic::Maximum),
                    unit,
                    extended_statistics: None,
                });
            }
        }
        Ok(Effect::reply(cloudwatch::GetMetricStatisticsOutput {
            label: Some(input.metric_name.clone()),
            datapoints: Some(datapoints),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        parameters
            .string("namespace", &input.namespace)
            .string("metricName", &input.metric_name)
            .integer("period", input.period.into());
        describe_times(&mut parameters, input.start_time, input.end_time);
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

fn check(input: &cloudwatch::GetMetricStatisticsInput) -> Result<(), ApiError> {
    if input.start_time >= input.end_time {
        return Err(error::invalid_parameter_value(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    if !is_period(input.period) {
        return Err(error::invalid_parameter_value(
            "The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60.",
        ));
    }
    if input.extended_statistics.is_some() {
        return Err(error::invalid_parameter_value(
            "The parameter ExtendedStatistics is not supported: no percentiles are kept.",
        ));
    }
    if input.statistics.is_none() {
        let needed = "At least one of the parameters Statistics and ExtendedStatistics must be specified.";
        return Err(error::invalid_parameter_combination(needed));
    }
    let span = input.end_time.as_millis().saturating_sub(input.start_time.as_millis());
    let points = span / (i64::from(input.period) * 1000);
    if points > POINTS {
        return Err(error::invalid_parameter_combination(format!(
            "You have requested up to {points} datapoints, which exceeds the limit of {POINTS}. You may reduce the \
             datapoints requested by increasing Period, or decreasing the time range."
        )));
    }
    Ok(())
}
