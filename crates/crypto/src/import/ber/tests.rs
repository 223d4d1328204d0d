use super::*;

fn der(ber: &[u8]) -> Option<Vec<u8>> {
    to_der(ber).map(|der| der.to_vec())
}

#[test]
fn der_stays_as_it_is() {
    for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1234] {
        let whole = super::super::der::value(0x30, &[&super::super::der::value(OCTET_STRING, &[&vec![7; length]])]);
        assert_eq!(der(&whole).as_deref(), Some(&whole[..]), "{length}");
    }
}

#[test]
fn lengths_become_the_shortest_and_strings_whole() {
    let pieces = b"\x04\x01a\x24\x80\x04\x02bc\x00\x00";
    let cases: [(&[u8], &[u8]); 6] = [
        (b"\x30\x80\x02\x01\x05\x00\x00", b"\x30\x03\x02\x01\x05"),
        (b"\x30\x81\x03\x02\x01\x05", b"\x30\x03\x02\x01\x05"),
        (b"\x30\x84\x00\x00\x00\x03\x02\x01\x05", b"\x30\x03\x02\x01\x05"),
        (&[&b"\x24\x80"[..], pieces, b"\x00\x00"].concat(), b"\x04\x03abc"),
        (b"\x23\x08\x03\x02\x00a\x03\x02\x00b", b"\x03\x03\x00ab"),
        (b"\xa0\x80\x04\x00\x00\x00", b"\xa0\x02\x04\x00"),
    ];
    for (ber, expected) in cases {
        assert_eq!(der(ber).as_deref(), Some(expected), "{ber:02x?}");
    }
}

#[test]
fn values_nest_as_deep_as_they_may_and_no_deeper() {
    let nested = |depth: usize| [[0x30, 0x80].repeat(depth), [0, 0].repeat(depth)].concat();
    assert!(to_der(&nested(DEPTH)).is_some());
    assert!(to_der(&nested(DEPTH + 1)).is_none());
}

#[test]
fn what_is_no_single_value_is_refused() {
    let deep = [0x30, 0x80].repeat(DEPTH + 1);
    let cases: [&[u8]; 15] = [
        b"",
        b"\x30",
        b"\x30\x01",
        b"\x30\x80",
        b"\x30\x80\x00",
        b"\x00\x00",
        b"\x02\x80\x01\x00\x00",
        b"\x02\x01\x05\x00",
        b"\x1f\x81\x00\x00",
        b"\x04\x89\x01\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x24\x03\x02\x01\x05",
        b"\x23\x03\x03\x01\x01",
        b"\x24\x04\x04\x01a\x00",
        b"\x30\x02\x23\x00",
        &deep,
    ];
    for ber in cases {
        assert_eq!(der(ber), None, "{ber:02x?}");
    }
}

/// Private keys stand in the buffer: one that grows leaves a copy behind that nobody wipes.
#[test]
fn the_buffer_is_never_outgrown() {
    let pieces = [b"\x24\x80\x04\x82\xff\xf0", &vec![7; 0xfff0][..], b"\0\0"].concat();
    let joined = to_der(&pieces).expect("one string");
    assert_eq!(joined.len(), 0xfff4);
    assert_eq!(joined.capacity(), pieces.len());
    let whole = [b"\x04\x82\xff\xfb", &vec![7; LONGEST - 4][..]].concat();
    assert!(to_der(&whole).is_some());
    let longer = [b"\x04\x82\xff\xfc", &vec![7; LONGEST - 3][..]].concat();
    assert!(to_der(&longer).is_none());
}
