//! `cargo xtask model`: from the interface models to the committed Rust of
//! `crates/api/src/{kms,iam,sts,cloudtrail,cloudwatch}`.
//!
//! A model file holds facts only: names, members, types, limits, patterns, enumerations, errors. `--import` makes it
//! from the service description that the public SDKs ship, of the operations that the list beside it names (of all, if
//! there is no list); `--check` fails if the committed Rust is not what the generator would write today.

mod facts;
mod generate;
mod header;
mod import;
mod naming;
mod pattern;
mod selection;
mod unicode;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fail if the committed files differ from what would be generated.
    #[arg(long, conflicts_with = "import")]
    check: bool,
    /// Take the facts from service descriptions (`service-2.json`, unpacked) first.
    #[arg(long, value_name = "FILE")]
    import: Vec<PathBuf>,
}

const MODELS: &str = "crates/api/model";
const SOURCES: &str = "crates/api/src";
/// The services, each with a file of facts and a folder of Rust of its name.
const SERVICES: [&str; 5] = ["kms", "iam", "sts", "cloudtrail", "cloudwatch"];

pub(crate) fn run(arguments: &Arguments, root: &Path) -> Result<(), String> {
    for source in &arguments.import {
        import(&read(source)?, root)?;
    }
    let letters = root.join(SOURCES).join(unicode::FILE);
    let wanted = generate::formatted(&unicode::module(), root)?;
    if arguments.check {
        if read(&letters)? != wanted {
            return Err(format!("stale: {}; run `cargo xtask model`", unicode::FILE));
        }
    } else {
        write(&letters, &wanted)?;
    }
    SERVICES
        .iter()
        .try_for_each(|service| generate_service(service, arguments.check, root))
}

/// Replaces the facts of the service that `description` is of.
fn import(description: &str, root: &Path) -> Result<(), String> {
    let name = import::service_of(description)?;
    if !SERVICES.contains(&name.as_str()) {
        return Err(format!("the service {name} is not served"));
    }
    let folder = root.join(MODELS);
    let list = folder.join(format!("{name}.txt"));
    let list = if list.exists() { Some(read(&list)?) } else { None };
    let served = list.as_deref().map(selection::names);
    let facts = import::from_service_description(description, served.as_deref())?;
    write(&folder.join(format!("{name}.json")), &facts.to_json()?)
}

fn generate_service(name: &str, check_only: bool, root: &Path) -> Result<(), String> {
    let model = root.join(MODELS).join(format!("{name}.json"));
    let facts = facts::Service::from_json(&read(&model)?)?;
    let wanted = generate::files(&facts, root)?;
    let folder = root.join(SOURCES).join(facts.module());
    let present = present_files(&folder, &folder)?;
    if check_only {
        return check(name, &wanted, &present);
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
    println!("{name}: {} files", wanted.len());
    Ok(())
}

fn check(service: &str, wanted: &BTreeMap<String, String>, present: &BTreeMap<String, String>) -> Result<(), String> {
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
            "stale in {SOURCES}/{service}: {}; run `cargo xtask model`",
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
            import: Vec::new(),
        };
        assert_eq!(run(&arguments, &crate::root()), Ok(()));
    }

    #[test]
    fn what_is_stale_is_named() {
        let files = |names: [&str; 2]| names.map(|name| (name.to_owned(), String::new())).into();
        let error = check("kms", &files(["a.rs", "b.rs"]), &files(["b.rs", "c.rs"])).expect_err("two are stale");
        assert!(error.contains("a.rs, c.rs"), "{error}");
    }
}
