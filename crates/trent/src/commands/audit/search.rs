//! `trent audit tail`, `search` and `export`: records by the same filters.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::time::Duration;

use trent_audit::{History, Query, Recorded};

use super::{history, query};
use crate::Failure;
use crate::cli::audit::{ExportArguments, SearchArguments, TailArguments};
use crate::config::Config;

/// How many records `tail` shows, if it is not said.
const LINES: usize = 10;

/// How often `tail --follow` looks.
const LOOK: Duration = Duration::from_millis(500);

/// Numbers of records that are gone through at once when the oldest come first: those in memory.
const WINDOW: u64 = 10_000;

pub(crate) fn tail(arguments: &TailArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let history = history(&config)?;
    let mut query = query(&arguments.filter)?;
    let lines = match arguments.lines {
        Some(lines) => lines,
        None if arguments.filter.since.is_some() => usize::MAX,
        None => LINES,
    };
    loop {
        // What is recorded from here on is shown the next time.
        let end = last(&history)?;
        let mut found = history.latest(&query, if query.after == 0 { lines } else { usize::MAX })?;
        found.reverse();
        let mut out = io::stdout().lock();
        for (sequence, line) in &found {
            show(&mut out, line, arguments.json)?;
            query.after = query.after.max(*sequence);
        }
        out.flush()?;
        if !arguments.follow {
            return Ok(());
        }
        query.after = query.after.max(end);
        std::thread::sleep(LOOK);
    }
}

pub(crate) fn search(arguments: &SearchArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let query = query(&arguments.filter)?;
    let mut out = BufWriter::new(io::stdout().lock());
    for (_, line) in history(&config)?.latest(&query, arguments.limit)? {
        show(&mut out, &line, arguments.json)?;
    }
    Ok(out.flush()?)
}

pub(crate) fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let history = history(&config)?;
    let query = query(&arguments.filter)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut after, end) = (history.first()?.saturating_sub(1), last(&history)?);
    while after < end {
        let window = Query {
            after,
            before: after.saturating_add(WINDOW + 1),
            ..query.clone()
        };
        let found = history.latest(&window, usize::MAX)?;
        for (_, line) in found.iter().rev() {
            show(&mut out, line, true)?;
        }
        after += WINDOW;
    }
    Ok(out.flush()?)
}

/// The number of the latest record; 0 if there is none.
fn last(history: &History) -> io::Result<u64> {
    let mut last = 0;
    history.walk(&Query::default(), &mut |found| {
        last = found.sequence;
        ControlFlow::Break(())
    })?;
    Ok(last)
}

/// Writes a record as it is, or in a line for people.
fn show(out: &mut impl Write, line: &[u8], as_json: bool) -> io::Result<()> {
    if as_json {
        out.write_all(line)?;
        return out.write_all(b"\n");
    }
    let Some(record) = Recorded::read(line) else {
        return Ok(());
    };
    let who = record.principal().or_else(|| record.user_name()).unwrap_or("-");
    let service = record.invoked_by().filter(|service| *service != who);
    let about: Vec<&str> = record.resources().iter().map(trent_audit::About::arn).collect();
    writeln!(
        out,
        "{}  {:<28} {}{}{}  {}  {}",
        record.event_time(),
        record.event_name(),
        who,
        if service.is_some() { " through " } else { "" },
        service.unwrap_or_default(),
        if about.is_empty() {
            "-".to_owned()
        } else {
            about.join(" ")
        },
        record.error_code().unwrap_or("ok"),
    )
}
