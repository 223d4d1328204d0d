use super::*;

/// NIST CAVP vectors for HMAC-SHA-256 in counter mode, 32-bit counter before the fixed input: a cut block, a whole block,
/// and more than one block.
const CAVP: [(&str, &str, &str); 4] = [
    (
        "dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0",
        "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b8\
         64a145fab25e517b08f8683d0315bb2911d80a0e8aba17f3b413faac",
        "10621342bfb0fd40046c0e29f2cfdbf0",
    ),
    (
        "dc60338d884eecb72975c603c27b360605011756c697c4fc388f5176ef81efb1",
        "44d7aa08feba26093c14979c122c2437c3117b63b78841cd10a4bc5ed55c5658\
         6ad8986d55307dca1d198edcffbc516a8fbe6152aa428cdd800c062d",
        "29ac07dccf1f28d506cd623e6e3fc2fa255bd60b",
    ),
    (
        "e204d6d466aad507ffaf6d6dab0a5b26152c9e21e764370464e360c8fbc765c6",
        "7b03b98d9f94b899e591f3ef264b71b193fba7043c7e953cde23bc5384bc1a62\
         93580115fae3495fd845dadbd02bd6455cf48d0f62b33e62364a3a80",
        "770dfab6a6a4a4bee0257ff335213f78d8287b4fd537d5c1fffa956910e7c779",
    ),
    (
        "c4bedbddb66493e7c7259a3bbbc25f8c7e0ca7fe284d92d431d9cd99a0d214ac",
        "1c69c54766791e315c2cc5c47ecd3ffab87d0d273dd920e70955814c220eacac\
         e6a5946542da3dfe24ff626b4897898cafb7db83bdff3c14fa46fd4b",
        "1da47638d6c9c4d04d74d4640bbd42ab814d9e8cc22f4326695239f96b0693f1\
         2d0dd1152cf44430",
    ),
];

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).expect("hexadecimal")
}

fn key(fill: u8) -> Key256 {
    Key256::new([fill; 32])
}

#[test]
fn the_function_gives_the_published_outputs() {
    for (secret, fixed, expected) in CAVP {
        let secret = Key256::from_slice(&bytes(secret)).expect("256 bits");
        let mut output = vec![0; expected.len() / 2];
        counter_mode(secret.expose(), &bytes(fixed), &mut output);
        assert_eq!(hex::encode(output), expected);
    }
}

#[test]
fn the_fixed_input_is_label_zero_framed_context_and_length_in_bits() {
    let mut expected = b"label\0".to_vec();
    expected.extend_from_slice(&[0, 3]);
    expected.extend_from_slice(b"one");
    expected.extend_from_slice(&[0, 0]);
    expected.extend_from_slice(&[0, 5]);
    expected.extend_from_slice(b"three");
    expected.extend_from_slice(&[0, 0, 2, 0]);
    let mut output = [0; 64];
    counter_mode(key(1).expose(), &expected, &mut output);
    let context: [&[u8]; 3] = [b"one", b"", b"three"];
    assert_eq!(*derive::<64>(&key(1), "label", &context), output);
}

#[test]
fn both_forms_of_the_key_derive_the_same() {
    let context: [&[u8]; 2] = [b"salt", &[9; 300]];
    let once = derive_key(&key(1), "label", &context);
    let kept = DerivationKey::new(&key(1)).derive_key("label", &context);
    assert_eq!(once.expose(), kept.expose());
    assert_eq!(*derive::<32>(&key(1), "label", &context), *once.expose());
}

#[test]
fn every_part_of_the_input_changes_the_output() {
    let base = derive_key(&key(1), "label", &[b"ab", b"c"]);
    let variants = [
        derive_key(&key(2), "label", &[b"ab", b"c"]),
        derive_key(&key(1), "labem", &[b"ab", b"c"]),
        derive_key(&key(1), "label", &[b"a", b"bc"]),
        derive_key(&key(1), "label", &[b"abc"]),
        derive_key(&key(1), "label", &[b"c", b"ab"]),
        derive_key(&key(1), "label", &[]),
    ];
    for variant in variants {
        assert_ne!(variant.expose(), base.expose());
    }
    // The length is part of the input: a longer output does not begin with a shorter one.
    let longer = derive::<64>(&key(1), "label", &[b"ab", b"c"]);
    assert_ne!(longer[..32], base.expose()[..]);
}
