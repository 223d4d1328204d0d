//! TLS of the listeners, told apart by their addresses.

use super::family::Family;
use crate::certificates::Certificates;

/// Handshakes and certificates.
pub(super) fn families(certificates: &Certificates) -> [Family; 6] {
    let mut handshakes = Family::counters(
        "tls_handshakes",
        "TLS handshakes that succeeded, by version and key exchange group",
    );
    let mut failures = Family::counters("tls_handshake_failures", "TLS handshakes that failed, by reason");
    let mut times = Family::times(
        "tls_handshake_duration_seconds",
        "Time that a successful TLS handshake took, waiting for the client included, in seconds",
    );
    let mut expiry = Family::gauges(
        "tls_certificate_expiry_timestamp_seconds",
        "When the first of a listener's certificates ends, since the Unix epoch in seconds",
    );
    let mut reloads = Family::counters(
        "tls_certificate_reloads",
        "How often certificates were read anew, by whether they could be used",
    );
    let mut current = Family::gauges(
        "tls_certificate_current",
        "1 while the certificates in use are those of the files, 0 while the files cannot be used",
    );
    for (address, tls) in certificates.each() {
        let labels = || vec![("address", address.to_string())];
        for (version, group, count) in tls.handshakes() {
            let mut labels = labels();
            labels.extend([("version", version.to_owned()), ("group", group.to_owned())]);
            handshakes.count(labels, count);
        }
        for (reason, count) in tls.failures() {
            let mut labels = labels();
            labels.push(("reason", reason.to_owned()));
            failures.count(labels, count);
        }
        times.observed(labels(), tls.handshake_times());
        expiry.seconds(labels(), tls.expires());
        for (outcome, count) in ["taken", "refused"].into_iter().zip(tls.reloads()) {
            let mut labels = labels();
            labels.push(("outcome", outcome.to_owned()));
            reloads.count(labels, count);
        }
        current.level(labels(), i64::from(tls.problem().is_none()));
    }
    [handshakes, failures, times, expiry, reloads, current]
}
