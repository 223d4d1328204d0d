//! The constrained shapes that members refer to, and their patterns.

use super::super::facts::{Kind, Service, Shape};
use super::super::naming::upper_snake;
use super::{header, referenced};
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
    text.push_str("use super::{enumerations, patterns, structures};\nuse crate::Shaped;\nuse crate::shape::Shape;\n");
    Ok(text + &body)
}

/// The row of a shape that has one of its own.
fn value(service: &Service, shape: &Shape, row: &str) -> Result<Option<String>, String> {
    Ok(Some(match &shape.kind {
        Kind::String { values, .. } if !values.is_empty() => {
            format!("Shape::Enumeration(enumerations::{}::NAMES)", shape.name)
        }
        Kind::String {
            length,
            pattern,
            sensitive,
            ..
        } => {
            let mut text = bounded("text", length.pair()?);
            if pattern.is_some() {
                let _ = write!(text, ".matching(&patterns::{row})");
            }
            if *sensitive { text + ".sensitive()" } else { text }
        }
        Kind::Blob { length, sensitive } => {
            let bytes = bounded("bytes", length.pair()?);
            if *sensitive { bytes + ".sensitive()" } else { bytes }
        }
        Kind::Integer { range } => {
            let (min, max) = range.pair()?.ok_or("an integer without bounds")?;
            format!("Shape::Integer {{ min: {}, max: {} }}", grouped(min), grouped(max))
        }
        Kind::List { member, length } => {
            let element = service.shape(member)?;
            let reference = match &element.kind {
                Kind::Structure { .. } => format!("&Shape::Structure(structures::{member}::SHAPE)"),
                _ => format!("&{}", upper_snake(member)),
            };
            match length.pair()? {
                Some((min, max)) => format!("Shape::list({reference}, {}, {})", grouped(min), grouped(max)),
                None => format!("Shape::unbounded_list({reference})"),
            }
        }
        Kind::Map { key, value } => {
            for side in [key, value] {
                match &service.shape(side)?.kind {
                    Kind::String {
                        length,
                        pattern: None,
                        values,
                        sensitive: false,
                    } if values.is_empty() && length.pair()?.is_none() => {}
                    _ => return Err("a map whose keys or values are constrained".to_owned()),
                }
            }
            return Ok(None);
        }
        Kind::Boolean | Kind::Timestamp | Kind::Structure { .. } => return Ok(None),
    }))
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
