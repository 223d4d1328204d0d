//! A line of a file: the values of one minute or hour, by the numbers that the file gives its metrics.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Series, Statistics};

/// One line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    /// The beginning of the minute or hour, in milliseconds since the Unix epoch.
    at: i64,
    /// Metrics that come up in this file for the first time, with their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    new: Vec<(u32, Series)>,
    /// Number, count, sum, minimum, maximum.
    values: Vec<(u32, f64, f64, f64, f64)>,
}

impl Line {
    pub(super) const fn new(at: i64) -> Self {
        Self {
            at,
            new: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Says what a number stands for.
    pub(super) fn declare(&mut self, number: u32, series: &Series) {
        self.new.push((number, series.clone()));
    }

    pub(super) fn add(&mut self, number: u32, of: Statistics) {
        self.values.push((number, of.count, of.sum, of.minimum, of.maximum));
    }

    /// The line as it is written, its end included.
    pub(super) fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|text| text + "\n")
    }
}

/// Goes through the values of a file. A line that cannot be read is passed over: a crash may have left one.
pub(super) fn walk(lines: &str, mut each: impl FnMut(&Arc<Series>, i64, Statistics)) -> HashMap<u32, Arc<Series>> {
    let mut numbers: HashMap<u32, Arc<Series>> = HashMap::new();
    for text in lines.lines() {
        let Ok(line) = serde_json::from_str::<Line>(text) else {
            continue;
        };
        for (number, series) in line.new {
            numbers.insert(number, Arc::new(series));
        }
        for (number, count, sum, minimum, maximum) in line.values {
            if let Some(series) = numbers.get(&number) {
                let statistics = Statistics {
                    count,
                    sum,
                    minimum,
                    maximum,
                };
                each(series, line.at, statistics);
            }
        }
    }
    numbers
}
