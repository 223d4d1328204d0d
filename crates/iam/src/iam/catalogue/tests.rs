use std::collections::BTreeSet;

use trent_api::iam::OPERATIONS;
use trent_service::Access;

use super::ENTRIES;

#[test]
fn every_operation_of_the_interface_is_built_and_no_other() {
    let built: Vec<&str> = ENTRIES.iter().map(|entry| entry.row.name).collect();
    let known: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    assert_eq!(built.iter().copied().collect::<BTreeSet<_>>(), known);
    assert_eq!(built.len(), known.len(), "none is there twice");
    assert!(built.is_sorted());
    assert!(ENTRIES.iter().all(trent_service::Entry::is_built));
}

#[test]
fn rows_say_what_their_names_say() {
    for row in ENTRIES.iter().map(|entry| entry.row) {
        assert_eq!(row.action.as_str(), format!("iam:{}", row.name));
        let reads = ["Get", "List", "Simulate"]
            .iter()
            .any(|verb| row.name.starts_with(verb));
        assert_eq!(row.read_only, reads, "{}", row.name);
        let tags = row.name.starts_with("Tag") || row.name.starts_with("Untag");
        assert_eq!(row.access == Access::Tagging, tags, "{}", row.name);
        assert!(
            !row.across_accounts && !row.dry_run && row.grant.is_none(),
            "{}",
            row.name
        );
    }
}

/// Policies and boundaries decide who may do what; names, keys and groups are written.
#[test]
fn what_gives_permissions_is_permissions_management() {
    for row in ENTRIES.iter().map(|entry| entry.row).filter(|row| !row.read_only) {
        let gives = row.name.contains("Policy") || row.name.contains("Boundary");
        let tags = row.access == Access::Tagging;
        assert_eq!(
            row.access == Access::PermissionsManagement,
            gives && !tags,
            "{}",
            row.name
        );
    }
}
