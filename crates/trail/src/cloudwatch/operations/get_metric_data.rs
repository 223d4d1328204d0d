//! `GetMetricData`: the points of several metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trent_api::cloudwatch::{
    self, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StandardUnit, Statistic, StatusCode, error,
};
use trent_api::{ApiError, Number, Timestamp, protocol};
use trent_audit::json::Object;
use trent_service::{Access, Call, Effect, Facts, Operation, Resource, Row, Target, action};

use super::row;
use crate::cloudwatch::asking::{PAGE, account_of, begin_of_step, describe_times, find, is_period, read, step_of};
use crate::cloudwatch::data::{MINUTE, MOST_VALUES, Values};
use crate::cloudwatch::{CloudWatch, Series, statistics};

/// The most points of an answer.
const POINTS: usize = 100_800;

/// How many values are in memory at once while a request is answered.
const VALUES_AT_ONCE: i64 = 200_000;

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
        let returned = queries.iter().filter(|query| query.is_returned);
        let wanted: Vec<Wanted<'_>> = returned
            .map(|query| query.wanted(account.as_str(), &known, input))
            .collect();
        let until = input.end_time.as_millis();
        let from = wanted.iter().map(|wanted| wanted.from).min().unwrap_or(until);
        for pass in wanted.chunks(of_a_pass(from, until)) {
            let values = read_for(service, pass, from, until).await?;
            for wanted in pass {
                let points = wanted.points(&values, input.scan_by);
                let total = points.len();
                let points: Vec<_> = points.into_iter().skip(skipped).take(room).collect();
                let is_whole = skipped.saturating_add(points.len()) >= total;
                skipped = skipped.saturating_sub(total);
                room -= points.len();
                is_cut |= !is_whole;
                results.push(wanted.result(&points, is_whole));
            }
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

    /// What is to be read for it.
    fn wanted(
        &'a self,
        account: &str,
        known: &[(Arc<Series>, i64)],
        input: &cloudwatch::GetMetricDataInput,
    ) -> Wanted<'a> {
        let is_own = self.account.is_none_or(|asked| asked == account);
        let step = step_of(self.stat.period);
        Wanted {
            query: self,
            is_own,
            series: if is_own { self.series(known) } else { None },
            step,
            // The first step is the one that the start lies in.
            from: begin_of_step(input.start_time.as_millis(), step),
        }
    }

    /// The metric, if there are values of it.
    fn series(&self, known: &[(Arc<Series>, i64)]) -> Option<Arc<Series>> {
        let metric = &self.stat.metric;
        let dimensions = metric.dimensions.as_deref().unwrap_or_default();
        let found = find(
            known,
            metric.namespace.as_deref()?,
            metric.metric_name.as_deref()?,
            dimensions,
        );
        found.filter(|series| self.stat.unit.is_none() || self.stat.unit == StandardUnit::parse(&series.unit))
    }
}

/// What is read for a query.
struct Wanted<'a> {
    query: &'a Query<'a>,
    /// Whether it asks for what belongs to who asks.
    is_own: bool,
    series: Option<Arc<Series>>,
    step: i64,
    from: i64,
}

impl Wanted<'_> {
    /// The points, in the order that is asked for.
    fn points(&self, values: &BTreeMap<Arc<Series>, Values>, order: Option<ScanBy>) -> Vec<(i64, f64)> {
        let Some(values) = self.series.as_ref().and_then(|series| values.get(series)) else {
            return Vec::new();
        };
        // Another query of the pass may begin earlier.
        let steps = statistics::in_steps(values.range(self.from..), self.step);
        let mut points: Vec<_> = steps
            .iter()
            .map(|(at, values)| (*at, statistics::of(self.query.statistic, values)))
            .collect();
        if order != Some(ScanBy::TimestampAscending) {
            points.reverse();
        }
        points
    }

    fn result(&self, points: &[(i64, f64)], is_whole: bool) -> MetricDataResult {
        MetricDataResult {
            id: Some(self.query.id.to_owned()),
            label: Some(self.query.label.to_owned()),
            timestamps: Some(points.iter().map(|(at, _)| Timestamp::from_millis(*at)).collect()),
            values: Some(points.iter().map(|(_, value)| Number(*value)).collect()),
            status_code: Some(match (self.is_own, is_whole) {
                (false, _) => StatusCode::Forbidden,
                (true, true) => StatusCode::Complete,
                (true, false) => StatusCode::PartialData,
            }),
            messages: None,
        }
    }
}

/// For how many queries the files are gone through at once, if the first begins at this moment: for all of them, unless what
/// they may find is too much for the memory.
fn of_a_pass(from: i64, until: i64) -> usize {
    let most = (until.saturating_sub(from) / MINUTE + 1).clamp(1, MOST_VALUES);
    usize::try_from(VALUES_AT_ONCE / most).map_or(PAGE, |many| many.clamp(1, PAGE))
}

/// The values of every metric of a pass.
async fn read_for(
    service: &CloudWatch,
    pass: &[Wanted<'_>],
    from: i64,
    until: i64,
) -> Result<BTreeMap<Arc<Series>, Values>, ApiError> {
    let series: BTreeSet<_> = pass.iter().filter_map(|wanted| wanted.series.clone()).collect();
    if series.is_empty() {
        return Ok(BTreeMap::new());
    }
    let series: Vec<_> = series.into_iter().collect();
    let values = read(service, series.clone(), from, until).await?;
    Ok(series.into_iter().zip(values).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_gone_through_once_for_all_queries_unless_that_is_too_much_for_the_memory() {
        let start = 20_780 * 86_400_000;
        assert_eq!(of_a_pass(start, start + 3 * 60 * MINUTE), PAGE);
        for minutes in [1, 60, 24 * 60, 15 * 24 * 60, 500 * 24 * 60, i64::MAX / MINUTE] {
            let queries = of_a_pass(start, start.saturating_add(minutes * MINUTE));
            let values = i64::try_from(queries).expect("few") * (minutes + 1).min(MOST_VALUES);
            assert!(queries > 0 && values <= VALUES_AT_ONCE, "{minutes}: {values}");
        }
    }
}
