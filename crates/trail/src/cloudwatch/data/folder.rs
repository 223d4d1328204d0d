//! The files: one of minutes for each of the last days, one of hours for each day before.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use trent_api::Timestamp;

use super::day::{DAY, Day, date_of};
use super::line::{self, Line};
use super::{Series, Statistics};

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// What is kept in memory, where there is no folder.
const IN_MEMORY: usize = 16 << 20;

const MINUTES: &str = ".minutes.jsonl";
const HOURS: &str = ".hours.jsonl";
const UNFINISHED: &str = ".unfinished";

/// Where the files are.
pub(super) enum Folder {
    OnDisk(PathBuf),
    InMemory(BTreeMap<i64, String>),
}

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self::OnDisk(path.to_owned()))
    }

    pub(super) const fn in_memory() -> Self {
        Self::InMemory(BTreeMap::new())
    }

    /// The days of which there are minutes, the oldest first.
    pub(super) fn days_of_minutes(&self) -> io::Result<Vec<i64>> {
        match self {
            Self::OnDisk(path) => days_with(path, MINUTES),
            Self::InMemory(days) => Ok(days.keys().copied().collect()),
        }
    }

    /// The days with values from one moment until before another.
    pub(super) fn days(&self, from: i64, until: i64) -> io::Result<Vec<i64>> {
        let mut days = self.days_of_minutes()?;
        if let Self::OnDisk(path) = self {
            days.extend(days_with(path, HOURS)?);
            days.sort_unstable();
            days.dedup();
        }
        let (first, end) = (date_of(from), date_of(until.saturating_sub(1)));
        days.retain(|day| (first..=end).contains(day));
        Ok(days)
    }

    /// All lines of a day: its minutes, or its hours once those are all there is.
    pub(super) fn lines(&self, day: i64) -> io::Result<String> {
        match self {
            Self::OnDisk(path) => match read(&path.join(name_of(day, MINUTES))) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => read(&path.join(name_of(day, HOURS))),
                read => read,
            },
            Self::InMemory(days) => Ok(days.get(&day).cloned().unwrap_or_default()),
        }
    }

    /// Begins the file of a day, or goes on with it. What a crash left of a last line is cut off.
    pub(super) fn begin(&mut self, day: i64) -> io::Result<Day> {
        match self {
            Self::OnDisk(path) => {
                let path = path.join(name_of(day, MINUTES));
                let bytes = match fs::read(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                    read => read?,
                };
                let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                if whole < bytes.len() {
                    OpenOptions::new().write(true).open(&path)?.set_len(whole as u64)?;
                }
                Ok(Day::after(day, &String::from_utf8_lossy(&bytes[..whole])))
            }
            Self::InMemory(days) => Ok(Day::after(day, days.get(&day).map_or("", String::as_str))),
        }
    }

    /// Adds a line to the file of a day and makes it durable. After a failure the file is as it was.
    pub(super) fn append(&mut self, day: i64, line: &str) -> io::Result<()> {
        match self {
            Self::OnDisk(path) => {
                let mut options = OpenOptions::new();
                let mut file = options
                    .append(true)
                    .create(true)
                    .mode(0o600)
                    .open(path.join(name_of(day, MINUTES)))?;
                let before = file.metadata()?.len();
                let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_data());
                if written.is_err() {
                    file.set_len(before)?;
                } else if before == 0 {
                    // That there is such a file is news to the folder.
                    File::open(path)?.sync_all()?;
                }
                written
            }
            Self::InMemory(days) => {
                while days.len() > 1 && days.values().map(String::len).sum::<usize>() > IN_MEMORY {
                    days.pop_first();
                }
                let today = days.entry(day).or_default();
                if today.len() + line.len() <= IN_MEMORY {
                    today.push_str(line);
                }
                Ok(())
            }
        }
    }

    /// Replaces the minutes of a day by its hours.
    pub(super) fn fold_into_hours(&mut self, day: i64) -> io::Result<()> {
        let path = match self {
            Self::OnDisk(path) => path,
            Self::InMemory(days) => {
                days.remove(&day);
                return Ok(());
            }
        };
        let minutes = path.join(name_of(day, MINUTES));
        let hours = path.join(name_of(day, HOURS));
        let unfinished = path.join(name_of(day, UNFINISHED));
        let mut file = File::create(&unfinished)?;
        file.write_all(in_hours(day, &read(&minutes)?)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, &hours)?;
        // The minutes go once nothing can bring back a folder without the hours.
        File::open(&*path)?.sync_all()?;
        fs::remove_file(&minutes)
    }

    /// Drops the hours of every day before one.
    pub(super) fn drop_before(&mut self, day: i64) -> io::Result<()> {
        if let Self::OnDisk(path) = self {
            for old in days_with(path, HOURS)?.into_iter().filter(|old| *old < day) {
                fs::remove_file(path.join(name_of(old, HOURS)))?;
            }
        }
        Ok(())
    }
}

/// The lines of a day with a value for each hour in place of each minute.
fn in_hours(date: i64, minutes: &str) -> io::Result<String> {
    let mut hours: BTreeMap<i64, BTreeMap<Arc<Series>, Statistics>> = BTreeMap::new();
    line::walk(minutes, |series, at, statistics| {
        let hour = hours.entry(at - at.rem_euclid(HOUR)).or_default();
        let all = hour.get(series).map_or(statistics, |before| before.and(statistics));
        hour.insert(Arc::clone(series), all);
    });
    let (mut text, mut day) = (String::new(), Day::after(date, ""));
    for (at, values) in hours {
        let mut line = Line::new(at);
        for (series, statistics) in values {
            let number = day.number(&series, &mut line);
            line.add(number, statistics);
        }
        text.push_str(&line.text()?);
    }
    Ok(text)
}

/// The days that have a file with this end of its name, the oldest first.
fn days_with(folder: &Path, end: &str) -> io::Result<Vec<i64>> {
    let mut days = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let date = name.to_str().and_then(|name| name.strip_suffix(end));
        days.extend(
            date.and_then(|date| Timestamp::parse(&format!("{date}T00:00:00Z")))
                .map(|at| date_of(at.as_millis())),
        );
    }
    days.sort_unstable();
    Ok(days)
}

/// The name of a day's file.
fn name_of(day: i64, end: &str) -> String {
    let midnight = Timestamp::from_millis(day * DAY).to_string();
    let date = midnight.split('T').next().unwrap_or_default();
    format!("{date}{end}")
}

fn read(path: &Path) -> io::Result<String> {
    // A crash may leave anything at the end of a file.
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
