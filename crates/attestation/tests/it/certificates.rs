//! Every way in which a certificate of the chain can be wrong.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384,
};
use trent_attestation::{AttestationError, CLOCK_SKEW, CertificateFault, Roots, verify};

use crate::believed::roots;
use crate::platform::{CERTIFICATES, Item, NOW, Platform};

const ROOT: usize = 0;
const SIGNER: usize = CERTIFICATES - 1;

fn answer(platform: &Platform) -> Result<(), AttestationError> {
    let signed = platform.sign(&platform.statement(&[1]));
    verify(&signed, &roots(platform), NOW).map(drop)
}

fn fault(at: usize, fault: CertificateFault) -> Result<(), AttestationError> {
    Err(AttestationError::Certificate { at, fault })
}

fn unknown(critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
    extension.set_criticality(critical);
    extension
}

/// One certificate made wrong.
type Change = fn(&mut CertificateParams);

#[test]
fn certificates_that_are_wrong() {
    use CertificateFault::{
        Authority, DuplicateExtension, Expired, Extension, KeyUsage, NotAuthority, NotYetValid, PathLength,
    };
    let late: Change = |params| params.not_before += Duration::from_secs(600 + 62);
    let expired: Change = |params| params.not_after = params.not_before + Duration::from_secs(599);
    let cases: [(usize, Change, CertificateFault); 17] = [
        (ROOT, late, NotYetValid),
        (1, late, NotYetValid),
        (SIGNER, late, NotYetValid),
        (ROOT, expired, Expired),
        (2, expired, Expired),
        (SIGNER, expired, Expired),
        (1, |params| params.is_ca = IsCa::NoCa, NotAuthority),
        (2, |params| params.is_ca = IsCa::ExplicitNoCa, NotAuthority),
        (
            ROOT,
            |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1)),
            PathLength,
        ),
        (
            1,
            |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
            PathLength,
        ),
        (1, |params| params.key_usages = vec![KeyUsagePurpose::CrlSign], KeyUsage),
        (2, |params| params.key_usages = Vec::new(), KeyUsage),
        (
            SIGNER,
            |params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement],
            KeyUsage,
        ),
        (SIGNER, |params| params.key_usages = Vec::new(), KeyUsage),
        (
            SIGNER,
            |params| {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                params.key_usages.push(KeyUsagePurpose::KeyCertSign);
            },
            Authority,
        ),
        (2, |params| params.custom_extensions = vec![unknown(true)], Extension),
        (
            2,
            |params| params.custom_extensions = vec![unknown(false), unknown(false)],
            DuplicateExtension,
        ),
    ];
    for (case, (at, change, expected)) in cases.into_iter().enumerate() {
        let platform = Platform::with(|link, params| {
            if link == at {
                change(params);
            }
        });
        assert_eq!(answer(&platform), fault(at, expected), "case {case}");
    }
}

#[test]
fn certificates_in_which_nothing_is_wrong() {
    let most = |length| IsCa::Ca(BasicConstraints::Constrained(length));
    let platforms = [
        Platform::with(|at, params| match at {
            ROOT => params.is_ca = most(2),
            1 => params.is_ca = most(1),
            2 => params.is_ca = most(0),
            _ => params.is_ca = IsCa::ExplicitNoCa,
        }),
        Platform::with(|_, params| params.custom_extensions = vec![unknown(false)]),
        // Made this second by a machine whose clock is ahead.
        Platform::with(|_, params| params.not_before += Duration::from_mins(10) + CLOCK_SKEW),
    ];
    for (case, platform) in platforms.iter().enumerate() {
        assert_eq!(answer(platform), Ok(()), "case {case}");
    }
}

#[test]
fn keys_on_another_curve() {
    for at in 1..SIGNER {
        let mut algorithms = [&PKCS_ECDSA_P384_SHA384; CERTIFICATES];
        algorithms[at] = &PKCS_ECDSA_P256_SHA256;
        let platform = Platform::on(algorithms, |_, _| {});
        assert_eq!(answer(&platform), fault(at, CertificateFault::Key), "{at}");
    }
    let other = rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key is generated");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = params
        .self_signed(&other)
        .expect("a certificate is signed")
        .der()
        .to_vec();
    assert_eq!(Roots::default().and(root).map(drop), Err(CertificateFault::Algorithm));
}

