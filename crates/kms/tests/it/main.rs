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
mod crashes;
mod creation;
mod data_key_pairs;
mod data_keys;
mod decisions;
mod delegation;
mod deletion;
mod door;
mod dry_runs;
#[path = "../../../attestation/tests/it/enclave.rs"]
mod enclave;
mod encryption;
mod grant_lists;
mod granted;
mod grants;
mod identifiers;
mod import_dates;
mod import_permissions;
mod import_tokens;
mod import_uses;
mod imports;
mod key_quota;
mod key_specs_page;
mod key_state_changes;
mod key_states;
mod key_types;
mod key_walk;
mod keys;
mod last_use;
mod lockout;
mod mac;
mod managed;
mod mortal;
mod multi_region;
mod multi_region_changes;
mod multi_region_faults;
mod multi_region_imports;
mod multi_region_policies;
mod multi_region_replication;
mod multi_region_rotation;
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
mod rotation;
mod rotation_calendar;
mod rotation_kinds;
mod rotation_on_demand;
mod ruled;
mod schedule;
mod seed;
mod service_role;
mod signing;
mod simulation;
mod tags;
mod world;
