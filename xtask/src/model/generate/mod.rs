//! Writes the Rust: one file for each operation, one for each kind of what operations share.

mod enumerations;
mod errors;
mod operations;
mod patterns;
mod shapes;
mod structures;

use super::facts::{Kind, Service, Shape};
use super::naming::{snake, type_name, upper_snake};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Every generated file by its path below the service's folder.
pub(crate) fn files(service: &Service, root: &Path) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    files.insert("mod.rs".to_owned(), operations::module(service));
    files.insert("error.rs".to_owned(), errors::module(service));
    files.insert("enumerations.rs".to_owned(), enumerations::module(service));
    files.insert("constraints.rs".to_owned(), shapes::module(service)?);
    files.insert("patterns.rs".to_owned(), patterns::module(service)?);
    files.insert("structures/mod.rs".to_owned(), structures::list(service));
    for shape in structures::parts(service) {
        files.insert(
            format!("structures/{}.rs", snake(&shape.name)),
            structures::file(service, shape)?,
        );
    }
    files.insert("operations/mod.rs".to_owned(), operations::list(service));
    for operation in &service.operations {
        files.insert(
            format!("operations/{}.rs", snake(&operation.name)),
            operations::file(service, operation)?,
        );
    }
    let names: Vec<_> = files.keys().cloned().collect();
    for name in names {
        if let Some(text) = files.get_mut(&name) {
            *text = formatted(text, root).map_err(|e| format!("{name}: {e}"))?;
        }
    }
    Ok(files)
}

/// Formatted as the rest of the project is.
pub(crate) fn formatted(text: &str, root: &Path) -> Result<String, String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("rustfmt cannot be started: {e}"))?;
    if let Some(mut input) = rustfmt.stdin.take() {
        input.write_all(text.as_bytes()).map_err(|e| e.to_string())?;
    }
    let output = rustfmt.wait_with_output().map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err("rustfmt refused what was generated".to_owned());
    }
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}

/// The Rust type of a member's value.
fn rust_type(service: &Service, name: &str) -> Result<String, String> {
    let shape = service.shape(name)?;
    Ok(match &shape.kind {
        Kind::Structure { .. } => type_name(&shape.name),
        Kind::String { values, .. } if !values.is_empty() => type_name(&shape.name),
        Kind::String { sensitive: true, .. } => "SecretText".to_owned(),
        Kind::String { .. } => "String".to_owned(),
        Kind::Blob { .. } => "Blob".to_owned(),
        Kind::Integer { .. } => "i32".to_owned(),
        Kind::Number => "Number".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Timestamp => "Timestamp".to_owned(),
        Kind::List { member, .. } => format!("Vec<{}>", rust_type(service, member)?),
        Kind::Map { key, value } => format!("BTreeMap<{}, {}>", rust_type(service, key)?, rust_type(service, value)?),
    })
}

/// The expression that names a shape's row in the table.
fn shape_reference(service: &Service, shape: &Shape) -> String {
    match &shape.kind {
        Kind::Number => "&Shape::Number".to_owned(),
        Kind::Boolean => "&Shape::Boolean".to_owned(),
        Kind::Timestamp => "&Shape::Timestamp".to_owned(),
        Kind::Map { key, value } if is_plain_text(service, key) && is_plain_text(service, value) => {
            "&Shape::TextMap".to_owned()
        }
        Kind::Structure { .. } => format!("&Shape::Structure({}::SHAPE)", type_name(&shape.name)),
        _ => format!("&constraints::{}", upper_snake(&shape.name)),
    }
}

/// Whether a shape is a text without constraints.
fn is_plain_text(service: &Service, name: &str) -> bool {
    service.shape(name).is_ok_and(|shape| match &shape.kind {
        Kind::String {
            length,
            pattern: None,
            values,
            sensitive: false,
        } => values.is_empty() && length.or(0, 0).is_none(),
        _ => false,
    })
}

/// The shapes that members of inputs and outputs refer to, directly or through a list or map.
fn referenced(service: &Service) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for shape in &service.shapes {
        match &shape.kind {
            Kind::Structure { members } => names.extend(members.iter().map(|member| member.shape.as_str())),
            Kind::List { member, .. } => {
                names.insert(member.as_str());
            }
            Kind::Map { key, value } if !is_plain_text(service, key) || !is_plain_text(service, value) => {
                names.extend([key.as_str(), value.as_str()]);
            }
            _ => {}
        }
    }
    names
}

/// The names of the structures that are whole inputs or outputs.
fn top_level(service: &Service) -> BTreeSet<&str> {
    service
        .operations
        .iter()
        .flat_map(|operation| [Some(operation.input.as_str()), operation.output.as_deref()])
        .flatten()
        .collect()
}
