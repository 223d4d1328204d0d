//! The operations: a file each, the list of them, and the table.

use super::super::facts::{Kind, Operation, Protocol, Service};
use super::super::header::header;
use super::super::naming::{snake, type_name, upper_snake, without_exception};
use super::structures::{Role, imports, structure};
use std::fmt::Write as _;

/// A service's name as comments have it: one that is written as code is, is marked as code.
fn in_prose(name: &str) -> String {
    let humped = name
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    if humped { format!("`{name}`") } else { name.to_owned() }
}

/// `mod.rs`: what everything else sees.
pub(super) fn module(service: &Service) -> String {
    let mut text = header(&format!(
        "The interface of {}, version {}.",
        in_prose(&service.name),
        service.api_version
    ));
    let _ = write!(
        text,
        "mod constraints;\nmod enumerations;\npub mod error;\npub mod operations;\nmod patterns;\nmod structures;\n\n\
         {}pub use operations::*;\npub use structures::*;\n\n{}\n\n\
         /// How the service is spoken to.\npub const PROTOCOL: Protocol = {};\n",
        if enumerates(service) {
            "pub use enumerations::*;\n"
        } else {
            ""
        },
        match &service.protocol {
            Protocol::Json { .. } => "use crate::{JsonVersion, Protocol};",
            Protocol::Query { .. } => "use crate::{Protocol, Query};",
        },
        match &service.protocol {
            Protocol::Json {
                target_prefix,
                after_query,
            } => format!(
                "Protocol::Json {{ target_prefix: \"{target_prefix}\", version: JsonVersion::{} }}",
                if *after_query { "V1_0AfterQuery" } else { "V1_1" }
            ),
            Protocol::Query {
                signing_name,
                namespace,
            } => format!(
                "Protocol::Query(Query {{ signing_name: \"{signing_name}\", version: \"{}\", namespace: \"{namespace}\" }})",
                service.api_version
            ),
        }
    );
    if !enumerates(service) {
        text = text.replace("mod enumerations;\n", "");
    }
    text
}

fn enumerates(service: &Service) -> bool {
    service
        .shapes
        .iter()
        .any(|shape| matches!(&shape.kind, Kind::String { values, .. } if !values.is_empty()))
}

/// `operations/mod.rs`: the modules and the table of operations.
pub(super) fn list(service: &Service) -> String {
    let mut text = header("The operations: a file for each, and the table of them.");
    let mut exports = String::new();
    let mut rows = String::new();
    for operation in &service.operations {
        let module = snake(&operation.name);
        let _ = writeln!(text, "mod {module};");
        let own: Vec<_> = own_structures(service, operation);
        let own: Vec<_> = own.into_iter().map(type_name).collect();
        let _ = writeln!(exports, "pub use {module}::{{{}}};", own.join(", "));
        let _ = writeln!(rows, "{module}::OPERATION,");
    }
    let _ = write!(
        text,
        "\nuse crate::shape::OperationShape;\n\n{exports}\n/// Every operation in the model's order, which is the alphabet's.\n\
         pub static OPERATIONS: &[OperationShape] = &[\n{rows}];\n"
    );
    let unsigned: Vec<_> = service
        .operations
        .iter()
        .filter(|operation| operation.unsigned)
        .map(|operation| format!("{:?}", operation.name))
        .collect();
    if !unsigned.is_empty() {
        let _ = write!(
            text,
            "\n/// The operations whose requests carry their own proof of who calls, and no signature.\n\
             pub static UNSIGNED: &[&str] = &[{}];\n",
            unsigned.join(", ")
        );
    }
    text
}

/// The input, and the output unless an earlier operation has the same one.
fn own_structures<'s>(service: &'s Service, operation: &'s Operation) -> Vec<&'s str> {
    let first_with = |name: &str| {
        service
            .operations
            .iter()
            .find(|other| other.output.as_deref() == Some(name))
    };
    let output = operation
        .output
        .as_deref()
        .filter(|name| first_with(name).is_some_and(|first| first.name == operation.name));
    [Some(operation.input.as_str()), output].into_iter().flatten().collect()
}

/// The input and the output of one operation.
pub(super) fn file(service: &Service, operation: &Operation) -> Result<String, String> {
    let mut body = part(
        service,
        &operation.input,
        Role::Input,
        &format!("The input of `{}`.", operation.name),
    )?;
    let own = own_structures(service, operation);
    if let Some(output) = operation.output.as_deref().filter(|name| own.contains(name)) {
        body.push_str(&part(
            service,
            output,
            Role::Output,
            &format!("The output of `{}`.", operation.name),
        )?);
    }
    body.push_str(&row(service, operation)?);
    Ok(header(&format!("`{}`", operation.name)) + &imports(service, &body, &own) + &body)
}

fn row(service: &Service, operation: &Operation) -> Result<String, String> {
    if let Some(unknown) = operation
        .errors
        .iter()
        .find(|name| service.errors.iter().all(|e| e.name != **name))
    {
        return Err(format!("{} names the unknown error {unknown}", operation.name));
    }
    let output = operation
        .output
        .as_ref()
        .map_or("None".to_owned(), |name| format!("Some({}::SHAPE)", type_name(name)));
    let errors: Vec<_> = operation
        .errors
        .iter()
        .map(|name| format!("&error::{}", upper_snake(without_exception(name))))
        .collect();
    Ok(format!(
        "\npub(super) const OPERATION: OperationShape = OperationShape {{ name: \"{}\", input: {}::SHAPE, \
         output: {output}, errors: &[{}] }};\n",
        operation.name,
        type_name(&operation.input),
        errors.join(", ")
    ))
}

fn part(service: &Service, name: &str, role: Role, purpose: &str) -> Result<String, String> {
    match &service.shape(name)?.kind {
        Kind::Structure { members } => structure(service, name, members, role, purpose),
        _ => Err(format!("{name} is not a structure")),
    }
}
