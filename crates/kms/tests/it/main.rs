//! The operations of KMS through the real pipeline, keystore and store, in memory.

mod aliases;
mod authorization;
mod conditions;
mod consistency;
mod console_policy;
mod creation;
mod data_keys;
mod decisions;
mod delegation;
mod encryption;
mod grant_lists;
mod granted;
mod grants;
mod identifiers;
mod keys;
mod lockout;
mod managed;
mod paging;
mod permissions;
mod policies;
mod retiring;
mod seed;
mod tags;
mod world;
