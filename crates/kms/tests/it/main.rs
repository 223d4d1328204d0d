//! The operations of KMS through the real pipeline, keystore and store, in memory.

mod agreement;
mod aliases;
mod asymmetric_encryption;
mod authorization;
mod conditions;
mod conditions_cryptography;
mod conditions_keys;
mod conditions_lifecycle;
mod conditions_requests;
mod conditions_table;
mod consistency;
mod console_policy;
mod creation;
mod data_key_pairs;
mod data_keys;
mod decisions;
mod delegation;
mod door;
mod dry_runs;
#[path = "../../../attestation/tests/it/enclave.rs"]
mod enclave;
mod encryption;
mod grant_lists;
mod granted;
mod grants;
mod identifiers;
mod key_specs_page;
mod key_types;
mod key_walk;
mod keys;
mod lockout;
mod mac;
mod managed;
mod paging;
mod permissions;
#[path = "../../../attestation/tests/it/platform.rs"]
#[allow(
    dead_code,
    reason = "what makes documents wrong is for the tests of the crate that reads them"
)]
mod platform;
mod policies;
mod privileges;
mod public_keys;
mod recipients;
mod retiring;
mod ruled;
mod seed;
mod signing;
mod tags;
mod world;