/// AUTHZ-193, REF-324
#[test]
fn a_caller_brings_certificates_of_its_own() {
    let (platform, another) = (Platform::new(), Platform::new());
    let answer = |chain: Vec<Vec<u8>>, signer: &Platform| {
        let (last, authorities) = chain.split_last().expect("there is a signer");
        let statement = platform.statement(&[1]);
        let statement = statement.with("certificate", Item::Bytes(last.clone()));
        let statement = statement.with("cabundle", Item::List(authorities.to_vec()));
        verify(&signer.sign(&statement), &roots(&platform), NOW).map(drop)
    };
    let (ours, theirs) = (&platform.certificates, &another.certificates);
    // The whole chain, all of it but the root, all of it but the root and one authority, the signer alone.
    assert_eq!(answer(theirs.clone(), &another), Err(AttestationError::UnknownRoot));
    for own in 1..CERTIFICATES {
        let chain = [&ours[..own], &theirs[own..]].concat();
        assert_eq!(
            answer(chain, &another),
            fault(own, CertificateFault::Signature),
            "{own}"
        );
    }
    // The root signs nothing but authorities, and none can be left out, put in or put elsewhere.
    let chain = |order: &[usize]| order.iter().map(|at| ours[*at].clone()).collect::<Vec<_>>();
    assert_eq!(answer(chain(&[0, 3]), &platform), fault(1, CertificateFault::Issuer));
    assert_eq!(
        answer(chain(&[0, 2, 1, 3]), &platform),
        fault(1, CertificateFault::Issuer)
    );
    assert_eq!(
        answer(chain(&[0, 1, 1, 2, 3]), &platform),
        fault(2, CertificateFault::Issuer)
    );
    assert_eq!(answer(chain(&[1, 2, 3]), &platform), Err(AttestationError::UnknownRoot));
    assert_eq!(answer(chain(&[0, 0, 1, 2, 3]), &platform), Ok(()));
}

#[test]
fn certificates_that_are_none() {
    let platform = Platform::new();
    let mut longer = platform.certificates[2].clone();
    longer.push(0);
    let shorter = platform.certificates[2][..100].to_vec();
    for bytes in [b"\x30\x00".to_vec(), vec![0xff; 30], longer, shorter] {
        let mut authorities = platform.certificates[..SIGNER].to_vec();
        authorities[2] = bytes;
        let statement = platform.statement(&[1]).with("cabundle", Item::List(authorities));
        let answer = verify(&platform.sign(&statement), &roots(&platform), NOW).map(drop);
        assert_eq!(answer, fault(2, CertificateFault::Malformed));
    }
}

#[test]
fn roots_that_cannot_be_configured() {
    let root = |change: Change| {
        let platform = Platform::with(|at, params| {
            if at == ROOT {
                change(params);
            }
        });
        Roots::default().and(platform.root()).map(drop)
    };
    assert_eq!(root(|_| {}), Ok(()));
    assert_eq!(
        root(|params| params.is_ca = IsCa::NoCa),
        Err(CertificateFault::NotAuthority)
    );
    let unusable = root(|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    assert_eq!(unusable, Err(CertificateFault::KeyUsage));
    let authority = Platform::new().certificates[1].clone();
    assert_eq!(Roots::default().and(authority).map(drop), Err(CertificateFault::Issuer));
    let impostor = Platform::with(|_, params| params.distinguished_name.push(DnType::CommonName, "one.example"));
    let below = impostor.certificates[1].clone();
    assert_eq!(Roots::default().and(below).map(drop), Err(CertificateFault::Signature));
    assert_eq!(
        Roots::default().and(b"PEM".to_vec()).map(drop),
        Err(CertificateFault::Malformed)
    );
}
