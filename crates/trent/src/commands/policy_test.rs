//! `trent policy-test`: decides the cases of suites and compares with what they expect, with no server and no state.

use std::process::ExitCode;

use serde_json::json;
use trent_policy::{CaseResult, run_suite};

use super::{Now, read_text};
use crate::Failure;
use crate::cli::PolicyTestArguments;

/// How it ends if a case failed.
const FAILED: u8 = 2;

pub(crate) fn run(arguments: &PolicyTestArguments) -> Result<ExitCode, Failure> {
    let now = Now::of_clock();
    let mut failed = 0;
    let mut suites = Vec::new();
    for file in &arguments.files {
        let results = run_suite(&read_text(file)?, &now.surroundings()).map_err(|error| format!("{file}: {error}"))?;
        failed += results.iter().filter(|result| !result.passed).count();
        suites.push((file, results));
    }
    if arguments.json {
        let suites: Vec<_> = suites
            .iter()
            .map(|(file, results)| json!({"file": file, "cases": results}))
            .collect();
        println!("{}", json!({"suites": suites, "failed": failed}));
    } else {
        for (file, results) in &suites {
            print!("{}", report(file, results));
        }
    }
    Ok(ExitCode::from(if failed == 0 { 0 } else { FAILED }))
}

/// A line for each case; below one that failed, how its decision came about.
fn report(file: &str, results: &[CaseResult]) -> String {
    let mut lines = vec![file.to_owned()];
    for result in results {
        if result.passed {
            lines.push(format!("  pass  {}: {}", result.id, result.found));
            continue;
        }
        let expected = match result.expected.as_str() {
            "" => String::new(),
            expected => format!("expected {expected}, found "),
        };
        lines.push(format!("  FAIL  {}: {expected}{}", result.id, result.found));
        let explanation = result.explanation.iter().flat_map(|text| text.lines());
        lines.extend(explanation.map(|line| format!("          {line}").trim_end().to_owned()));
    }
    let passed = results.iter().filter(|result| result.passed).count();
    let cases = if results.len() == 1 { "case" } else { "cases" };
    lines.push(format!(
        "{} {cases}, {passed} passed, {} failed",
        results.len(),
        results.len() - passed
    ));
    lines.join("\n") + "\n"
}
