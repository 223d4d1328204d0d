//! The operations: a file each, the list of them, and the table.

use super::super::facts::{Kind, Operation, Service};
use super::super::naming::{snake, upper_snake, without_exception};
use super::header;
use super::structures::{Role, imports, structure};
use std::fmt::Write as _;

/// `kms/mod.rs`: what everything else sees, and the table of operations.
pub(super) fn module(service: &Service) -> Result<String, String> {
    let mut text = header(&format!(
        "The interface of the key management service, version {}.",
        service.api_version
    ));
    text.push_str(
        "mod constraints;\nmod enumerations;\npub mod error;\nmod operations;\nmod structures;\n\n\
         pub use enumerations::*;\npub use operations::*;\npub use structures::*;\n\n\
         use crate::Shaped;\nuse crate::shape::OperationShape;\n\n",
    );
    let _ = write!(
        text,
        "/// What stands before the operation's name in the `X-Amz-Target` header.\n\
         pub const TARGET_PREFIX: &str = \"{}.\";\n\n/// Every operation in the model's order, which is the alphabet's.\n\
         pub static OPERATIONS: &[OperationShape] = &[\n",
        service.target_prefix
    );
    for operation in &service.operations {
        let output = operation
            .output
            .as_ref()
            .map_or("None".to_owned(), |name| format!("Some({name}::SHAPE)"));
        let errors: Vec<_> = operation
            .errors
            .iter()
            .map(|name| format!("&error::{}", upper_snake(without_exception(name))))
            .collect();
        let _ = writeln!(
            text,
            "OperationShape {{ name: \"{}\", input: {}::SHAPE, output: {output}, errors: &[{}] }},",
            operation.name,
            operation.input,
            errors.join(", ")
        );
        if let Some(unknown) = operation
            .errors
            .iter()
            .find(|name| service.errors.iter().all(|e| e.name != **name))
        {
            return Err(format!("{} names the unknown error {unknown}", operation.name));
        }
    }
    Ok(text + "];\n")
}

/// `kms/operations/mod.rs`.
pub(super) fn list(service: &Service) -> String {
    let mut text = header("The inputs and outputs of the operations, a file for each.");
    for operation in &service.operations {
        let _ = writeln!(text, "mod {};", snake(&operation.name));
    }
    text.push('\n');
    for operation in &service.operations {
        let _ = writeln!(text, "pub use {}::*;", snake(&operation.name));
    }
    text
}

/// The input and the output of one operation.
pub(super) fn file(service: &Service, operation: &Operation) -> Result<String, String> {
    let mut body = part(
        service,
        &operation.input,
        Role::Input,
        &format!("The input of `{}`.", operation.name),
    )?;
    if let Some(output) = &operation.output {
        body.push_str(&part(
            service,
            output,
            Role::Output,
            &format!("The output of `{}`.", operation.name),
        )?);
    }
    let mut text = header(&format!("`{}`", operation.name));
    if body.contains("constraints::") {
        text.push_str("use super::super::constraints;\n");
    }
    let named = |name: &str| {
        body.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|found| found == name)
    };
    let siblings = |enumeration: bool| -> Vec<&str> {
        let wanted = |kind: &Kind| match kind {
            Kind::Structure { .. } => !enumeration,
            Kind::String { values, .. } => enumeration && !values.is_empty(),
            _ => false,
        };
        let own = |name: &str| name == operation.input || Some(name) == operation.output.as_deref();
        let mut names: Vec<_> = service
            .shapes
            .iter()
            .filter(|shape| wanted(&shape.kind) && named_as_type(&body, &shape.name) && !own(&shape.name))
            .map(|shape| shape.name.as_str())
            .filter(|name| named(name))
            .collect();
        names.sort_unstable();
        names
    };
    for (module, names) in [("enumerations", siblings(true)), ("structures", siblings(false))] {
        if !names.is_empty() {
            let _ = writeln!(text, "use super::super::{module}::{{{}}};", names.join(", "));
        }
    }
    text.push_str(&imports(&body));
    Ok(text + &body)
}

/// A member and a type may share a name; only a mention as a type needs an import.
fn named_as_type(body: &str, name: &str) -> bool {
    [format!("<{name}>"), format!(": {name},"), format!("({name}::SHAPE")]
        .iter()
        .any(|mention| body.contains(mention))
}

fn part(service: &Service, name: &str, role: Role, purpose: &str) -> Result<String, String> {
    match &service.shape(name)?.kind {
        Kind::Structure { members } => structure(service, name, members, role, purpose),
        _ => Err(format!("{name} is not a structure")),
    }
}
