//! The enumerations of the model.

use super::super::facts::{Kind, Service};
use super::super::header::header;
use super::super::naming::{type_name, variant};
use std::fmt::Write as _;

pub(super) fn module(service: &Service) -> String {
    let mut text = header("The enumerations of the model.");
    if service
        .shapes
        .iter()
        .any(|shape| matches!(&shape.kind, Kind::String { values, .. } if !values.is_empty()))
    {
        text.push_str("use crate::enumeration::enumeration;\n");
    }
    for shape in &service.shapes {
        let Kind::String { values, .. } = &shape.kind else {
            continue;
        };
        if values.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\nenumeration! {{\n    /// `{}`\n    {} {{\n",
            shape.name,
            type_name(&shape.name)
        );
        for value in values {
            let _ = writeln!(text, "        {} = \"{value}\",", variant(value));
        }
        text.push_str("    }\n}\n");
    }
    text
}
