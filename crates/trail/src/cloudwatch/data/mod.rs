//! What was measured: a value for each minute and metric, kept for fifteen days, and for each hour for fifteen months.
//!
//! Once a minute what came in is written as one line, and made durable, to the file of its day; so a crash loses the minute
//! that it happened in. Nothing is decided by these files. They tell which keys were used how often, are no part of the
//! audit trail, and are not protected beyond the permissions of their folder.

mod day;
mod folder;
mod line;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use day::Day;
use folder::Folder;
use line::Line;

/// Milliseconds of a minute.
pub const MINUTE: i64 = 60_000;

/// For so many days there is a value for each minute: two weeks, and the day that is not over.
const DAYS_OF_MINUTES: i64 = 15;

/// For so many days there is a value for each hour.
const DAYS_OF_HOURS: i64 = 455;

/// The most values that a metric can have: days of minutes with the one that is not over, and hours before.
pub const MOST_VALUES: i64 = (DAYS_OF_MINUTES + 1) * 24 * 60 + DAYS_OF_HOURS * 24;

/// The most metrics that are known at a time. Those of further keys are not kept: what is kept must not grow with whoever
/// makes keys.
const KNOWN: usize = 100_000;

/// The most values of one minute.
const OF_A_MINUTE: usize = 10_000;

/// A metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Series {
    /// The account that it is about.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The namespace, such as `AWS/KMS`.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// What tells it apart from others of this name, in their order.
    pub dimensions: Vec<(String, String)>,
    /// The unit of its values.
    pub unit: String,
}

/// The values of a metric in a stretch of time, as far as they are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// How many there were.
    pub count: f64,
    /// All of them together.
    pub sum: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
}

impl Statistics {
    /// One value.
    pub const fn one(value: f64) -> Self {
        Self {
            count: 1.0,
            sum: value,
            minimum: value,
            maximum: value,
        }
    }

    /// So many values that are each 1.
    #[expect(clippy::cast_precision_loss, reason = "nobody counts that far in a minute")]
    pub const fn ones(many: u64) -> Self {
        Self {
            count: many as f64,
            sum: many as f64,
            minimum: 1.0,
            maximum: 1.0,
        }
    }

    /// These values and others.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }
}

/// The values of a metric by when they came in: the beginning of their minute or hour in milliseconds since the Unix epoch.
pub type Values = BTreeMap<i64, Statistics>;

/// What was measured in one deployment.
pub struct Data(Mutex<Inner>);

struct Inner {
    folder: Folder,
    /// The file that is written to.
    today: Option<Day>,
    /// Every metric that there are values of, and when the last came in.
    known: BTreeMap<Arc<Series>, i64>,
}

impl Data {
    /// What is kept in a folder, which is made if it is missing. `now` is in milliseconds since the Unix epoch.
    pub fn open(path: &Path, now: i64) -> io::Result<Self> {
        Self::over(Folder::open(path)?, now)
    }

    /// What is kept in memory, and a limited part of that.
    pub fn in_memory() -> Self {
        Self(Mutex::new(Inner {
            folder: Folder::in_memory(),
            today: None,
            known: BTreeMap::new(),
        }))
    }

    fn over(folder: Folder, now: i64) -> io::Result<Self> {
        let mut inner = Inner {
            folder,
            today: None,
            known: BTreeMap::new(),
        };
        inner.retain(now)?;
        for day in inner.folder.days_of_minutes()? {
            let lines = inner.folder.lines(day)?;
            line::walk(&lines, |series, at, _| inner.note(series, at));
        }
        Ok(Self(Mutex::new(inner)))
    }

    /// Adds values that came in during the minute that `at` lies in. They are durable when this answers.
    pub fn record(&self, at: i64, values: impl IntoIterator<Item = (Series, Statistics)>) -> io::Result<()> {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        let at = at - at.rem_euclid(MINUTE);
        let mut inner = self.locked();
        inner.begin_day(at)?;
        let mut line = Line::new(at);
        for (series, statistics) in values.by_ref().take(OF_A_MINUTE) {
            let series = match inner.known.get_key_value(&series) {
                Some((known, _)) => Arc::clone(known),
                None if inner.known.len() < KNOWN => Arc::new(series),
                None => continue,
            };
            inner.note(&series, at);
            if let Some(today) = &mut inner.today {
                let number = today.number(&series, &mut line);
                line.add(number, statistics);
            }
        }
        // The rest is not kept, and what it was counted in is empty again.
        values.for_each(drop);
        let Inner { folder, today, .. } = &mut *inner;
        today.as_mut().map_or(Ok(()), |today| today.write(folder, &line))
    }

    /// The metrics of an account in a Region, and when the last value of each came in.
    pub fn metrics(&self, account: &str, region: &str) -> Vec<(Arc<Series>, i64)> {
        let inner = self.locked();
        let first = Series {
            account: account.to_owned(),
            region: region.to_owned(),
            namespace: String::new(),
            name: String::new(),
            dimensions: Vec::new(),
            unit: String::new(),
        };
        let own = inner.known.range(Arc::new(first)..);
        own.take_while(|(series, _)| series.account == account && series.region == region)
            .map(|(series, last)| (Arc::clone(series), *last))
            .collect()
    }

    /// The values of these metrics from one moment until before another. Reads files: not for a thread that serves requests.
    pub fn read(&self, wanted: &[Arc<Series>], from: i64, until: i64) -> io::Result<Vec<Values>> {
        let places: BTreeMap<&Series, usize> = wanted.iter().enumerate().map(|(at, series)| (&**series, at)).collect();
        let mut found = vec![Values::new(); wanted.len()];
        // The lock is let go between two days: a minute that is to be written waits for one at most.
        let days = self.locked().folder.days(from, until)?;
        for day in days {
            let lines = self.locked().folder.lines(day)?;
            line::walk(&lines, |series, at, statistics| {
                if let Some(place) = places.get(&**series)
                    && (from..until).contains(&at)
                {
                    let values = &mut found[*place];
                    let all = values.get(&at).map_or(statistics, |before| before.and(statistics));
                    values.insert(at, all);
                }
            });
        }
        Ok(found)
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn note(&mut self, series: &Arc<Series>, at: i64) {
        let last = self.known.entry(Arc::clone(series)).or_insert(at);
        *last = (*last).max(at);
    }

    /// Turns to the file of the day that a moment lies in; with each new day, what is old goes.
    fn begin_day(&mut self, at: i64) -> io::Result<()> {
        let date = day::date_of(at);
        if self.today.as_ref().is_none_or(|today| today.date() != date) {
            self.today = None;
            self.retain(at)?;
            self.today = Some(self.folder.begin(date)?);
        }
        Ok(())
    }

    /// Keeps of what is older than two weeks a value for each hour, and drops what is older than all that is kept.
    fn retain(&mut self, now: i64) -> io::Result<()> {
        let today = day::date_of(now);
        for day in self.folder.days_of_minutes()? {
            if day < today - DAYS_OF_MINUTES {
                self.folder.fold_into_hours(day)?;
            }
        }
        self.folder.drop_before(today - DAYS_OF_HOURS)?;
        let oldest = (today - DAYS_OF_MINUTES) * day::DAY;
        self.known.retain(|_, last| *last >= oldest);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
