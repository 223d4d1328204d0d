//! `CloudWatch`, as far as it tells of this service's own metrics (`CloudWatch` API Reference, version 2010-08-01).
//!
//! Nobody puts metrics here but the service. An account sees those of its own keys, each Region's in the Region.

mod asking;
mod catalogue;
pub mod data;
mod operations;
mod statistics;

use std::sync::Arc;

use trent_api::Protocol;
use trent_service::Service;

pub use data::{Data, Series, Statistics};

/// `CloudWatch` in one deployment.
pub struct CloudWatch {
    data: Arc<Data>,
}

impl CloudWatch {
    /// What requests to this service are signed for.
    pub const SIGNING_NAME: &'static str = "monitoring";

    /// `CloudWatch` over what was measured.
    pub fn new(data: Arc<Data>) -> Self {
        Self { data }
    }
}

impl Service for CloudWatch {
    type Rules = ();

    const PROTOCOL: Protocol = trent_api::cloudwatch::PROTOCOL;
    const EVENT_SOURCE: &'static str = "monitoring.amazonaws.com";
}
