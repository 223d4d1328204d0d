//! `cargo xtask spec`: which requirement ids the tests cite.
//!
//! An id counts as cited where it stands in a test: a file under `tests/`, `conformance/` or `e2e/`, a `*.test.ts`, a
//! `test_*.py`, a `tests.rs`, or behind `#[cfg(test)]` in a Rust source. In documentation it counts only in an HTML
//! comment. A range may span ten ids at most. `docs/spec/gaps.md` lists what is left out, with reasons.

mod citations;
mod ids;
mod sample;

use citations::Citations;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Print the open ids of one capability.
    #[arg(long, value_name = "CAPABILITY", conflicts_with_all = ["sample", "dense"])]
    issue: Option<String>,
    /// Print so many cited ids with their places: break the code, see the test fail.
    #[arg(long, value_name = "N", conflicts_with = "dense")]
    sample: Option<usize>,
    /// What the sample is drawn with.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Print the lines that cite more ids than anyone believes.
    #[arg(long)]
    dense: bool,
    /// The project's folder.
    folder: Option<PathBuf>,
}

/// A row of `docs/spec/scope.tsv`.
struct Requirement {
    id: String,
    tag: String,
    capability: String,
}

/// At most this share of the ids may stand in the list of gaps.
const MOST_GAPS_PERCENT: usize = 3;

pub(crate) fn run(arguments: &Arguments, root: &Path) -> Result<(), String> {
    let root = arguments.folder.as_deref().unwrap_or(root);
    let scope = scope(root)?;
    let citations = Citations::of(root)?;
    if let Some(capability) = &arguments.issue {
        print_open(&scope, &citations, capability)
    } else if let Some(count) = arguments.sample {
        print_sample(&scope, &citations, count, arguments.seed);
        Ok(())
    } else if arguments.dense {
        for (count, place) in citations.dense() {
            println!("{count} {place}");
        }
        Ok(())
    } else {
        print_counts(&scope, &citations);
        Ok(())
    }
}

fn scope(root: &Path) -> Result<Vec<Requirement>, String> {
    let file = root.join("docs/spec/scope.tsv");
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let mut columns = line.split('\t').map(str::to_owned);
            match (columns.next(), columns.next(), columns.next(), columns.next()) {
                (Some(id), Some(tag), Some(capability), None) => Ok(Requirement { id, tag, capability }),
                _ => Err(format!("{}: not three columns: {line}", file.display())),
            }
        })
        .collect()
}

fn print_open(scope: &[Requirement], citations: &Citations, capability: &str) -> Result<(), String> {
    if scope.iter().all(|requirement| requirement.capability != capability) {
        return Err(format!("no requirement belongs to the capability {capability}"));
    }
    for Requirement { id, tag, .. } in scope.iter().filter(|requirement| requirement.capability == capability) {
        if !citations.cites(id) && !citations.is_gap(id) {
            println!("{id} [{tag}]");
        }
    }
    Ok(())
}

fn print_sample(scope: &[Requirement], citations: &Citations, count: usize, seed: u64) {
    let mut pool: Vec<&str> = scope
        .iter()
        .map(|r| r.id.as_str())
        .filter(|id| citations.cites(id))
        .collect();
    pool.sort_unstable();
    sample::shuffle(&mut pool, seed);
    for id in pool.into_iter().take(count) {
        let places = citations.places(id);
        println!("{id} {}", places[..places.len().min(3)].join(" "));
    }
}

/// How many ids there are, how many of them are cited, and how many are gaps instead.
#[derive(Default, Clone, Copy)]
struct Counts {
    ids: usize,
    cited: usize,
    gaps: usize,
}

fn print_counts(scope: &[Requirement], citations: &Citations) {
    let mut rows: Vec<(&str, Counts)> = Vec::new();
    let mut total = Counts::default();
    for Requirement { id, capability, .. } in scope {
        let at = rows.iter().position(|(name, _)| name == capability).unwrap_or_else(|| {
            rows.push((capability, Counts::default()));
            rows.len() - 1
        });
        let cited = citations.cites(id);
        for counts in [&mut rows[at].1, &mut total] {
            counts.ids += 1;
            counts.cited += usize::from(cited);
            counts.gaps += usize::from(!cited && citations.is_gap(id));
        }
    }
    for (name, Counts { ids, cited, gaps }) in rows.into_iter().chain([("total", total)]) {
        let percent = 100 * cited / ids.max(1);
        let open = ids - cited - gaps;
        println!("{name:18} {ids:4} ids  {cited:4} cited ({percent}%)  {gaps:4} in gaps  {open:4} open");
    }
    if total.gaps * 100 > MOST_GAPS_PERCENT * total.ids {
        println!("gaps are over {MOST_GAPS_PERCENT}%");
    }
    let dense = citations.dense().count();
    if dense > 0 {
        println!("{dense} lines cite more than {} ids (--dense)", citations::DENSE);
    }
}
