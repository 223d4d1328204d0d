//! What is done with arbitrary bytes. No input may panic, hang or be let in; what is read must be written back as it
//! was read.

use std::sync::LazyLock;
use std::time::Duration;

use trent_crypto::ciphertext::Parsed;
use trent_crypto::pair::{self, Message, PrivateKey};
use trent_crypto::sigv4::SigningKey;
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec, KeyType, SigningAlgorithm};
use trent_identity::directory::principals::{GroupRecord, PolicyRecord, ProviderRecord, RoleRecord, UserRecord};
use trent_identity::directory::{AccessKeyRecord, AccountRecord};
use trent_identity::organization::records::{ControlPolicyRecord, OrganizationRecord, UnitRecord};
use trent_identity::sigv4::Claim;
use trent_identity::{Bootstrap, Realm, Seed, SignedRequest};
use trent_keystore::{Keyring, SystemRandomness};
use trent_names::{AccountId, AliasArn, AliasName, Arn, KeyArn, KeyId, KeyReference, PrincipalArn, Region};

/// A request, written down as HTTP/1.1 would: `METHOD path?query`, headers, an empty line, the body.
pub fn sigv4(data: &[u8]) {
    with_request(data, verify);
}

/// Hands `ask` a request, if there is one.
fn with_request(data: &[u8], ask: impl FnOnce(&SignedRequest<'_>)) {
    let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&data[..at], &data[at + 2..]),
        None => (data, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let Ok(first) = str::from_utf8(lines.next().unwrap_or_default()) else {
        return;
    };
    let (method, target) = first.split_once(' ').unwrap_or((first, "/"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(&str, &[u8])> = lines
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((str::from_utf8(&line[..colon]).ok()?, &line[colon + 1..]))
        })
        .collect();
    ask(&SignedRequest {
        method,
        path,
        query,
        headers: &headers,
        body,
    });
}

fn verify(request: &SignedRequest<'_>) {
    let realm = Realm::new(Region::parse("us-east-1"), "kms");
    let Ok(claim) = Claim::read(request) else { return };
    let _ = claim.access_key_id();
    for admitted in [
        claim.admit(request, &realm, Duration::from_mins(29_453_780)),
        claim.admit_stale(request, &realm),
    ] {
        let Ok(admitted) = admitted else { continue };
        let key = SigningKey::derive(b"no request was signed with this", "20260101", "us-east-1", "kms");
        let verdict = claim.verify(request, admitted.signed, &key, &mut Vec::new());
        assert!(verdict.is_err(), "a request that nobody signed verifies");
    }
}

/// The body of the operation that the first byte selects.
pub fn wire(data: &[u8]) {
    let operations = trent_api::kms::OPERATIONS;
    let Some((selector, body)) = data.split_first() else {
        return;
    };
    let operation = &operations[usize::from(*selector) % operations.len()];
    if let Err(error) = trent_api::decode::check(operation.input, body) {
        assert_eq!(error.status, 400, "bad input is the client's fault");
    }
}

/// The form of any operation of IAM and STS: the first byte selects it.
pub fn forms(data: &[u8]) {
    let (iam, sts) = (trent_api::iam::OPERATIONS, trent_api::sts::OPERATIONS);
    let Some((selector, form)) = data.split_first() else {
        return;
    };
    let at = usize::from(*selector) % (iam.len() + sts.len());
    let operation = iam.get(at).unwrap_or_else(|| &sts[at - iam.len()]);
    if let Err(error) = trent_api::query::check(operation.input, form) {
        assert!((400..500).contains(&error.status), "bad input is the client's fault");
    }
    if let Err(error) = trent_api::iam::PROTOCOL.check_target(form) {
        assert!((400..500).contains(&error.status), "bad input is the client's fault");
    }
}

/// A ciphertext.
pub fn ciphertext(data: &[u8]) {
    if let Ok(parsed) = Parsed::parse(data) {
        assert_eq!(parsed.version, data[0]);
        assert_eq!(KeyId::parse(&parsed.key.to_string()), Ok(parsed.key));
    }
}

/// Key pairs of the spec that the first byte selects; the other bytes are each thing that comes from outside: a private
/// key, a public key, a signature, a ciphertext.
pub fn pairs(data: &[u8]) {
    static PAIRS: LazyLock<Vec<(KeySpec, PrivateKey, Vec<u8>)>> = LazyLock::new(|| {
        let specs = KeySpec::ALL
            .iter()
            .filter(|spec| spec.key_type() == KeyType::Asymmetric);
        specs
            .map(|&spec| {
                let key = PrivateKey::generate(spec).expect("a pair");
                let public = key.public_key().expect("a public key");
                (spec, key, public)
            })
            .collect()
    });
    let Some((selector, bytes)) = data.split_first() else {
        return;
    };
    let (spec, own, public) = &PAIRS[usize::from(*selector) % PAIRS.len()];
    if let Ok(key) = PrivateKey::read(*spec, &bytes.to_vec().into()) {
        let written = key.to_bytes().expect("what was read can be written");
        let again = PrivateKey::read(*spec, &written).expect("what was written can be read");
        assert_eq!(again.public_key(), key.public_key());
    }
    for &algorithm in SigningAlgorithm::ALL {
        for message in [Message::Raw(bytes), Message::Digest(bytes), Message::ExternalMu(bytes)] {
            let _ = pair::verify(*spec, bytes, algorithm, message, bytes);
            let signed = pair::verify(*spec, public, algorithm, message, bytes);
            assert!(signed.is_err(), "a message that nobody signed verifies");
        }
    }
    for &algorithm in EncryptionAlgorithm::ALL {
        let _ = pair::encrypt(*spec, bytes, algorithm, b"plaintext");
        let _ = pair::encrypt(*spec, public, algorithm, bytes);
        assert!(own.decrypt(algorithm, bytes).is_err(), "what nobody encrypted decrypts");
    }
    let _ = own.agree(bytes);
    let _ = own.decapsulate(bytes);
    let _ = pair::encapsulate(*spec, bytes);
    let _ = pair::sm2::digest(bytes, bytes, bytes);
}

/// Key material that comes from outside: what a token says once it is opened, wrapped material, and material of the spec
/// that the first byte selects.
pub fn imports(data: &[u8]) {
    use trent_crypto::import::token::ImportToken;
    use trent_crypto::import::{Material, unwrap};
    use trent_crypto::spec::{Wrapping, WrappingAlgorithm, WrappingKeySpec};
    use trent_names::Partition;

    static WRAPPING_KEYS: LazyLock<[(WrappingKeySpec, PrivateKey); 2]> = LazyLock::new(|| {
        [WrappingKeySpec::Rsa2048, WrappingKeySpec::Sm2]
            .map(|spec| (spec, PrivateKey::generate(spec.key_spec()).expect("a pair")))
    });
    if let Some(token) = ImportToken::parse(data) {
        assert_eq!(token.encode().expose(), data, "a token is written as it was read");
    }
    for (spec, key) in &*WRAPPING_KEYS {
        for &algorithm in WrappingAlgorithm::ALL {
            let wrapping = Wrapping { algorithm, spec: *spec };
            assert!(unwrap(wrapping, key, data).is_err(), "what nobody wrapped unwraps");
        }
    }
    let Some((selector, bytes)) = data.split_first() else {
        return;
    };
    let spec = KeySpec::ALL[usize::from(*selector) % KeySpec::ALL.len()];
    // Every importable spec is offered there.
    let read = |bytes: &[u8]| Material::read(spec, Partition::AwsCn, &bytes.to_vec().into());
    if let Ok(material) = read(bytes) {
        let again = read(material.bytes().expose()).expect("what is kept can be read");
        assert_eq!(again.public_key(), material.public_key());
    }
}

/// A name of any kind.
pub fn names(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(reference) = KeyReference::parse(text) {
        let written = match reference {
            KeyReference::KeyId(id) => id.to_string(),
            KeyReference::KeyArn(arn) => arn.to_string(),
            KeyReference::AliasName(name) => name.as_str().to_owned(),
            KeyReference::AliasArn(arn) => arn.to_string(),
        };
        assert_eq!(written, text);
    }
    let same = |written: String| assert_eq!(written, text);
    let _ = Arn::parse(text).map(|arn| same(arn.to_string()));
    let _ = KeyArn::parse(text).map(|arn| same(arn.to_string()));
    let _ = AliasArn::parse(text).map(|arn| same(arn.to_string()));
    let _ = PrincipalArn::parse(text).map(|arn| same(arn.to_string()));
    let _ = AccountId::parse(text).map(|id| same(id.to_string()));
    let _ = Region::parse(text).map(|region| same(region.to_string()));
    let _ = AliasName::parse(text).map(|name| same(name.as_str().to_owned()));
}

/// A sealed record, the plain encoding of one, or a backup.
pub fn records(data: &[u8]) {
    use trent_crypto::record::Class;

    let keyring = Keyring::generate(&SystemRandomness).expect("a keyring");
    let sealer = keyring.record_sealer();
    let _ = sealer.peek(data);
    for class in Class::ALL {
        assert!(
            sealer.open(class, b"key", data).is_err(),
            "bytes that nobody sealed open"
        );
    }
    let _ = minicbor::decode::<AccountRecord>(data);
    let _ = minicbor::decode::<AccessKeyRecord>(data);
    let _ = minicbor::decode::<UserRecord>(data);
    let _ = minicbor::decode::<GroupRecord>(data);
    let _ = minicbor::decode::<RoleRecord>(data);
    let _ = minicbor::decode::<PolicyRecord>(data);
    let _ = minicbor::decode::<ProviderRecord>(data);
    let _ = minicbor::decode::<OrganizationRecord>(data);
    let _ = minicbor::decode::<UnitRecord>(data);
    let _ = minicbor::decode::<ControlPolicyRecord>(data);
    let _ = trent_store::backup::verify(&mut &*data);
}

/// What is in a session token once it is opened, and names and ARNs as IAM has them.
pub fn sessions(data: &[u8]) {
    let _ = trent_identity::session::is_content(data);
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(id) = trent_identity::UniqueId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    let _ = trent_identity::rules::PolicyArn::parse(text);
    let _ = trent_identity::rules::provider_name(text);
    let _ = trent_identity::rules::tag_key(text);
}

/// What is in a forward-access token once it is opened, the headers that services send (a request as `sigv4` has it),
/// and their names.
pub fn services(data: &[u8]) {
    use trent_identity::services::{headers, is_content, registration::ServiceRecord};

    let _ = is_content(data);
    let _ = minicbor::decode::<ServiceRecord>(data);
    with_request(data, |request| {
        assert!(
            headers::are_in(request) || headers::are_legible(request),
            "no header cannot be wrong"
        );
    });
    let Ok(text) = str::from_utf8(data) else { return };
    let known = trent_names::is_known_via_service(text);
    assert!(!known || text.ends_with(".amazonaws.com"));
    let _ = trent_names::ServicePrincipal::parse(text).map(|name| assert_eq!(name.as_str(), text));
}

/// An identity token, and the keys of an issuer.
pub fn identity_tokens(data: &[u8]) {
    use trent_identity::web_identity::{KeySet, Token};

    let Ok(text) = str::from_utf8(data) else { return };
    let _ = KeySet::parse(text);
    if let Ok(token) = Token::parse(text) {
        assert_eq!(text.split('.').count(), 3);
        assert!(text.len() <= 20_000 && token.issuer().len() < text.len());
    }
}

/// An attestation document: a whole message, what stands in one, a certificate of its chain, and the recipient's key.
pub fn attestation(data: &[u8]) {
    use trent_attestation::{RecipientKey, Roots, verify};

    // The roots check their own signatures, so one set serves them all.
    static ROOTS: std::sync::LazyLock<Roots> = std::sync::LazyLock::new(Roots::default);
    let now = Duration::from_hours(490_896);
    assert!(
        verify(data, &ROOTS, now).is_err(),
        "a document that nobody signed is believed"
    );
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let payload = &data[..usize::from(length)];
    let mut message = b"\x84\x44\xa1\x01\x38\x22\xa0\x59".to_vec();
    message.extend(length.to_be_bytes());
    message.extend(payload);
    message.extend([0x58, 96]);
    message.extend([1; 96]);
    assert!(
        verify(&message, &ROOTS, now).is_err(),
        "a document that nobody signed is believed"
    );
    // Nobody has the key of a root that the fuzzer makes up, but it may find a real one.
    let _ = ROOTS.clone().and(data.to_vec());
    if let Ok(key) = RecipientKey::parse(data) {
        assert!(key.seal(b"x").is_ok(), "a key that was accepted seals nothing");
    }
}

/// A bootstrap or seed file; the policies that stand in files of their own are the declaration itself.
pub fn declarations(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let files = |_: &str| Ok(text.to_owned());
    for error in [Bootstrap::parse(text, &files).err(), Seed::parse(text, &files).err()]
        .into_iter()
        .flatten()
    {
        assert!(!error.to_string().is_empty());
    }
}

/// The document of a policy, of any kind. What is accepted is decided, and a denial is never forgotten.
pub fn policies(data: &[u8]) {
    use trent_policy::{
        Action, Attached, NoContext, Outcome, Policies, Policy, PolicyKind, Principal, Request, Resource, Rules,
        decide, explain,
    };

    let Ok(text) = str::from_utf8(data) else { return };
    let arn = PrincipalArn::parse("arn:aws:iam::111122223333:user/Alice").expect("a user");
    let action = Action::new("kms:Decrypt");
    for kind in PolicyKind::ALL {
        let policy = match Policy::parse(text, kind, &Rules::STORED) {
            Ok(policy) => policy,
            Err(error) => {
                assert!(!error.service_message(kind).is_empty());
                assert!(
                    Policy::parse(text, kind, &Rules::SCENARIO).is_err(),
                    "writing is stricter than reading"
                );
                continue;
            }
        };
        let attached = [Attached {
            name: "fuzzed",
            policy: &policy,
        }];
        for principal in [Principal::User { arn: &arn, id: None }, Principal::Anonymous] {
            let request = Request {
                principal,
                action: &action,
                resource: Resource::Key {
                    arn: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                    account: arn.account(),
                },
                cross_account: true,
            };
            let policies = Policies {
                identity: &attached,
                resource: Some(attached[0]),
                ..Policies::default()
            };
            let decision = decide(&request, &policies, &NoContext);
            let (explained, trace) = explain(&request, &policies, &NoContext);
            assert_eq!(decision.outcome, explained.outcome, "explaining decides the same");
            let denied = trace
                .statements
                .iter()
                .any(|it| it.statement.effect().as_str() == "Deny");
            assert_eq!(denied, decision.outcome == Outcome::ExplicitDeny);
        }
    }
}

/// A scenario.
pub fn scenarios(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let line = trent_policy::simulate(text, &trent_policy::Surroundings::default());
    assert!(!line.contains('\n') && line.starts_with('{'), "one line of JSON");
}
