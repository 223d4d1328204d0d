//! Plain structs with their rows, their decoding and their encoding.

use super::super::facts::{Kind, Member, Service, Shape};
use super::super::header::header;
use super::super::naming::{field_name, lower_first, snake, type_name};
use super::super::selection::reach;
use super::{is_plain_text, rust_type, shape_reference, top_level};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a structure is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Input,
    Output,
    Part,
}

/// The structures that are parts of inputs or outputs.
pub(super) fn parts(service: &Service) -> Vec<&Shape> {
    let top_level = top_level(service);
    let is_part =
        |shape: &&Shape| matches!(shape.kind, Kind::Structure { .. }) && !top_level.contains(shape.name.as_str());
    service.shapes.iter().filter(is_part).collect()
}

/// `structures/mod.rs`.
pub(super) fn list(service: &Service) -> String {
    let mut text = header("The structures that are parts of inputs and outputs, a file for each.");
    let mut exports = String::new();
    for shape in parts(service) {
        let module = snake(&shape.name);
        let _ = writeln!(text, "mod {module};");
        let _ = writeln!(exports, "pub use {module}::{};", type_name(&shape.name));
    }
    text + "\n" + &exports
}

/// A structure that is part of others.
pub(super) fn file(service: &Service, shape: &Shape) -> Result<String, String> {
    let Kind::Structure { members } = &shape.kind else {
        return Err(format!("{} is not a structure", shape.name));
    };
    let title = format!("`{}`", shape.name);
    let body = structure(service, &shape.name, members, Role::Part, &title)?;
    Ok(header(&title) + &imports(service, &body, &[shape.name.as_str()]) + &body)
}

/// The `use` lines for what the text mentions, but for what it defines itself.
pub(super) fn imports(service: &Service, body: &str, own: &[&str]) -> String {
    let mentions = |word: &str| {
        body.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|found| found == word)
    };
    let mut text = String::new();
    let modules: Vec<_> = ["constraints", "error"]
        .into_iter()
        .filter(|name| body.contains(&format!("&{name}::")))
        .collect();
    if !modules.is_empty() {
        let _ = writeln!(text, "use super::super::{{{}}};", modules.join(", "));
    }
    // A member and a type may share a name; only a mention as a type needs an import.
    let as_type = |name: &str| {
        [
            format!("<{name}>"),
            format!("<{name}, "),
            format!(", {name}>"),
            format!(": {name},"),
            format!("({name}::SHAPE"),
        ]
        .iter()
        .any(|mention| body.contains(mention))
    };
    let mut siblings: Vec<_> = service
        .shapes
        .iter()
        .filter(|shape| match &shape.kind {
            Kind::Structure { .. } => true,
            Kind::String { values, .. } => !values.is_empty(),
            _ => false,
        })
        .filter(|shape| !own.contains(&shape.name.as_str()))
        .map(|shape| type_name(&shape.name))
        .filter(|name| as_type(name))
        .collect();
    siblings.sort_unstable();
    if !siblings.is_empty() {
        let _ = writeln!(text, "use super::super::{{{}}};", siblings.join(", "));
    }
    for (path, words) in [
        ("crate", &CRATE[..]),
        ("crate::shape", &["Member", "OperationShape", "Shape", "Structure"]),
        ("std::collections", &["BTreeMap"]),
    ] {
        // A member may be called as what values are read from.
        let needed = |word: &str| mentions(word) && (word != "Value" || body.contains("Value<"));
        let used: Vec<_> = words.iter().copied().filter(|word| needed(word)).collect();
        if !used.is_empty() {
            let _ = writeln!(text, "use {path}::{{{}}};", used.join(", "));
        }
    }
    text
}

/// What generated structures may need of the crate.
const CRATE: [&str; 14] = [
    "Blob",
    "Content",
    "Encode",
    "Fields",
    "FromValue",
    "Input",
    "Number",
    "ObjectWriter",
    "Output",
    "SecretText",
    "Shaped",
    "Timestamp",
    "Value",
    "XmlWriter",
];

