//! `cargo xtask model`: from the interface model to the committed Rust of `crates/api/src/kms`.
//!
//! The model file holds facts only: names, members, types, limits, patterns, enumerations, errors. `--import` makes
//! it from the service description that the public SDKs ship; `--check` fails if the committed Rust is not what the
//! generator would write today.

mod facts;
mod generate;
mod import;
mod naming;
mod pattern;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fail if the committed files differ from what would be generated.
    #[arg(long, conflicts_with = "import")]
    check: bool,
    /// Take the facts from a service description (`service-2.json`, unpacked) first.
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
}

const MODEL: &str = "crates/api/model/kms.json";
const GENERATED: &str = "crates/api/src/kms";

pub(crate) fn run(arguments: &Arguments, root: &Path) -> Result<(), String> {
    let model_file = root.join(MODEL);
    if let Some(source) = &arguments.import {
        let facts = import::from_service_description(&read(source)?)?;
        let folder = model_file.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        write(&model_file, &facts.to_json()?)?;
    }
    let facts = facts::Service::from_json(&read(&model_file)?)?;
    let wanted = generate::files(&facts, root)?;
    let folder = root.join(GENERATED);
    let present = present_files(&folder, &folder)?;
    if arguments.check {
        return check(&wanted, &present);
    }
    for (name, text) in &wanted {
        let file = folder.join(name);
        if present.get(name) != Some(text) {
            let parent = file.parent().unwrap_or(&folder);
            fs::create_dir_all(parent).map_err(|e| format!("{}: {e}", parent.display()))?;
            write(&file, text)?;
        }
    }
    for name in present.keys().filter(|name| !wanted.contains_key(*name)) {
        let file = folder.join(name);
        fs::remove_file(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    println!("{} files from {MODEL}", wanted.len());
    Ok(())
}

fn check(wanted: &BTreeMap<String, String>, present: &BTreeMap<String, String>) -> Result<(), String> {
    let stale: Vec<_> = wanted
        .iter()
        .filter(|(name, text)| present.get(*name) != Some(text))
        .map(|(name, _)| name.as_str())
        .chain(
            present
                .keys()
                .filter(|name| !wanted.contains_key(*name))
                .map(String::as_str),
        )
        .collect();
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "stale in {GENERATED}: {}; run `cargo xtask model`",
            stale.join(", ")
        ))
    }
}

fn present_files(folder: &Path, base: &Path) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(files);
    };
    for entry in entries {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.is_dir() {
            files.extend(present_files(&path, base)?);
        } else if let Ok(name) = path.strip_prefix(base) {
            files.insert(name.display().to_string(), read(&path)?);
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_shapes_are_current() {
        let arguments = Arguments {
            check: true,
            import: None,
        };
        assert_eq!(run(&arguments, &crate::root()), Ok(()));
    }

    #[test]
    fn what_is_stale_is_named() {
        let files = |names: [&str; 2]| names.map(|name| (name.to_owned(), String::new())).into();
        let error = check(&files(["a.rs", "b.rs"]), &files(["b.rs", "c.rs"])).expect_err("two are stale");
        assert!(error.contains("a.rs, c.rs"), "{error}");
    }
}
