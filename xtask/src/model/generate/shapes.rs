//! The constrained shapes that members refer to, and their patterns.

use super::super::facts::{Kind, Service, Shape};
use super::super::naming::upper_snake;
use super::super::pattern;
use super::{header, shape_reference};
use std::fmt::Write as _;

pub(super) fn module(service: &Service) -> Result<String, String> {
    let mut text = header("The constrained shapes that members refer to, and the patterns of texts.");
    text.push_str(
        "use super::enumerations::*;\nuse super::structures::*;\nuse crate::Shaped;\n\
         use crate::pattern::{Atom, Pattern, Piece};\nuse crate::shape::{Bytes, Length, Shape, Text};\n",
    );
    for shape in &service.shapes {
        let row = upper_snake(&shape.name);
        let Some(value) = value(service, shape, &row).map_err(|e| format!("{}: {e}", shape.name))? else {
            continue;
        };
        let _ = write!(
            text,
            "\n/// `{}`\npub(super) static {row}: Shape = {value};\n",
            shape.name
        );
        if let Kind::String {
            pattern: Some(source), ..
        } = &shape.kind
        {
            let alternatives = pattern::alternatives(source)?;
            let _ = write!(
                text,
                "\nstatic {row}_PATTERN: Pattern = Pattern {{ source: {source:?}, alternatives: {alternatives} }};\n"
            );
        }
    }
    Ok(text)
}

/// The row of a shape that has one of its own.
fn value(service: &Service, shape: &Shape, row: &str) -> Result<Option<String>, String> {
    Ok(Some(match &shape.kind {
        Kind::String { values, .. } if !values.is_empty() => format!("Shape::Enumeration({}::NAMES)", shape.name),
        Kind::String {
            length,
            pattern,
            sensitive,
            ..
        } => {
            let pattern = pattern
                .as_ref()
                .map_or("None".to_owned(), |_| format!("Some(&{row}_PATTERN)"));
            let length = bounds(length.pair()?);
            format!("Shape::Text(Text {{ length: {length}, pattern: {pattern}, sensitive: {sensitive} }})")
        }
        Kind::Blob { length, sensitive } => {
            let length = bounds(length.pair()?);
            format!("Shape::Bytes(Bytes {{ length: {length}, sensitive: {sensitive} }})")
        }
        Kind::Integer { range } => {
            let (min, max) = range.pair()?.ok_or("an integer without bounds")?;
            format!("Shape::Integer {{ min: {min}, max: {max} }}")
        }
        Kind::List { member, length } => {
            let element = service.shape(member)?;
            let reference = shape_reference(element).replace("constraints::", "");
            format!(
                "Shape::List {{ element: {reference}, length: {} }}",
                bounds(length.pair()?)
            )
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

fn bounds(pair: Option<(i64, i64)>) -> String {
    pair.map_or("None".to_owned(), |(min, max)| {
        format!("Some(Length {{ min: {min}, max: {max} }})")
    })
}