pub(super) fn structure(
    service: &Service,
    name: &str,
    members: &[Member],
    role: Role,
    purpose: &str,
) -> Result<String, String> {
    let mut fields = String::new();
    let mut rows = String::new();
    let mut reads = String::new();
    let mut writes = String::new();
    let object = if service.is_query() { "xml" } else { "object" };
    for (position, member) in members.iter().enumerate() {
        let field = field_name(&member.name);
        let kind = rust_type(service, &member.shape)?;
        let kind = if member.required {
            kind
        } else {
            format!("Option<{kind}>")
        };
        let shape = service.shape(&member.shape)?;
        let _ = writeln!(
            fields,
            "/// `{}`: {}\npub {field}: {kind},",
            member.name,
            described(service, &shape.kind, member.required)
        );
        let presence = if member.required { "required" } else { "optional" };
        let _ = writeln!(
            rows,
            "Member::{presence}(\"{}\", \"{}\", {}),",
            member.name,
            lower_first(&member.name),
            shape_reference(service, shape)
        );
        let (access, value) = if member.required {
            ("required", format!("&self.{field}"))
        } else {
            ("optional", format!("self.{field}.as_ref()"))
        };
        let _ = writeln!(reads, "{field}: fields.{access}({position})?,");
        let _ = writeln!(writes, "{object}.{access}(\"{}\", {value});", member.name);
    }
    let rust = type_name(name);
    let defaultable = members
        .iter()
        .all(|member| !member.required || has_default(service, &member.shape));
    let default = if defaultable { "Default, " } else { "" };
    let mut text = format!(
        "\n/// {purpose}\n#[derive(Debug, Clone, {default}PartialEq, Eq)]\npub struct {rust} {{\n{fields}}}\n\
         \nimpl Shaped for {rust} {{\nconst SHAPE: &'static Structure = &Structure {{ name: \"{name}\", members: &[{rows}] }};\n}}\n"
    );
    let (is_read, is_written) = uses(service, name, role)?;
    if is_read {
        let fields = if members.is_empty() { "_" } else { "mut fields" };
        let _ = write!(
            text,
            "\nimpl FromValue for {rust} {{\nfn from_value(value: Value<'_>) -> Option<Self> {{\n\
             let {fields} = value.into_fields()?;\nSome(Self {{\n{reads}}})\n}}\n}}\n"
        );
    }
    if is_written && service.is_query() {
        let xml = if members.is_empty() { "_" } else { "xml" };
        let _ = write!(
            text,
            "\nimpl Content for {rust} {{\nfn write(&self, {xml}: &mut XmlWriter<'_>) {{\n{writes}}}\n}}\n"
        );
    } else if is_written {
        let object = if members.is_empty() { "object" } else { "mut object" };
        let _ = write!(
            text,
            "\nimpl Encode for {rust} {{\nfn encode(&self, out: &mut Vec<u8>) {{\n\
             let {object} = ObjectWriter::begin(out);\n{writes}object.end();\n}}\n}}\n"
        );
    }
    match role {
        Role::Input => {
            let _ = write!(text, "\nimpl Input for {rust} {{}}\n");
        }
        Role::Output => {
            let body = if service.is_query() {
                "Content::write(self, &mut XmlWriter::new(out));"
            } else {
                "self.encode(out);"
            };
            let _ = write!(
                text,
                "\nimpl Output for {rust} {{\nfn write(&self, out: &mut Vec<u8>) {{\n{body}\n}}\n}}\n"
            );
        }
        Role::Part => {}
    }
    Ok(text)
}

/// Whether a structure is read from requests, and whether it is written to replies.
fn uses(service: &Service, name: &str, role: Role) -> Result<(bool, bool), String> {
    let reaches = |root: &str| -> Result<bool, String> {
        let mut reached = BTreeSet::new();
        reach(service, root, &mut reached)?;
        Ok(reached.contains(name))
    };
    let (mut is_read, mut is_written) = (role == Role::Input, role == Role::Output);
    if role == Role::Part {
        for operation in &service.operations {
            is_read = is_read || reaches(&operation.input)?;
            if let Some(output) = &operation.output {
                is_written = is_written || reaches(output)?;
            }
        }
    }
    Ok((is_read, is_written))
}

fn has_default(service: &Service, shape: &str) -> bool {
    service.shape(shape).is_ok_and(|shape| match &shape.kind {
        Kind::String { values, .. } => values.is_empty(),
        Kind::Structure { .. } => false,
        _ => true,
    })
}

/// A member's facts in a few words.
fn described(service: &Service, kind: &Kind, required: bool) -> String {
    let bounds = |bounds: &super::super::facts::Bounds, unit: &str| match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => format!(" of {min} to {max} {unit}"),
        (None, Some(max)) => format!(" of at most {max} {unit}"),
        (Some(min), None) => format!(" of at least {min} {unit}"),
        _ => String::new(),
    };
    let what = match kind {
        Kind::Structure { .. } => "a structure".to_owned(),
        Kind::String { values, .. } if !values.is_empty() => "an enumeration".to_owned(),
        Kind::String { length, pattern, .. } => {
            let pattern = if pattern.is_some() { " with a pattern" } else { "" };
            format!("text{}{pattern}", bounds(length, "characters"))
        }
        Kind::Blob { length, .. } => format!("bytes,{}", bounds(length, "of them")).replace(", of ", ", "),
        Kind::Integer { range } => format!("a number{}", bounds(range, "").trim_end()).replace(" of ", " from "),
        Kind::Number => "a number with a fraction".to_owned(),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Timestamp => "a point in time".to_owned(),
        Kind::List { length, .. } => format!("a list{}", bounds(length, "elements")),
        Kind::Map { key, value } if is_plain_text(service, key) && is_plain_text(service, value) => {
            "a map of texts".to_owned()
        }
        Kind::Map { .. } => "a map".to_owned(),
    };
    format!("{}{what}.", if required { "required, " } else { "" })
}
