//! `GetMetricData`: the points of several metrics.

use std::sync::Arc;

use trent_api::cloudwatch::{
    self, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StandardUnit, Statistic, StatusCode, error,
};
use trent_api::{ApiError, Number, Timestamp, protocol};
use trent_audit::json::Object;
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action};

use super::row;
use crate::cloudwatch::asking::{PAGE, account_of, begin_of_step, describe_times, find, is_period, read, step_of};
use crate::cloudwatch::{CloudWatch, Series, statistics};

/// The most points of an answer.
const POINTS: usize = 100_800;

/// What is fixed about the operation.
pub(crate) static ROW: Row<()> = row("GetMetricData", action!("cloudwatch:GetMetricData"), Access::Read);

/// The operation.
pub(crate) struct GetMetricData;

impl Operation for GetMetricData {
    type Service = CloudWatch;
    type Input = cloudwatch::GetMetricDataInput;
    type Output = cloudwatch::GetMetricDataOutput;
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
        let queries = queries(input)?;
        let mut skipped = match &input.next_token {
            None => 0,
            Some(token) => token
                .parse::<usize>()
                .map_err(|_| error::invalid_next_token("The token is not valid"))?,
        };
        let before = skipped;
        let mut room = room(input)?;
        let known = service.data.metrics(account.as_str(), call.region.as_str());
        let (mut results, mut is_cut) = (Vec::new(), false);
        for query in queries.iter().filter(|query| query.is_returned) {
            let is_own = query.account.is_none_or(|asked| asked == account.as_str());
            let points = if is_own {
                query.points(service, &known, input).await?
            } else {
                Vec::new()
            };
            let total = points.len();
            let points: Vec<_> = points.into_iter().skip(skipped).take(room).collect();
            let is_whole = skipped.saturating_add(points.len()) >= total;
            skipped = skipped.saturating_sub(total);
            room -= points.len();
            is_cut |= !is_whole;
            results.push(MetricDataResult {
                id: Some(query.id.to_owned()),
                label: Some(query.label.to_owned()),
                timestamps: Some(points.iter().map(|(at, _)| Timestamp::from_millis(*at)).collect()),
                values: Some(points.iter().map(|(_, value)| Number(*value)).collect()),
                status_code: Some(match (is_own, is_whole) {
                    (false, _) => StatusCode::Forbidden,
                    (true, true) => StatusCode::Complete,
                    (true, false) => StatusCode::PartialData,
                }),
                messages: None,
            });
        }
        let given: usize = results
            .iter()
            .filter_map(|result| result.values.as_ref())
            .map(Vec::len)
            .sum();
        Ok(Effect::reply(cloudwatch::GetMetricDataOutput {
            metric_data_results: Some(results),
            next_token: is_cut.then(|| (before + given).to_string()),
            messages: Some(Vec::new()),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        describe_times(&mut parameters, input.start_time, input.end_time);
        let queries = input.metric_data_queries.iter().take(PAGE).map(|query| {
            let mut object = Object::new();
            object.string("id", &query.id);
            if let Some(stat) = &query.metric_stat {
                object
                    .string("metricName", stat.metric.metric_name.as_deref().unwrap_or_default())
                    .string("stat", &stat.stat);
            }
            object
        });
        parameters.objects("metricDataQueries", queries);
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

/// A query that makes sense.
struct Query<'a> {
    id: &'a str,
    label: &'a str,
    account: Option<&'a str>,
    is_returned: bool,
    stat: &'a MetricStat,
    statistic: Statistic,
}

impl<'a> Query<'a> {
    fn of(query: &'a MetricDataQuery, place: usize) -> Result<Self, ApiError> {
        let wrong = |what: String| protocol::validation(what);
        let mut letters = query.id.chars();
        if !letters.next().is_some_and(|first| first.is_ascii_lowercase())
            || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        {
            return Err(wrong(format!(
                "The value {} for parameter MetricDataQueries.member.{place}.Id is not matching the expected pattern \
                 ^[a-z][a-zA-Z0-9_]*$.",
                query.id
            )));
        }
        if query.expression.is_some() {
            return Err(wrong(format!(
                "The parameter MetricDataQueries.member.{place}.Expression is not supported: metric math is left to whoever \
                 asks."
            )));
        }
        let Some(stat) = &query.metric_stat else {
            return Err(wrong(format!(
                "The parameter MetricDataQueries.member.{place} must have either Expression or MetricStat."
            )));
        };
        let statistic = Statistic::parse(&stat.stat).ok_or_else(|| {
            wrong(format!(
                "The value {} for parameter MetricDataQueries.member.{place}.MetricStat.Stat is not supported.",
                stat.stat
            ))
        })?;
        if !is_period(stat.period) {
            return Err(wrong(format!(
                "The parameter MetricDataQueries.member.{place}.MetricStat.Period must be 1, 5, 10, 20, 30, or a multiple \
                 of 60."
            )));
        }
        Ok(Self {
            id: &query.id,
            label: query
                .label
                .as_deref()
                .or(stat.metric.metric_name.as_deref())
                .unwrap_or_default(),
            account: query.account_id.as_deref(),
            is_returned: query.return_data != Some(false),
            stat,
            statistic,
        })
    }

    /// The points, in the order that is asked for.
    async fn points(
        &self,
        service: &CloudWatch,
        known: &[(Arc<Series>, i64)],
        input: &cloudwatch::GetMetricDataInput,
    ) -> Result<Vec<(i64, f64)>, ApiError> {
        let metric = &self.stat.metric;
        let (Some(namespace), Some(name)) = (&metric.namespace, &metric.metric_name) else {
            return Ok(Vec::new());
        };
        let dimensions = metric.dimensions.as_deref().unwrap_or_default();
        let found = find(known, namespace, name, dimensions);
        let fits = |series: &Arc<Series>| {
            let unit = StandardUnit::parse(&series.unit);
            self.stat.unit.is_none() || self.stat.unit == unit
        };
        let Some(series) = found.filter(fits) else {
            return Ok(Vec::new());
        };
        let step = step_of(self.stat.period);
        // The first step is the one that the start lies in.
        let from = begin_of_step(input.start_time.as_millis(), step);
        let values = read(service, vec![series], from, input.end_time.as_millis()).await?;
        let steps = values.first().map(|values| statistics::in_steps(values, step));
        let mut points: Vec<_> = steps
            .unwrap_or_default()
            .iter()
            .map(|(at, values)| (*at, statistics::of(self.statistic, values)))
            .collect();
        if input.scan_by != Some(ScanBy::TimestampAscending) {
            points.reverse();
        }
        Ok(points)
    }
}

/// The queries of a request, judged.
fn queries(input: &cloudwatch::GetMetricDataInput) -> Result<Vec<Query<'_>>, ApiError> {
    let asked = &input.metric_data_queries;
    if asked.is_empty() || asked.len() > PAGE {
        return Err(protocol::validation(format!(
            "The collection MetricDataQueries must have a size between 1 and {PAGE}."
        )));
    }
    if input.start_time >= input.end_time {
        return Err(protocol::validation(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let mut queries: Vec<Query<'_>> = Vec::new();
    for (place, query) in asked.iter().enumerate() {
        let query = Query::of(query, place + 1)?;
        if queries.iter().any(|before| before.id == query.id) {
            return Err(protocol::validation(format!(
                "The values for parameter Id in MetricDataQueries must be unique: {}.",
                query.id
            )));
        }
        queries.push(query);
    }
    Ok(queries)
}

/// How many points the answer may have.
fn room(input: &cloudwatch::GetMetricDataInput) -> Result<usize, ApiError> {
    match input.max_datapoints.map(usize::try_from) {
        None => Ok(POINTS),
        Some(Ok(most @ 1..=POINTS)) => Ok(most),
        Some(_) => Err(protocol::validation(format!(
            "The parameter MaxDatapoints must be between 1 and {POINTS}."
        ))),
    }
}
