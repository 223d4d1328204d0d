use proptest::prelude::*;

use super::*;

fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    pairs.iter().copied().collect()
}

/// KEY-130
#[test]
fn an_empty_context_is_none() {
    let empty: BTreeMap<String, String> = BTreeMap::new();
    assert_eq!(EncryptionContext::from(&empty), EncryptionContext::none());
    assert_eq!(context(&[]), EncryptionContext::none());
    assert!(EncryptionContext::none().canonical().is_empty());
}

#[test]
fn each_text_follows_its_length() {
    let expected = b"\0\0\0\x01a\0\0\0\x02xy\0\0\0\x01b\0\0\0\0";
    assert_eq!(context(&[("b", ""), ("a", "xy")]).canonical(), expected);
}

/// The order is that of UTF-8 bytes: UTF-16 would put U+10000 before U+FFFF.
#[test]
fn keys_are_in_the_order_of_their_utf_8_bytes() {
    let canonical = context(&[("\u{10000}", ""), ("\u{ffff}", "")]);
    let first = "\u{ffff}".as_bytes();
    assert_eq!(&canonical.canonical()[4..4 + first.len()], first);
}

/// KEY-133
#[test]
fn texts_are_not_normalized() {
    let composed = context(&[("k", "\u{e9}")]);
    let decomposed = context(&[("k", "e\u{301}")]);
    assert_ne!(composed, decomposed);
    let canonical = composed.canonical();
    assert!(canonical.ends_with("\u{e9}".as_bytes()));
}

#[test]
fn of_two_pairs_with_one_key_the_later_wins() {
    assert_eq!(context(&[("a", "1"), ("a", "2")]), context(&[("a", "2")]));
}

/// Texts over a small alphabet, zero bytes included, so that frames could be confused if they were ambiguous.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["[\u{0}\u{1}\u{2}ab]{0,4}", any::<String>(),]
}

fn maps() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(texts(), texts(), 0..5)
}

/// Reads the canonical form back, which is possible only if it is unambiguous.
fn read_back(mut bytes: &[u8]) -> BTreeMap<String, String> {
    let mut texts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (text, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        texts.push(String::from_utf8(text.to_vec()).expect("UTF-8"));
        bytes = rest;
    }
    assert!(bytes.is_empty());
    texts.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

proptest! {
    /// KEY-129
    #[test]
    fn the_order_of_pairs_is_irrelevant(
        pairs in maps().prop_map(Vec::from_iter).prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle()))
    ) {
        let (sorted, shuffled) = pairs;
        let sorted: EncryptionContext = sorted.into_iter().collect();
        let shuffled: EncryptionContext = shuffled.into_iter().collect();
        prop_assert_eq!(sorted, shuffled);
    }

    /// KEY-129
    #[test]
    fn the_canonical_form_is_unambiguous(pairs in maps()) {
        let canonical = EncryptionContext::from(&pairs);
        prop_assert_eq!(read_back(canonical.canonical()), pairs);
    }
}
