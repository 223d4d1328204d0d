//! Every way in which a message or the document in it can be wrong, each with its own error.

use trent_attestation::{AttestationError, DocumentFault, Member, Sign1Fault, verify};

use crate::believed::roots;
use crate::platform::{ES384, Item, NOW, Platform, Statement, message};

/// A change of a document.
type Change = Box<dyn Fn(Statement) -> Statement>;

fn set(name: &'static str, item: Item) -> Change {
    Box::new(move |statement| statement.with(name, item.clone()))
}

fn drop_member(name: &'static str) -> Change {
    Box::new(move |statement| statement.without(name))
}

fn text(text: &str) -> Item {
    Item::Text(text.to_owned())
}

fn register(index: i64, length: usize) -> Item {
    Item::Registers(vec![(index, vec![1; length])])
}

fn refused(name: &'static str, item: Item, fault: DocumentFault) -> (Change, DocumentFault) {
    (set(name, item), fault)
}

#[test]
fn members_that_are_wrong() {
    use DocumentFault::{Digest, DuplicateRegister, Missing, NoTime, Register, Size, Type};
    use Member::{Cabundle, Certificate, ModuleId, Nonce, Pcrs, PublicKey, Timestamp, UserData};
    let twice = Item::Registers(vec![(3, vec![1; 48]), (3, vec![1; 48])]);
    // Registers under a text, and one without a value.
    let odd = Item::Raw([b"\xa1\x61\x30\x58\x30".as_slice(), &[1; 48]].concat());
    let cases = vec![
        refused("module_id", text(""), Size(ModuleId)),
        refused("module_id", Item::Bytes(b"i-0".to_vec()), Type(ModuleId)),
        refused("module_id", Item::Null, Type(ModuleId)),
        (drop_member("module_id"), Missing(ModuleId)),
        refused("digest", text("SHA512"), Digest),
        refused("digest", text("sha384"), Digest),
        refused("digest", Item::Number(384), Type(Member::Digest)),
        (drop_member("digest"), Missing(Member::Digest)),
        refused("timestamp", Item::Number(0), NoTime),
        refused("timestamp", Item::Negative(-1), Type(Timestamp)),
        refused("timestamp", text("now"), Type(Timestamp)),
        (drop_member("timestamp"), Missing(Timestamp)),
        refused("pcrs", Item::Registers(Vec::new()), Size(Pcrs)),
        refused("pcrs", register(32, 48), Register),
        refused("pcrs", register(-1, 48), Type(Pcrs)),
        refused("pcrs", register(0, 47), Size(Pcrs)),
        refused("pcrs", register(0, 0), Size(Pcrs)),
        refused("pcrs", register(0, 65), Size(Pcrs)),
        refused("pcrs", twice, DuplicateRegister),
        refused("pcrs", odd, Type(Pcrs)),
        refused("pcrs", Item::List(vec![vec![1; 48]]), Type(Pcrs)),
        (drop_member("pcrs"), Missing(Pcrs)),
        refused("nitrotpm_pcrs", register(0, 48), DocumentFault::BothPlatforms),
        refused("certificate", Item::Bytes(Vec::new()), Size(Certificate)),
        refused("certificate", Item::Bytes(vec![0x30; 1025]), Size(Certificate)),
        refused("certificate", text("PEM"), Type(Certificate)),
        (drop_member("certificate"), Missing(Certificate)),
        refused("cabundle", Item::List(Vec::new()), Size(Cabundle)),
        refused("cabundle", Item::List(vec![Vec::new()]), Size(Cabundle)),
        refused("cabundle", Item::List(vec![vec![0x30; 1025]]), Size(Cabundle)),
        refused("cabundle", Item::Bytes(vec![0x30]), Type(Cabundle)),
        // Arrays in arrays, deeper than any stack of a parser that follows them.
        refused(
            "cabundle",
            Item::Raw([vec![0x81; 9000], vec![0xf6]].concat()),
            Type(Cabundle),
        ),
        (drop_member("cabundle"), Missing(Cabundle)),
        refused("public_key", Item::Bytes(Vec::new()), Size(PublicKey)),
        refused("public_key", Item::Bytes(vec![1; 1025]), Size(PublicKey)),
        refused("public_key", Item::Number(1), Type(PublicKey)),
        refused("user_data", Item::Bytes(vec![1; 1025]), Size(UserData)),
        refused("user_data", text("x"), Type(UserData)),
        refused("nonce", Item::Bytes(vec![1; 1025]), Size(Nonce)),
        refused("nonce", Item::Registers(Vec::new()), Type(Nonce)),
        refused("colour", text("red"), DocumentFault::UnknownMember),
    ];
    let platform = Platform::new();
    let roots = roots(&platform);
    for (at, (change, fault)) in cases.into_iter().enumerate() {
        let signed = platform.sign(&change(platform.statement(&[1])));
        let expected = AttestationError::Document(fault);
        assert_eq!(verify(&signed, &roots, NOW).map(drop), Err(expected), "case {at}");
    }
}

