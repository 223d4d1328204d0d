//! The patterns of texts.

use super::super::facts::{Kind, Service};
use super::super::header::header;
use super::super::naming::upper_snake;
use super::super::pattern;
use super::referenced;
use std::fmt::Write as _;

pub(super) fn module(service: &Service) -> Result<String, String> {
    let mut text = String::new();
    let referenced = referenced(service);
    for shape in service
        .shapes
        .iter()
        .filter(|shape| referenced.contains(shape.name.as_str()))
    {
        if let Kind::String {
            pattern: Some(source), ..
        } = &shape.kind
        {
            let alternatives = pattern::alternatives(source)?;
            let row = upper_snake(&shape.name);
            let _ = write!(
                text,
                "\n/// `{}`\npub(super) static {row}: Pattern = Pattern {{ source: {source:?}, alternatives: {alternatives} }};\n",
                shape.name
            );
        }
    }
    if text.is_empty() {
        return Ok(header("There are no regular expressions that texts must match."));
    }
    let used: Vec<_> = ["UNBOUNDED", "class", "group", "literal", "not_before"]
        .into_iter()
        .filter(|name| text.contains(&format!("{name}(")) || text.contains(&format!(" {name})")))
        .collect();
    let head = header("The regular expressions that texts must match, as tables.");
    Ok(format!(
        "{head}use crate::pattern::{{Pattern, {}}};\n{text}",
        used.join(", ")
    ))
}
