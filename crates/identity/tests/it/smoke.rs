//! The fuzz targets' entry points over seeded random input: a small share of what fuzzing does, in every test run.

#[allow(unreachable_pub, reason = "in the fuzz crate it is the root of a library")]
#[path = "../../../../fuzz/src/entry.rs"]
mod entry;

use crate::wire::Wire;
use crate::world::SIGNER;

/// `SplitMix64`: the same numbers for the same seed, on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).expect("a length")).expect("below a length")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    /// Changes, drops, repeats or inserts a few bytes.
    fn mutate(&mut self, example: &[u8]) -> Vec<u8> {
        let mut bytes = example.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(5) {
                0 if !bytes.is_empty() => bytes[at] = self.byte(),
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => bytes.insert(at, self.byte()),
                _ => {
                    let to = at + self.below(bytes.len() - at + 1);
                    let repeated = bytes[at..to].to_vec();
                    bytes.splice(at..at, repeated);
                }
            }
        }
        bytes
    }

    fn noise(&mut self) -> Vec<u8> {
        (0..self.below(300)).map(|_| self.byte()).collect()
    }
}

fn feed(seed: u64, rounds: usize, examples: &[Vec<u8>], entry: fn(&[u8])) {
    let mut random = Random(seed);
    entry(&[]);
    for example in examples {
        entry(example);
    }
    for _ in 0..rounds {
        let example = &examples[random.below(examples.len())];
        entry(&random.mutate(example));
        entry(&random.noise());
    }
}

fn written(wire: &Wire) -> Vec<u8> {
    let mut bytes = format!("{} {}?{}", wire.method, wire.path, wire.query).into_bytes();
    for (name, value) in &wire.headers {
        bytes.extend_from_slice(format!("\n{name}:").as_bytes());
        bytes.extend_from_slice(value);
    }
    bytes.extend_from_slice(b"\n\n");
    bytes.extend_from_slice(&wire.body);
    bytes
}

#[test]
fn no_request_panics_or_is_let_in() {
    let examples = [
        SIGNER.in_header(Wire::kms(b"{}")),
        SIGNER.in_query(Wire::kms(b"{}"), &[("X-Amz-Expires", "60")]),
    ];
    feed(1, 5_000, &examples.map(|wire| written(&wire)), entry::sigv4);
}

#[test]
fn no_body_panics() {
    let bodies = [
        r#"{"KeyId":"alias/a","Plaintext":"AAECAw==","EncryptionContext":{"a":"b"},"GrantTokens":["t"],"DryRun":true}"#,
        r#"{"Tags":[{"TagKey":"a","TagValue":"b"}],"Description":"d","Policy":"{}","KeySpec":"SYMMETRIC_DEFAULT"}"#,
        "{}",
        "[[[[",
    ];
    let operations = u8::try_from(trent_api::kms::OPERATIONS.len()).expect("a few");
    let examples: Vec<Vec<u8>> = (0..operations)
        .flat_map(|selector| bodies.map(|body| [&[selector], body.as_bytes()].concat()))
        .collect();
    feed(2, 5_000, &examples, entry::wire);
}

#[test]
fn no_form_panics() {
    let forms = [
        "Action=TagUser&Version=2010-05-08&UserName=alice&Tags.member.1.Key=a&Tags.member.1.Value=b%20c",
        "RoleArn=arn%3Aaws%3Aiam&PolicyArns.member.1.arn=x&Tags.member.2.Key=a&DurationSeconds=900&PolicyInputList=",
        "ContextEntries.member.1.ContextKeyValues.member.1=a&ActionNames.member.10=b&MaxItems=7&OnlyAttached=true",
        "",
    ];
    let operations = trent_api::iam::OPERATIONS.len() + trent_api::sts::OPERATIONS.len();
    let operations = u8::try_from(operations).expect("a few");
    let examples: Vec<Vec<u8>> = (0..operations)
        .flat_map(|selector| forms.map(|form| [&[selector], form.as_bytes()].concat()))
        .collect();
    feed(9, 5_000, &examples, entry::forms);
}

#[test]
fn no_ciphertext_panics() {
    let examples = [0, 1, 16, 17, 114, 115, 200].map(|length| [vec![1, 1], vec![7; length]].concat());
    feed(3, 5_000, &examples, entry::ciphertext);
}

#[test]
fn no_key_signature_or_ciphertext_of_a_pair_panics_or_is_let_in() {
    use trent_crypto::pair::PrivateKey;
    use trent_crypto::spec::{KeySpec, KeyType};
    let specs = KeySpec::ALL
        .iter()
        .filter(|spec| spec.key_type() == KeyType::Asymmetric);
    let examples: Vec<Vec<u8>> = specs
        .zip(0..)
        // Keys of RSA take long to make.
        .filter(|(spec, _)| spec.modulus_len().is_none())
        .flat_map(|(&spec, selector)| {
            let key = PrivateKey::generate(spec).expect("a pair");
            let public = key.public_key().expect("a public key");
            let private = key.to_bytes().expect("a private key");
            [&public[..], private.expose()].map(|bytes| [&[selector], bytes].concat())
        })
        .collect();
    feed(13, 500, &examples, entry::pairs);
    let imported: Vec<_> = examples.iter().map(|example| example[1..].to_vec()).collect();
    feed(29, 200, &examples, entry::imports);
    feed(31, 50, &imported, entry::imports);
}

