//! Documents of a platform of the tests' own: what is believed, what is not, and what is sealed to them.

mod believed;
mod certificates;
mod damaged;
mod enclave;
mod platform;
mod sealed;
