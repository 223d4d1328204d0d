//! Walks the project and collects where each id is cited.

use super::ids;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A line with more ids than this is listed as dense.
pub(super) const DENSE: usize = 15;

const SKIPPED: [&str; 7] = [".git", "target", "node_modules", "dist", ".venv", "venv", "book"];
const CODE: [&str; 7] = ["rs", "py", "ts", "tsx", "mjs", "js", "sh"];
const GAPS: &str = "docs/spec/gaps.md";

/// Where ids are cited.
#[derive(Default)]
pub(super) struct Citations {
    cited: BTreeMap<String, Vec<String>>,
    gaps: BTreeSet<String>,
    dense: Vec<(usize, String)>,
}

impl Citations {
    /// Reads every file below a folder.
    pub(super) fn of(root: &Path) -> Result<Self, String> {
        let mut citations = Self::default();
        citations.folder(root, "")?;
        citations.dense.sort_by(|a, b| b.cmp(a));
        Ok(citations)
    }

    pub(super) fn cites(&self, id: &str) -> bool {
        self.cited.contains_key(id)
    }

    pub(super) fn is_gap(&self, id: &str) -> bool {
        self.gaps.contains(id)
    }

    pub(super) fn places(&self, id: &str) -> &[String] {
        self.cited.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn dense(&self) -> impl Iterator<Item = &(usize, String)> {
        self.dense.iter()
    }

    fn folder(&mut self, folder: &Path, prefix: &str) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
        let mut entries = fs::read_dir(folder)
            .map_err(failed)?
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let relative = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    self.folder(&entry.path(), &format!("{relative}/"))?;
                }
            } else if is_read(&relative)
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                self.file(&relative, &text);
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str, text: &str) {
        if path == GAPS {
            self.gaps.extend(text.lines().flat_map(ids::in_line));
            return;
        }
        let is_code = is_code(path);
        let mut in_test = is_test(path);
        let mut in_comment = false;
        for (number, line) in (1..).zip(text.lines()) {
            if is_code {
                in_test = in_test || has_suffix(path, "rs") && line.contains(TEST_MODULE);
                if !in_test {
                    continue;
                }
            } else {
                in_comment = in_comment || line.contains("<!--");
                if !in_comment {
                    continue;
                }
                in_comment = !line.contains("-->");
            }
            self.line(line, &format!("{path}:{number}"));
        }
    }

    fn line(&mut self, line: &str, place: &str) {
        let found = ids::in_line(line);
        if found.len() > DENSE {
            self.dense.push((found.len(), place.to_owned()));
        }
        for id in found {
            self.cited.entry(id).or_default().push(place.to_owned());
        }
    }
}

/// From this attribute on, a Rust source counts as a test.
const TEST_MODULE: &str = concat!("#[cfg", "(test)]");

fn is_code(path: &str) -> bool {
    CODE.iter().any(|suffix| has_suffix(path, suffix))
}

fn is_read(path: &str) -> bool {
    (is_code(path) || has_suffix(path, "md")) && (path == GAPS || !path.starts_with("docs/spec/"))
}

fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let in_tests = folders
        .split('/')
        .any(|folder| matches!(folder, "test" | "tests" | "conformance" | "e2e"));
    let is_script_test = ["ts", "tsx", "js", "mjs"]
        .iter()
        .any(|suffix| name.ends_with(&format!(".test.{suffix}")) || name.ends_with(&format!(".spec.{suffix}")));
    let is_python_test = name.starts_with("test_") && has_suffix(name, "py");
    in_tests || is_script_test || is_python_test || name == "tests.rs" || name.ends_with("_test.rs")
}

fn has_suffix(path: &str, suffix: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(path: &str, text: &str) -> Vec<String> {
        let mut citations = Citations::default();
        if is_read(path) {
            citations.file(path, &text.replace('~', "-"));
        }
        citations.cited.into_keys().map(|id| id.replace('-', "~")).collect()
    }

    #[test]
    fn code_counts_in_tests_only() {
        let source = format!("// KEY~1\n{TEST_MODULE}\n/// KEY~2\n");
        assert_eq!(cited("crates/a/src/b.rs", &source), ["KEY~2"]);
        for path in [
            "crates/a/tests/it/main.rs",
            "crates/a/src/tests.rs",
            "conformance/x.sh",
            "a/test_b.py",
            "c.test.ts",
        ] {
            assert_eq!(cited(path, "// KEY~1"), ["KEY~1"], "{path}");
        }
        assert!(cited("src/contest_x.py", "# KEY~1").is_empty());
        assert!(cited("docs/spec/a.rs", "// KEY~1").is_empty());
    }

    #[test]
    fn documentation_counts_in_comments_only() {
        assert_eq!(
            cited("docs/a.md", "KEY~1\n<!-- KEY~2\nKEY~3 -->\nKEY~4\n"),
            ["KEY~2", "KEY~3"]
        );
    }

    #[test]
    fn gaps_are_kept_apart() {
        let mut citations = Citations::default();
        citations.file(GAPS, &"- KEY~1: why".replace('~', "-"));
        assert!(citations.is_gap(&"KEY~1".replace('~', "-")));
        assert!(citations.cited.is_empty());
    }

    #[test]
    fn a_line_with_too_many_ids_is_dense() {
        let line: Vec<_> = (1..=16).map(|n| format!("KEY-{n}")).collect();
        let mut citations = Citations::default();
        citations.file("a/tests/b.rs", &line.join(" "));
        assert_eq!(citations.dense().count(), 1);
    }
}
