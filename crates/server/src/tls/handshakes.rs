//! How handshakes ended, counted.

use std::time::Duration;

use trent_metrics::{Counter, Histogram, Observed};
use trent_service::Negotiated;

const VERSIONS: [&str; 2] = ["TLSv1.3", "TLSv1.2"];

/// "none" is a session of TLS 1.2 that goes on, for which nothing is agreed upon anew.
const GROUPS: [&str; 6] = [
    "X25519MLKEM768",
    "SecP256r1MLKEM768",
    "x25519",
    "secp256r1",
    "secp384r1",
    "none",
];

/// Why a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It took longer than it may.
    Late,
    /// The client went away.
    Gone,
    /// Client and server have no version, suite or group in common.
    NothingInCommon,
    /// The client's certificate is missing or not in order.
    ClientCertificate,
    /// What came was no TLS, or not as TLS has to be; or the client refused, for example the server's certificate.
    Other,
}

const REASONS: [&str; 5] = ["timeout", "closed", "nothing_in_common", "client_certificate", "other"];

/// The counts of one listener.
#[derive(Debug, Default)]
pub(super) struct Handshakes {
    done: [[Counter; GROUPS.len()]; VERSIONS.len()],
    broken: [Counter; REASONS.len()],
    times: Histogram<1>,
}

impl Handshakes {
    pub(super) fn done(&self, negotiated: &Negotiated, took: Duration) {
        let version = VERSIONS.iter().position(|version| *version == negotiated.version);
        let group = negotiated.key_exchange.unwrap_or("none");
        let group = GROUPS.iter().position(|known| *known == group);
        if let (Some(version), Some(group)) = (version, group) {
            self.done[version][group].increment();
        }
        self.times.observe(took);
    }

    pub(super) fn broken(&self, why: Broken) {
        self.broken[why as usize].increment();
    }

    pub(super) fn counted(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let by_version = VERSIONS.into_iter().zip(&self.done);
        by_version.flat_map(|(version, counts)| {
            let by_group = GROUPS.into_iter().zip(counts);
            by_group.map(move |(group, count)| (version, group, count.get()))
        })
    }

    pub(super) fn failed(&self) -> impl Iterator<Item = (&'static str, u64)> {
        REASONS.into_iter().zip(self.broken.iter().map(Counter::get))
    }

    pub(super) fn times(&self) -> Observed {
        self.times.read()
    }
}
