use trent_service::Catalogue as _;

use super::{KeyState, States};
use crate::Kms;

const ARN: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The guide's table of operations by key state: one letter for each of `Enabled`, `Disabled`, the two that are pending
/// deletion, pending import, unavailable, creating and updating. `o` is accepted, `d` a disabled key's own error, `x`
/// the state's error, `n` that the key is not pending deletion.
const TABLE: &[(&str, &str)] = &[
    ("CancelKeyDeletion", "nnoonnnn"),
    ("CreateAlias", "ooxxoooo"),
    ("CreateGrant", "odxxxoxo"),
    ("Decrypt", "odxxxxxo"),
    ("DeleteAlias", "oooooooo"),
    ("DescribeKey", "oooooooo"),
    ("DisableKey", "ooxxxoxx"),
    ("EnableKey", "ooxxxoxx"),
    ("Encrypt", "odxxxxxo"),
    ("GenerateDataKey", "odxxxxxo"),
    ("GenerateDataKeyPair", "odxxxxxo"),
    ("GenerateDataKeyPairWithoutPlaintext", "odxxxxxo"),
    ("GenerateDataKeyWithoutPlaintext", "odxxxxxo"),
    ("GenerateMac", "odxxxxxo"),
    ("GetKeyPolicy", "oooooooo"),
    ("GetPublicKey", "odxxxxxo"),
    ("ListAliases", "oooooooo"),
    ("ListGrants", "oooooooo"),
    ("ListKeyPolicies", "oooooooo"),
    ("ListResourceTags", "oooooooo"),
    ("PutKeyPolicy", "oooooooo"),
    ("ReEncrypt", "odxxxxxo"),
    ("ReplicateKey", "odxxxxxx"),
    ("RetireGrant", "oooooooo"),
    ("RevokeGrant", "oooooooo"),
    ("ScheduleKeyDeletion", "ooxxooox"),
    ("Sign", "odxxxxxo"),
    ("TagResource", "ooxxoooo"),
    ("UntagResource", "ooxxoooo"),
    ("UpdateAlias", "ooxxoooo"),
    ("UpdateKeyDescription", "ooxxoooo"),
    ("UpdatePrimaryRegion", "odxxxxxo"),
    ("Verify", "odxxxxxo"),
    ("VerifyMac", "odxxxxxo"),
];

/// KEY-101
#[test]
fn every_cell_of_the_guides_table() {
    for (operation, cells) in TABLE {
        let entry = Kms::catalogue().iter().find(|entry| entry.row.name == *operation);
        let states = entry.expect("a row of the catalogue").row.rules.states;
        for (state, cell) in KeyState::ALL.into_iter().zip(cells.chars()) {
            let code = states.check(state, ARN).err().map(|error| error.code);
            let expected = match cell {
                'o' => None,
                'd' => Some("DisabledException"),
                _ => Some("KMSInvalidStateException"),
            };
            assert_eq!(code, expected, "{operation} on a key that is {state:?}");
        }
    }
}

#[test]
fn each_state_is_named_in_its_error() {
    let rows = [
        (KeyState::Disabled, "is disabled."),
        (KeyState::PendingDeletion, "is pending deletion."),
        (KeyState::PendingReplicaDeletion, "is pending replica deletion."),
        (KeyState::PendingImport, "is pending import."),
        (
            KeyState::Unavailable,
            "is unavailable. You cannot perform this operation on an unavailable KMS key.",
        ),
        (KeyState::Creating, "is creating."),
    ];
    for (state, expected) in rows {
        let error = States::InUse.check(state, ARN).expect_err("not in use");
        assert_eq!(error.message(), format!("{ARN} {expected}"));
    }
    let error = States::EnabledOnly
        .check(KeyState::Updating, ARN)
        .expect_err("updating");
    assert_eq!(error.message(), format!("{ARN} is updating."));
    let error = States::PendingDeletion
        .check(KeyState::Enabled, ARN)
        .expect_err("not pending");
    assert_eq!(error.message(), format!("{ARN} is not pending deletion."));
}