#[test]
fn payloads_that_are_no_documents() {
    let platform = Platform::new();
    let whole = platform.statement(&[1]);
    let mut twice = whole.clone();
    twice.0.push(whole.0[0].clone());
    let cut = |by: usize| {
        let payload = whole.encode();
        payload[..payload.len() - by].to_vec()
    };
    let cases = [
        (b"\x01".to_vec(), DocumentFault::Structure),
        (b"\xa1\x01\x01".to_vec(), DocumentFault::Structure),
        (b"\xbf".to_vec(), DocumentFault::Structure),
        // A map of more entries than there are bytes in the world.
        (
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
            DocumentFault::Structure,
        ),
        (twice.encode(), DocumentFault::Duplicate(Member::ModuleId)),
        (cut(1), DocumentFault::Type(Member::Nonce)),
        (cut(8), DocumentFault::Structure),
        ([whole.encode(), vec![0]].concat(), DocumentFault::Trailing),
    ];
    for (at, (payload, fault)) in cases.into_iter().enumerate() {
        let signed = message(None, ES384, &payload, &platform.signature(ES384, &payload));
        let expected = AttestationError::Document(fault);
        assert_eq!(
            verify(&signed, &roots(&platform), NOW).map(drop),
            Err(expected),
            "case {at}"
        );
    }
}

#[test]
fn messages_that_are_none() {
    let platform = Platform::new();
    let payload = platform.statement(&[1]).encode();
    let signature = platform.signature(ES384, &payload);
    let good = message(None, ES384, &payload, &signature);
    let under = |header: &[u8]| message(None, header, &payload, &platform.signature(header, &payload));
    let mut unprotected = good.clone();
    // The map of no headers becomes a map of one, and the bytes that follow it are its entry.
    unprotected[6] = 0xa1;
    let mut signed_otherwise = signature.clone();
    signed_otherwise.rotate_left(48);
    let cases = [
        (Vec::new(), Sign1Fault::Structure.into()),
        (b"\xf6".to_vec(), Sign1Fault::Structure.into()),
        (vec![0x81; 9000], Sign1Fault::Structure.into()),
        (good[..good.len() - 1].to_vec(), Sign1Fault::Structure.into()),
        (message(Some(17), ES384, &payload, &signature), Sign1Fault::Tag.into()),
        (under(b"\xa1\x01\x26"), Sign1Fault::Algorithm.into()),
        (under(b"\xa1\x01\x38\x23"), Sign1Fault::Algorithm.into()),
        (under(b"\xa1\x04\x38\x22"), Sign1Fault::Header.into()),
        (under(b"\xa0"), Sign1Fault::Header.into()),
        (under(b""), Sign1Fault::Header.into()),
        (under(b"\xa2\x01\x38\x22\x04\x41\x00"), Sign1Fault::Header.into()),
        (under(b"\xa1\x01\x38\x22\x00"), Sign1Fault::Header.into()),
        (unprotected, Sign1Fault::Unprotected.into()),
        (message(None, ES384, b"", &signature), Sign1Fault::PayloadSize.into()),
        (
            message(None, ES384, &vec![0; 16_385], &[0; 96]),
            Sign1Fault::PayloadSize.into(),
        ),
        (vec![0; 20_000], Sign1Fault::TooLarge.into()),
        (
            message(None, ES384, &payload, &signature[1..]),
            Sign1Fault::SignatureSize.into(),
        ),
        ([good, vec![0]].concat(), Sign1Fault::Trailing.into()),
        (
            message(None, ES384, &payload, &signed_otherwise),
            AttestationError::Signature,
        ),
        (message(None, ES384, &payload, &[0; 96]), AttestationError::Signature),
    ];
    for (at, (signed, expected)) in cases.into_iter().enumerate() {
        assert_eq!(
            verify(&signed, &roots(&platform), NOW).map(drop),
            Err(expected),
            "case {at}"
        );
    }
}

/// Any key of the platform may sign certificates of a chain, but none other a document.
#[test]
fn a_document_signed_by_another_key() {
    let (platform, another) = (Platform::new(), Platform::new());
    let payload = platform.statement(&[1]).encode();
    let signed = message(None, ES384, &payload, &another.signature(ES384, &payload));
    let expected = AttestationError::Signature;
    assert_eq!(verify(&signed, &roots(&platform), NOW).map(drop), Err(expected));
}
