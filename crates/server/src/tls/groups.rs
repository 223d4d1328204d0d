//! The groups in which keys are agreed upon.
//!
//! The library takes the first group of the *client's* list that the server knows. A client that knows a hybrid group but
//! lists a classic one first would get the classic one, so it is met with a list that has, for TLS 1.3, hybrid ones alone.

use rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, SECP256R1MLKEM768, SECP384R1, X25519, X25519MLKEM768};
use rustls::crypto::{ActiveKeyExchange, CompletedKeyExchange, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, ProtocolVersion};

use super::settings::KeyExchange;

/// Both an elliptic curve and a lattice: what is agreed upon is as safe as the better of the two.
pub(super) const HYBRID: [&dyn SupportedKxGroup; 2] = [X25519MLKEM768, SECP256R1MLKEM768];

/// An elliptic curve.
const CLASSIC: [&dyn SupportedKxGroup; 3] = [X25519, SECP256R1, SECP384R1];

static X25519_BEFORE_1_3: Before1_3 = Before1_3(X25519);
static SECP256R1_BEFORE_1_3: Before1_3 = Before1_3(SECP256R1);
static SECP384R1_BEFORE_1_3: Before1_3 = Before1_3(SECP384R1);

/// A group that is not used in TLS 1.3.
#[derive(Debug)]
struct Before1_3(&'static dyn SupportedKxGroup);

impl SupportedKxGroup for Before1_3 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        self.0.start()
    }

    fn start_and_complete(&self, peers: &[u8]) -> Result<CompletedKeyExchange, Error> {
        self.0.start_and_complete(peers)
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        self.0.ffdhe_group()
    }

    fn name(&self) -> NamedGroup {
        self.0.name()
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_2 && self.0.usable_for_version(version)
    }
}

/// Whether a group is hybrid.
pub(super) fn is_hybrid(group: NamedGroup) -> bool {
    HYBRID.iter().any(|hybrid| hybrid.name() == group)
}

/// For clients that know a hybrid group.
pub(super) fn for_hybrid_clients(setting: KeyExchange) -> Vec<&'static dyn SupportedKxGroup> {
    match setting {
        KeyExchange::PqRequired => HYBRID.to_vec(),
        KeyExchange::ClassicOnly => CLASSIC.to_vec(),
        KeyExchange::PqPreferred => {
            let classic: [&dyn SupportedKxGroup; 3] =
                [&X25519_BEFORE_1_3, &SECP256R1_BEFORE_1_3, &SECP384R1_BEFORE_1_3];
            HYBRID.into_iter().chain(classic).collect()
        }
    }
}

/// For the others.
pub(super) fn for_classic_clients(setting: KeyExchange) -> Vec<&'static dyn SupportedKxGroup> {
    match setting {
        KeyExchange::PqRequired => HYBRID.to_vec(),
        KeyExchange::ClassicOnly | KeyExchange::PqPreferred => CLASSIC.to_vec(),
    }
}

/// What is offered, in order of preference, by the names that the registry of TLS has for them.
pub(super) fn names(setting: KeyExchange) -> Vec<&'static str> {
    let hybrid = (setting != KeyExchange::ClassicOnly).then_some(HYBRID);
    let classic = (setting != KeyExchange::PqRequired).then_some(CLASSIC);
    let hybrid = hybrid.into_iter().flatten();
    let all = hybrid.chain(classic.into_iter().flatten());
    all.map(|group| super::negotiated::group_name(group.name())).collect()
}
