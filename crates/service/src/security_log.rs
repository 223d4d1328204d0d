//! What is told of requests that are turned away before anybody knows whose they are.

use std::net::IpAddr;
use std::time::Duration;

use trent_identity::Caller;
use uuid::Uuid;

use crate::call::{Actor, Call, Frame};
use crate::clock::{Clock, SystemClock};

/// A request that was turned away. Nothing in it can be used to make another: no signature, no token.
#[derive(Debug, Clone, Copy)]
pub struct TurnedAway<'a> {
    /// When it came, by the machine's clock, since the Unix epoch.
    pub time: Duration,
    /// The id that its reply carries.
    pub request_id: Uuid,
    /// The operation, as the request named it.
    pub operation: &'a str,
    /// Where it came from, if it came over the network.
    pub source_ip: Option<IpAddr>,
    /// Its `User-Agent`.
    pub user_agent: &'a str,
    /// The private endpoint that it came through.
    pub vpc_endpoint: Option<&'a str>,
    /// What it said of itself in the place of an access key's id: it may be anything.
    pub access_key_id: Option<&'a str>,
    /// Who sent it, if that was proved: what they asked could not be read.
    pub principal: Option<&'a str>,
    /// The error that it was answered with.
    pub code: &'a str,
    /// What was wrong with it, in one word.
    pub reason: &'static str,
}

impl<'a> TurnedAway<'a> {
    /// A request of which nothing is known but what it says itself.
    pub fn at_the_door(frame: &Frame<'a>, code: &'a str, reason: &'static str) -> Self {
        Self {
            time: frame.received,
            request_id: frame.request_id,
            operation: frame.operation,
            source_ip: frame.peer.address(),
            user_agent: frame.user_agent,
            vpc_endpoint: None,
            access_key_id: None,
            principal: None,
            code,
            reason,
        }
    }

    /// A request that cannot be read, of somebody who may have proved who they are.
    pub fn unreadable(call: &'a Call, operation: &'a str, code: &'a str, reason: &'static str) -> Self {
        let caller = match &call.actor {
            Actor::Principal(caller) => Some(caller),
            Actor::Service(_) | Actor::Operator { .. } | Actor::Unsigned => None,
        };
        Self {
            time: SystemClock.now(),
            request_id: call.request_id,
            operation,
            source_ip: call.source_ip,
            user_agent: &call.user_agent,
            vpc_endpoint: call.through.as_ref().map(|endpoint| endpoint.id()),
            access_key_id: caller.map(|caller| caller.access_key_id.as_str()),
            principal: caller.map(Caller::principal_arn),
            code,
            reason,
        }
    }
}

/// Keeps what is told of them. Callers wait for it: it must be quick.
pub trait SecurityLog: Send + Sync + 'static {
    /// Notes a request.
    fn note(&self, request: &TurnedAway<'_>);
}
