//! Plain structs with their rows, their decoding and their encoding.

use super::super::facts::{Kind, Member, Service, Shape};
use super::super::naming::{lower_first, snake};
use super::{header, rust_type, shape_reference, top_level};
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

/// `kms/structures/mod.rs`.
pub(super) fn list(service: &Service) -> String {
    let mut text = header("The structures that are parts of inputs and outputs, a file for each.");
    let mut exports = String::new();
    for shape in parts(service) {
        let module = snake(&shape.name);
        let _ = writeln!(text, "mod {module};");
        let _ = writeln!(exports, "pub use {module}::{};", shape.name);
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
    Ok(header(&title) + &imports(service, &body, &[&shape.name]) + &body)
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
        [format!("<{name}>"), format!(": {name},"), format!("({name}::SHAPE")]
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
        .map(|shape| shape.name.as_str())
        .filter(|name| !own.contains(name) && as_type(name))
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
        let used: Vec<_> = words.iter().copied().filter(|word| mentions(word)).collect();
        if !used.is_empty() {
            let _ = writeln!(text, "use {path}::{{{}}};", used.join(", "));
        }
    }
    text
}

/// What generated structures may need of the crate.
const CRATE: [&str; 11] = [
    "Blob",
    "Encode",
    "Fields",
    "FromValue",
    "Input",
    "ObjectWriter",
    "Output",
    "SecretText",
    "Shaped",
    "Timestamp",
    "Value",
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
    for (position, member) in members.iter().enumerate() {
        let field = snake(&member.name);
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
            described(&shape.kind, member.required)
        );
        let presence = if member.required { "required" } else { "optional" };
        let _ = writeln!(
            rows,
            "Member::{presence}(\"{}\", \"{}\", {}),",
            member.name,
            lower_first(&member.name),
            shape_reference(shape)
        );
        let (access, value) = if member.required {
            ("required", format!("&self.{field}"))
        } else {
            ("optional", format!("self.{field}.as_ref()"))
        };
        let _ = writeln!(reads, "{field}: fields.{access}({position})?,");
        let _ = writeln!(writes, "object.{access}(\"{}\", {value});", member.name);
    }
    let defaultable = members
        .iter()
        .all(|member| !member.required || has_default(service, &member.shape));
    let default = if defaultable { "Default, " } else { "" };
    let mut text = format!(
        "\n/// {purpose}\n#[derive(Debug, Clone, {default}PartialEq, Eq)]\npub struct {name} {{\n{fields}}}\n\
         \nimpl Shaped for {name} {{\nconst SHAPE: &'static Structure = &Structure {{ name: \"{name}\", members: &[{rows}] }};\n}}\n"
    );
    if role != Role::Output {
        let fields = if members.is_empty() { "_" } else { "mut fields" };
        let _ = write!(
            text,
            "\nimpl FromValue for {name} {{\nfn from_value(value: Value<'_>) -> Option<Self> {{\n\
             let {fields} = value.into_fields()?;\nSome(Self {{\n{reads}}})\n}}\n}}\n"
        );
    }
    if role != Role::Input {
        let object = if members.is_empty() { "object" } else { "mut object" };
        let _ = write!(
            text,
            "\nimpl Encode for {name} {{\nfn encode(&self, out: &mut Vec<u8>) {{\n\
             let {object} = ObjectWriter::begin(out);\n{writes}object.end();\n}}\n}}\n"
        );
    }
    match role {
        Role::Input => {
            let _ = write!(text, "\nimpl Input for {name} {{}}\n");
        }
        Role::Output => {
            let _ = write!(text, "\nimpl Output for {name} {{}}\n");
        }
        Role::Part => {}
    }
    Ok(text)
}

fn has_default(service: &Service, shape: &str) -> bool {
    service.shape(shape).is_ok_and(|shape| match &shape.kind {
        Kind::String { values, .. } => values.is_empty(),
        Kind::Structure { .. } => false,
        _ => true,
    })
}

/// A member's facts in a few words.
fn described(kind: &Kind, required: bool) -> String {
    let bounds = |bounds: &super::super::facts::Bounds, unit: &str| match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => format!(" of {min} to {max} {unit}"),
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
        Kind::Boolean => "true or false".to_owned(),
        Kind::Timestamp => "a point in time".to_owned(),
        Kind::List { length, .. } => format!("a list{}", bounds(length, "elements")),
        Kind::Map { .. } => "a map of texts".to_owned(),
    };
    format!("{}{what}.", if required { "required, " } else { "" })
}
