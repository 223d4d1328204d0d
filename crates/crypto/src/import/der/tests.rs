use super::*;

#[test]
fn what_is_written_is_read() {
    for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
        let content = vec![9; length];
        let written = value(OCTET_STRING, &[&content]);
        assert_eq!(split(&written), Some((OCTET_STRING, &content[..], &[][..])), "{length}");
        assert_eq!(split(&written[..written.len() - 1]), None, "{length}");
    }
}

#[test]
fn values_are_read_in_their_order() {
    let whole = value(
        SEQUENCE,
        &[
            &value(INTEGER, &[&[0, 0x80]]),
            &value(BIT_STRING, &[&[0, 1]]),
            &value(INTEGER, &[&[0x80]]),
        ],
    );
    let mut values = Values::of_sequence(&whole).expect("a sequence");
    assert_eq!(values.next(OCTET_STRING), None);
    assert_eq!(values.unsigned(), Some(&[0x80][..]));
    assert_eq!(values.next(BIT_STRING), Some(&[0, 1][..]));
    assert!(!values.is_done());
    assert_eq!(values.unsigned(), None, "a negative number");
    assert!(values.is_done());
    assert!(Values::of_sequence(&[&whole[..], &[0]].concat()).is_none());
    assert!(Values::of_sequence(&value(OCTET_STRING, &[])).is_none());
}