#[test]
fn names_are_written_as_they_were_read() {
    let examples = [
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "mrk-1234abcd12ab34cd56ef1234567890ab",
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "alias/orders",
        "arn:aws-cn:kms:cn-north-1:111122223333:alias/a/b",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/path/name",
        "arn:aws:sts::111122223333:assumed-role/role/session",
        "111122223333",
        "us-gov-west-1",
    ];
    feed(4, 5_000, &examples.map(|text| text.as_bytes().to_vec()), entry::names);
}

#[test]
fn no_record_or_backup_panics_or_opens() {
    let examples = [
        vec![1, 0, 0, 0, 1, 2],
        vec![1; 90],
        b"trent backup\n".to_vec(),
        vec![0xa4, 0, 0x61, b'a', 1, 2],
    ];
    feed(5, 300, &examples, entry::records);
}

#[test]
fn no_declaration_panics() {
    let examples = [
        "[[accounts]]\nid = \"111122223333\"\n[[accounts.access_keys]]\nid = \"test\"\nsecret = \"test\"\n",
        "[[keys]]\naccount = \"111122223333\"\nid = \"1234abcd-12ab-34cd-56ef-1234567890ab\"\naliases = [\"alias/a\"]\n",
        "{\"accounts\":[{\"id\":\"111122223333\"}],\"keys\":[]}",
        r#"[[accounts]]
            id = "111122223333"
            prune = true
            [[accounts.policies]]
            name = "use"
            document = { file = "use.json" }
            [[accounts.users]]
            name = "a"
            tags = { team = "x" }
            groups = ["g"]
            attached_policies = ["arn:aws:iam::111122223333:policy/use"]
            inline_policies.all = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
            access_keys = [{ id = "AKIAIOSFODNN7EXAMPLE", secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" }]"#,
        r#"[organization]
            id = "o-a1b2c3d4e5"
            root = "r-ab12"
            management_account = "111122223333"
            without_full_access = ["r-ab12"]
            [[organization.units]]
            id = "ou-ab12-11111111"
            name = "Workloads"
            [[organization.accounts]]
            id = "111122223333"
            parent = "ou-ab12-11111111"
            [[organization.service_control_policies]]
            name = "keep"
            targets = ["ou-ab12-11111111"]
            document = { Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "kms:*", Resource = "*" }] }"#,
    ];
    feed(
        6,
        2_000,
        &examples.map(|text| text.as_bytes().to_vec()),
        entry::declarations,
    );
}

#[test]
fn no_policy_or_scenario_panics() {
    let examples = [
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":["kms:D*","kms:?"],"Resource":"*",
            "Condition":{"ForAnyValue:StringLikeIfExists":{"aws:PrincipalTag/x":["${aws:username}*","a"]},
            "DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}"#,
    ];
    feed(
        10,
        2_000,
        &examples.map(|text| text.as_bytes().to_vec()),
        entry::policies,
    );
    let scenario = r#"{"id":"1","request":{"principal":"arn:aws:iam::111122223333:user/a","action":"kms:Decrypt",
        "resource":{"arn":"*","account":"111122223333"},"context":{"aws:SourceIp":"10.0.0.1"}},"identityPolicies":[]}"#;
    feed(11, 2_000, &[scenario.as_bytes().to_vec()], entry::scenarios);
}

#[test]
fn sessions() {
    let examples = [
        "AIDACKCEVSQ6C2EXAMPLE",
        "arn:aws:iam::111122223333:policy/team/x",
        "https://ci.example.com/",
        "\u{1}\u{21}\u{0}",
    ];
    feed(
        7,
        5_000,
        &examples.map(|text| text.as_bytes().to_vec()),
        entry::sessions,
    );
}

#[test]
fn no_identity_token_or_key_set_panics() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJpIiwic3ViIjoicyIsImF1ZCI6ImEiLCJleHAiOjIsImlhdCI6MX0.AAAA";
    let keys = r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#;
    assert!(trent_identity::web_identity::Token::parse(token).is_ok());
    feed(
        11,
        20_000,
        &[token.as_bytes().to_vec(), keys.as_bytes().to_vec()],
        entry::identity_tokens,
    );
}

#[test]
fn services() {
    let request = |header: &str| written(&Wire::kms(b"{}").header(header, "arn:aws:s3:::bucket"));
    let mut examples = vec![
        b"ec2.us-east-1.amazonaws.com".to_vec(),
        b"backup.example.internal".to_vec(),
        b"F\xa6\x00".to_vec(),
    ];
    examples.extend(["x-trent-source-arn", "x-trent-on-behalf-of", "x-trent-other", "x-other"].map(request));
    feed(12, 5_000, &examples, entry::services);
}

#[test]
fn no_attestation_document_panics() {
    let root = include_bytes!("../../../attestation/src/aws_nitro_enclaves_root_g1.der");
    let members = b"\xa3\x69module_id\x63i-0\x64pcrs\xa1\x00\x58\x20\x68cabundle\x81\x59\x02\x15";
    let document = [&members[..], root].concat();
    feed(13, 5_000, &[root.to_vec(), document], entry::attestation);
}
