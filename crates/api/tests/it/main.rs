//! The wire, from outside: every constraint of every member, the protocol's errors, the catalogue, properties.

mod catalogue;
mod constraints;
mod forms;
mod model;
mod patterns;
mod properties;
mod replies;
mod requests;
mod serialization;
mod xml;
