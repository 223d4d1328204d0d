//! The file of a day, while it is written.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::folder::Folder;
use super::line::Line;
use super::{Series, line};

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// The day that a moment lies in, counted from the Unix epoch.
pub(super) const fn date_of(at: i64) -> i64 {
    at.div_euclid(DAY)
}

/// A day and the numbers that its file gives metrics.
pub(super) struct Day {
    date: i64,
    numbers: HashMap<Arc<Series>, u32>,
    next: u32,
}

impl Day {
    /// The day whose file holds these lines.
    pub(super) fn after(date: i64, lines: &str) -> Self {
        let numbers = line::walk(lines, |_, _, _| ());
        Self {
            date,
            // Behind every number in use: one whose line was lost leaves a gap.
            next: numbers.keys().max().map_or(0, |last| last + 1),
            numbers: numbers.into_iter().map(|(number, series)| (series, number)).collect(),
        }
    }

    pub(super) const fn date(&self) -> i64 {
        self.date
    }

    /// The number of a metric; declared in `line` if it is new.
    pub(super) fn number(&mut self, series: &Arc<Series>, line: &mut Line) -> u32 {
        if let Some(number) = self.numbers.get(series) {
            return *number;
        }
        let number = self.next;
        self.next += 1;
        self.numbers.insert(Arc::clone(series), number);
        line.declare(number, series);
        number
    }

    /// Writes a line. If it is not written, what it declared is forgotten.
    pub(super) fn write(&mut self, folder: &mut Folder, line: &Line) -> io::Result<()> {
        let written = line
            .text()
            .map_err(io::Error::from)
            .and_then(|text| folder.append(self.date, &text));
        if written.is_err() {
            *self = Self::after(self.date, &folder.lines(self.date).unwrap_or_default());
        }
        written
    }
}
