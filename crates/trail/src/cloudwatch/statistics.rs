//! From values to the points of a graph.

use std::collections::BTreeMap;

use trent_api::cloudwatch::Statistic;

use super::data::Statistics;

/// Values put together in steps of `step` milliseconds, by the beginning of each.
pub(super) fn in_steps<'v>(
    values: impl IntoIterator<Item = (&'v i64, &'v Statistics)>,
    step: i64,
) -> BTreeMap<i64, Statistics> {
    let mut steps: BTreeMap<i64, Statistics> = BTreeMap::new();
    for (at, value) in values {
        let step = at - at.rem_euclid(step);
        let all = steps.get(&step).map_or(*value, |before| before.and(*value));
        steps.insert(step, all);
    }
    steps
}

/// What a statistic says of values.
pub(super) fn of(statistic: Statistic, values: &Statistics) -> f64 {
    match statistic {
        Statistic::SampleCount => values.count,
        Statistic::Average => values.sum / values.count,
        Statistic::Sum => values.sum,
        Statistic::Minimum => values.minimum,
        Statistic::Maximum => values.maximum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::data::Values;

    #[test]
    fn a_step_has_the_statistics_of_all_its_values() {
        let values = [(0, 3.0), (60_000, 1.0), (120_000, 8.0)];
        let values: Values = values.map(|(at, value)| (at, Statistics::one(value))).into();
        let steps = in_steps(&values, 120_000);
        let told = |at| {
            Statistic::ALL
                .iter()
                .map(|statistic| of(*statistic, &steps[&at]))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            Statistic::NAMES,
            ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
        );
        assert_eq!(told(0), [2.0, 2.0, 4.0, 1.0, 3.0]);
        assert_eq!(told(120_000), [1.0, 8.0, 8.0, 8.0, 8.0]);
    }
}
