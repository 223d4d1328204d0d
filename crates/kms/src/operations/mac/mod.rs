//! Message authentication codes.

pub mod generate_mac;
pub mod verify_mac;
