//! What was agreed upon, by the names that records have for it.

use rustls::{CipherSuite, NamedGroup, ProtocolVersion, ServerConnection};
use trent_service::Negotiated;

/// What a connection whose handshake is over has agreed upon.
pub(super) fn of(connection: &ServerConnection) -> Negotiated {
    let suite = connection.negotiated_cipher_suite().map(|suite| suite.suite());
    Negotiated {
        version: connection.protocol_version().map_or("unknown", version_name),
        cipher_suite: suite.map_or("unknown", suite_name),
        key_exchange: connection
            .negotiated_key_exchange_group()
            .map(|group| group_name(group.name())),
    }
}

fn version_name(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3",
        ProtocolVersion::TLSv1_2 => "TLSv1.2",
        _ => "unknown",
    }
}

/// As OpenSSL calls them, and so records do: suites of TLS 1.3 by their registered names, older ones by names of its own.
fn suite_name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-ECDSA-CHACHA20-POLY1305",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        _ => "unknown",
    }
}

/// As the registry of TLS calls them.
pub(super) fn group_name(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519MLKEM768 => "X25519MLKEM768",
        NamedGroup::secp256r1MLKEM768 => "SecP256r1MLKEM768",
        NamedGroup::X25519 => "x25519",
        NamedGroup::secp256r1 => "secp256r1",
        NamedGroup::secp384r1 => "secp384r1",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, DEFAULT_CIPHER_SUITES};

    use super::*;
    use crate::tls::{KeyExchange, groups};

    /// REF-102: what is offered has forward secrecy, and each suite and group has its name.
    #[test]
    fn everything_that_is_offered_has_a_name() {
        assert_eq!(DEFAULT_CIPHER_SUITES.len(), ALL_CIPHER_SUITES.len());
        for suite in DEFAULT_CIPHER_SUITES {
            let name = suite_name(suite.suite());
            let is_1_3 = suite.tls13().is_some();
            assert!(name.starts_with(if is_1_3 { "TLS_" } else { "ECDHE-" }), "{name}");
            assert!(name.contains("GCM") || name.contains("POLY1305"), "{name}");
        }
        for setting in [
            KeyExchange::PqPreferred,
            KeyExchange::ClassicOnly,
            KeyExchange::PqRequired,
        ] {
            assert!(!groups::names(setting).contains(&"unknown"));
        }
    }
}
