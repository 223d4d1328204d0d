//! Of a service's operations, those that are served, with the shapes and errors that they need.

use super::facts::{Kind, Service};
use std::collections::BTreeSet;

/// The names of a list: one a line, `#` begins a remark.
pub(crate) fn names(list: &str) -> Vec<&str> {
    list.lines()
        .map(|line| line.split_once('#').map_or(line, |(name, _)| name).trim())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Drops all that the `served` operations do not need.
pub(crate) fn keep(service: &mut Service, served: &[&str]) -> Result<(), String> {
    if let Some(unknown) = served
        .iter()
        .find(|name| service.operations.iter().all(|operation| operation.name != **name))
    {
        return Err(format!("{} has no operation {unknown}", service.name));
    }
    service
        .operations
        .retain(|operation| served.contains(&operation.name.as_str()));
    let mut errors = BTreeSet::new();
    let mut shapes = BTreeSet::new();
    for operation in &service.operations {
        errors.extend(operation.errors.iter().cloned());
        for name in [Some(&operation.input), operation.output.as_ref()]
            .into_iter()
            .flatten()
        {
            reach(service, name, &mut shapes)?;
        }
    }
    service.errors.retain(|error| errors.contains(&error.name));
    service.shapes.retain(|shape| shapes.contains(&shape.name));
    Ok(())
}

/// Adds a shape and all that it is made of.
pub(crate) fn reach(service: &Service, name: &str, reached: &mut BTreeSet<String>) -> Result<(), String> {
    if !reached.insert(name.to_owned()) {
        return Ok(());
    }
    match &service.shape(name)?.kind {
        Kind::Structure { members } => members
            .iter()
            .try_for_each(|member| reach(service, &member.shape, reached)),
        Kind::List { member, .. } => reach(service, member, reached),
        Kind::Map { key, value } => reach(service, key, reached).and_then(|()| reach(service, value, reached)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::import::from_service_description;

    const DESCRIPTION: &str = r#"{
        "metadata": {"apiVersion": "1", "serviceId": "S", "endpointPrefix": "s", "xmlNamespace": "https://s/", "protocol": "query"},
        "operations": {
            "A": {"input": {"shape": "ARequest"}, "errors": [{"shape": "E"}], "authtype": "none"},
            "B": {"input": {"shape": "BRequest"}, "errors": [{"shape": "F"}]},
            "C": {}
        },
        "shapes": {
            "ARequest": {"type": "structure", "members": {"L": {"shape": "List"}}},
            "BRequest": {"type": "structure", "members": {"O": {"shape": "Other"}}},
            "List": {"type": "list", "member": {"shape": "Text"}},
            "Text": {"type": "string"},
            "Other": {"type": "string"},
            "E": {"type": "structure", "members": {}, "exception": true, "error": {"code": "Short", "httpStatusCode": 409}},
            "F": {"type": "structure", "members": {}, "exception": true}
        }
    }"#;

    #[test]
    fn only_what_is_served_stays() {
        let served = names("A\n\n# a remark\nC # another\n");
        let facts = from_service_description(DESCRIPTION, Some(&served)).expect("a description");
        let operations: Vec<_> = facts.operations.iter().map(|o| (o.name.as_str(), o.unsigned)).collect();
        assert_eq!(operations, [("A", true), ("C", false)]);
        let shapes: Vec<_> = facts.shapes.iter().map(|shape| shape.name.as_str()).collect();
        assert_eq!(shapes, ["ARequest", "List", "Text", "CRequest"]);
        let errors: Vec<_> = facts.errors.iter().map(|e| (e.code.as_deref(), e.status)).collect();
        assert_eq!(errors, [(Some("Short"), 409)]);
    }

    #[test]
    fn a_misspelt_operation_is_named() {
        let error = from_service_description(DESCRIPTION, Some(&["D"])).err();
        assert_eq!(error.as_deref(), Some("S has no operation D"));
    }
}
