//! The public interface of the formats: vectors from the documentation, and what no type may do.

mod gmt;
mod import;
mod lattices;
mod nist;
mod properties;
mod rfc;
mod secrecy;
mod tally;
mod vectors;
mod wycheproof;
