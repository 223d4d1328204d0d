//! Multi-Region keys: what their copies share, and how it reaches them.
//!
//! Each key of a set is a record of its own Region. Its Regions write letters to each other (`trent_store::mail`), so each
//! step is one transaction of one Region, and the next one is certain to follow.
//!
//! ```text
//! a replica        primary  Found, Share ->  replica: Creating, then Enabled   -> Report  primary: knows that it has it
//! a change         primary  Share        ->  replica: the same                 -> Report  primary: knows that it has it
//! the end          replica  Gone         ->  primary: one replica less
//! another primary  primary, Updating  Offer  ->  replica: Updating             -> Accept
//!                  a replica now      Cede   ->  primary: Enabled              -> Share to all; the old one: Enabled
//! ```
//!
//! The primary gives every state of what is shared an *edition*. A replica takes none that is older than its own, so it
//! does not matter by which way they come. Between Accept and Cede being applied no key is the primary, but a letter is, and
//! letters are not lost: there are never two and never none for good. What is meant for the primary and reaches a key that
//! no longer is goes on to the one that is. Who is told of a share and has no key says that it is gone; who reports to a
//! primary that does not list it is listed: so a list that a restore left wrong becomes right.
//!
//! Writing a key's record is enough to have it shared: see [`editions::follow`].

mod delivery;
pub(crate) mod editions;
pub(crate) mod receipt;
mod share;

pub use self::delivery::{Courier, Delivery};
