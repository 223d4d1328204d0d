//! Rotation of key material.

pub mod disable_key_rotation;
pub mod enable_key_rotation;
pub mod get_key_rotation_status;
pub mod list_key_rotations;
pub mod rotate_key_on_demand;
