//! The patterns of texts.

use super::super::facts::{Kind, Service};
use super::super::naming::upper_snake;
use super::super::pattern;
use super::{header, referenced};
use std::fmt::Write as _;

pub(super) fn module(service: &Service) -> Result<String, String> {
    let mut text = header("The regular expressions that texts must match, as tables.");
    text.push_str("use crate::pattern::{Pattern, UNBOUNDED, class, group, literal};\n");
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
    Ok(text)
}
