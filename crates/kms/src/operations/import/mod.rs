//! Import of key material.

pub mod delete_imported_key_material;
pub mod get_parameters_for_import;
pub mod import_key_material;
