//! The constrained shapes that members refer to, and their patterns.

use super::super::facts::{Kind, Service, Shape};
use super::super::header::header;
use super::super::naming::{type_name, upper_snake};
use super::super::selection::reach;
use super::{is_plain_text, referenced};
use std::collections::BTreeSet;
use std::fmt::Write as _;

pub(super) fn module(service: &Service) -> Result<String, String> {
    let mut text = header("The constrained shapes that members refer to.");
    let mut body = String::new();
    let referenced = referenced(service);
    for shape in service
        .shapes
        .iter()
        .filter(|shape| referenced.contains(shape.name.as_str()))
    {
        let row = upper_snake(&shape.name);
        if let Some(value) = value(service, shape, &row).map_err(|e| format!("{}: {e}", shape.name))? {
            let _ = write!(
                body,
                "\n/// `{}`\npub(super) static {row}: Shape = {value};\n",
                shape.name
            );
        }
    }
    let modules: Vec<_> = ["enumerations", "patterns", "structures"]
        .into_iter()
        .filter(|module| body.contains(&format!("{module}::")))
        .collect();
    let _ = writeln!(text, "use super::{{{}}};", modules.join(", "));
    if body.contains("::SHAPE") {
        text.push_str("use crate::Shaped;\n");
    }
    text.push_str("use crate::shape::Shape;\n");
    Ok(text + &body)
}

/// What stands for an upper bound that the model leaves out: beyond every request.
const UNBOUNDED: i64 = u32::MAX as i64;

/// The row of a shape that has one of its own.
fn value(service: &Service, shape: &Shape, row: &str) -> Result<Option<String>, String> {
    Ok(Some(match &shape.kind {
        Kind::String { values, .. } if !values.is_empty() => {
            format!("Shape::Enumeration(enumerations::{}::NAMES)", type_name(&shape.name))
        }
        Kind::String {
            length,
            pattern,
            sensitive,
            ..
        } => {
            let mut text = bounded("text", length.or(0, UNBOUNDED));
            if pattern.is_some() {
                let _ = write!(text, ".matching(&patterns::{row})");
            }
            if *sensitive { text + ".sensitive()" } else { text }
        }
        Kind::Blob { length, sensitive } => {
            let bytes = bounded("bytes", length.or(0, UNBOUNDED));
            if *sensitive { bytes + ".sensitive()" } else { bytes }
        }
        Kind::Integer { range } => {
            let (least, most) = (i64::from(i32::MIN), i64::from(i32::MAX));
            let (min, max) = range.or(least, most).unwrap_or((least, most));
            format!("Shape::Integer {{ min: {}, max: {} }}", grouped(min), grouped(max))
        }
        Kind::List { member, length } => {
            let reference = part(service, member)?;
            match length.or(0, UNBOUNDED) {
                Some((min, max)) => format!("Shape::list({reference}, {}, {})", grouped(min), grouped(max)),
                None => format!("Shape::unbounded_list({reference})"),
            }
        }
        Kind::Map { key, value } if is_plain_text(service, key) && is_plain_text(service, value) => return Ok(None),
        Kind::Map { key, value } => {
            if read_by_inputs(service)?.contains(&shape.name) {
                return Err("an input has a map whose keys or values are constrained".to_owned());
            }
            format!(
                "Shape::Map {{ key: {}, value: {} }}",
                part(service, key)?,
                part(service, value)?
            )
        }
        Kind::Number if read_by_inputs(service)?.contains(&shape.name) => {
            return Err("an input has a number with a fraction".to_owned());
        }
        Kind::Number | Kind::Boolean | Kind::Timestamp | Kind::Structure { .. } => return Ok(None),
    }))
}

/// The row of what a list or a map holds.
fn part(service: &Service, name: &str) -> Result<String, String> {
    Ok(match service.shape(name)?.kind {
        Kind::Structure { .. } => format!("&Shape::Structure(structures::{}::SHAPE)", type_name(name)),
        Kind::Number => "&Shape::Number".to_owned(),
        Kind::Boolean => "&Shape::Boolean".to_owned(),
        Kind::Timestamp => "&Shape::Timestamp".to_owned(),
        _ => format!("&{}", upper_snake(name)),
    })
}

/// The shapes that inputs are made of.
fn read_by_inputs(service: &Service) -> Result<BTreeSet<String>, String> {
    let mut reached = BTreeSet::new();
    for operation in &service.operations {
        reach(service, &operation.input, &mut reached)?;
    }
    Ok(reached)
}

/// A number with a mark at every third digit, as Rust sources have it.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len() > 5 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

fn bounded(kind: &str, bounds: Option<(i64, i64)>) -> String {
    bounds.map_or_else(
        || format!("Shape::unbounded_{kind}()"),
        |(min, max)| format!("Shape::{kind}({}, {})", grouped(min), grouped(max)),
    )
}
