//! Requests that nobody signed: one operation takes them, and no other.

use trent_iam::{Iam, Sts};
use trent_kms::Kms;
use trent_service::{Catalogue, Entry};

use super::world::World;

fn taking_unsigned<S: Catalogue>() -> Vec<&'static str> {
    let entries = S::catalogue().iter().filter(|entry| !Entry::is_signed(entry));
    entries.map(|entry| entry.row.name).collect()
}

#[test]
fn one_operation_of_all_services_takes_unsigned_requests() {
    assert_eq!(taking_unsigned::<Sts>(), ["AssumeRoleWithWebIdentity"]);
    assert!(taking_unsigned::<Iam>().is_empty());
    assert!(taking_unsigned::<Kms>().is_empty());
}

/// POL-32: nobody is let in without proof of who they are.
#[tokio::test]
async fn every_other_operation_refuses_unsigned_requests() {
    let world = World::new().await;
    let of_sts = Sts::catalogue().iter().filter(|entry| entry.is_signed());
    for operation in of_sts.map(|entry| entry.row.name).chain(["Fly", ""]) {
        let refused = world.ask_unsigned(operation, &[]).await;
        assert_eq!(
            (refused.status, refused.refusal()),
            (403, ("MissingAuthenticationToken", "Missing Authentication Token")),
            "{operation}"
        );
    }
    for entry in Kms::catalogue() {
        let refused = world.kms_unsigned(entry.row.name).await;
        assert_eq!(refused, "MissingAuthenticationTokenException", "{}", entry.row.name);
    }
    // The name of the open operation opens no other service.
    assert_eq!(
        world.kms_unsigned("AssumeRoleWithWebIdentity").await,
        "MissingAuthenticationTokenException"
    );
    // Without a door for it, the open operation is as closed as the others.
    let refused = world.ask_at_a_closed_door("AssumeRoleWithWebIdentity").await;
    assert_eq!(refused.refusal().0, "MissingAuthenticationToken");
    // The open one is refused for what it lacks, which is not a signature.
    let refused = world.ask_unsigned("AssumeRoleWithWebIdentity", &[]).await;
    assert_eq!(refused.refusal().0, "ValidationError");
}
