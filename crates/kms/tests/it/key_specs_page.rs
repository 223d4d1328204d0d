//! The book's page of key specs has the tables of the code, row by row.

use std::fmt::Write as _;

use trent_crypto::spec::{
    Algorithms, EncryptionAlgorithm, KeySpec, KeyUsage, MacAlgorithm, MessageKind, SigningAlgorithm,
};
use trent_names::Partition;

const PAGE: &str = include_str!("../../../../docs/keys/key-specs.md");

fn assert_shown(table: &str) {
    assert!(
        PAGE.contains(table),
        "docs/keys/key-specs.md should have this table:\n{table}"
    );
}

fn names(algorithms: Algorithms) -> String {
    fn joined<T>(all: &[T], name: impl Fn(&T) -> &'static str) -> String {
        let all: Vec<_> = all.iter().map(|it| format!("`{}`", name(it))).collect();
        all.join(", ")
    }
    match algorithms {
        Algorithms::Encryption(all) => joined(all, |it| it.as_str()),
        Algorithms::Signing(all) => joined(all, |it| it.as_str()),
        Algorithms::Mac(all) => joined(all, |it| it.as_str()),
        Algorithms::KeyAgreement(all) => joined(all, |it| it.as_str()),
        Algorithms::Encapsulation(all) => joined(all, |it| it.as_str()),
    }
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "" }
}

/// SPK-45, SPK-46, SPK-54
#[test]
fn specs_usages_and_algorithms() {
    let mut table = String::from(
        "| KeySpec | KeyUsage | algorithms | data key pair | China | elsewhere |\n|---|---|---|---|---|---|\n",
    );
    for &spec in KeySpec::ALL {
        for usage in spec.usages() {
            let algorithms = spec.algorithms(usage).expect("a usage of the spec has algorithms");
            writeln!(
                table,
                "| `{spec}` | `{usage}` | {} | {} | {} | {} |",
                names(algorithms),
                yes(spec.is_data_key_pair()),
                yes(spec.offered_in(Partition::AwsCn)),
                yes(spec.offered_in(Partition::Aws)),
            )
            .expect("text");
        }
    }
    assert_shown(&table);
}

#[test]
fn longest_plaintexts() {
    let mut table = String::from("| algorithm | KeySpec | longest plaintext |\n|---|---|---:|\n");
    for &algorithm in EncryptionAlgorithm::ALL {
        for &spec in KeySpec::ALL {
            if let Some(longest) = algorithm.max_plaintext(spec) {
                writeln!(table, "| `{algorithm}` | `{spec}` | {longest} |").expect("text");
            }
        }
    }
    assert_shown(&table);
}

#[test]
fn what_is_signed() {
    let mut table = String::from("| algorithm | `RAW` | `DIGEST` | `EXTERNAL_MU` |\n|---|---|---|---|\n");
    for &algorithm in SigningAlgorithm::ALL {
        let digest = algorithm
            .digest_len()
            .filter(|_| algorithm.accepts(MessageKind::Digest));
        let mu = algorithm
            .accepts(MessageKind::ExternalMu)
            .then_some(SigningAlgorithm::EXTERNAL_MU_LEN);
        let bytes = |length: Option<usize>| length.map(|length| format!("{length} bytes")).unwrap_or_default();
        let raw = if algorithm.accepts(MessageKind::Raw) {
            "up to 4096 bytes"
        } else {
            ""
        };
        writeln!(table, "| `{algorithm}` | {raw} | {} | {} |", bytes(digest), bytes(mu)).expect("text");
    }
    assert_shown(&table);
}

#[test]
fn tags_and_keys_of_macs() {
    let mut table = String::from("| KeySpec | key | algorithm | tag |\n|---|---|---|---|\n");
    for &spec in KeySpec::ALL {
        let Some(length) = spec.hmac_key_len() else { continue };
        let Some(Algorithms::Mac(&[algorithm])) = spec.algorithms(KeyUsage::GenerateVerifyMac) else {
            panic!("{spec} has one algorithm");
        };
        let tag = MacAlgorithm::tag_len(algorithm);
        writeln!(table, "| `{spec}` | {length} bytes | `{algorithm}` | {tag} bytes |").expect("text");
    }
    assert_shown(&table);
}
