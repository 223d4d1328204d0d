use super::*;

const HEADER: &str = r#"{"trail":1,"id":"03030303-0303-0303-0303-030303030303","chain":"04040404-0404-0404-0404-040404040404","sequence":7,"after":"abababababababababababababababab","attempt":0,"mac":"a5636215d59b3c87b79bcd18f9fa2d77"}
"#;
const FIRST: &str = r#"{}
{"a":1}
{"batch":1,"chain":"04040404-0404-0404-0404-040404040404","records":2,"bytes":11,"last":9,"after":"a5636215d59b3c87b79bcd18f9fa2d77","attempt":0,"mac":"f69d6ee4c9eaaf94b0cd43e34367c3d6"}
"#;
const SECOND: &str = r#"{}
{"batch":2,"chain":"04040404-0404-0404-0404-040404040404","records":1,"bytes":3,"last":10,"after":"f69d6ee4c9eaaf94b0cd43e34367c3d6","attempt":0,"mac":"ee419698301ff619e0849a7c4c621a17"}
"#;

fn header() -> Header {
    Header {
        trail: Uuid::from_bytes([3; 16]),
        chain: Uuid::from_bytes([4; 16]),
        sequence: 7,
        after: Mac([0xab; TAG]),
    }
}

fn text(line: &[u8]) -> &str {
    std::str::from_utf8(line).expect("text")
}

/// The macs were computed apart from this code, with other implementations of HMAC and GCM.
#[test]
fn the_form_of_a_chain_is_fixed() {
    let (mut chain, line) = Chain::begin(&header(), &Key256::new([5; 32]));
    assert_eq!(text(&line), HEADER);
    let mut batch = b"{}\n{\"a\":1}\n".to_vec();
    let head = chain.seal(&mut batch, 2);
    assert_eq!(text(&batch), FIRST);
    chain.written(head);
    assert_eq!((head.batch, head.sequence), (1, 9));
    let mut batch = b"{}\n".to_vec();
    chain.seal(&mut batch, 1);
    assert_eq!(text(&batch), SECOND);
}

#[test]
fn a_batch_that_was_not_written_is_replaced_under_another_nonce() {
    let (mut chain, _) = Chain::begin(&header(), &Key256::new([5; 32]));
    let (mut lost, mut written) = (b"{\"lost\":1}\n".to_vec(), b"{}\n{\"a\":1}\n".to_vec());
    chain.seal(&mut lost, 1);
    chain.seal(&mut written, 2);
    assert!(text(&lost).contains(",\"attempt\":0,"));
    assert!(text(&written).contains("{\"batch\":1,"));
    assert!(text(&written).contains(",\"attempt\":1,"));
    assert_ne!(text(&written), FIRST);
}

#[test]
fn lines_read_back_as_they_were_written() {
    let (mut chain, line) = Chain::begin(&header(), &Key256::new([5; 32]));
    let line = line.strip_suffix(b"\n").expect("a line");
    assert!(matches!(Line::parse(line), Ok(Line::Header(read, seal))
        if read == header() && seal.tag.tag == chain.head().mac.0 && line.starts_with(seal.text)));
    let mut batch = Vec::new();
    let head = chain.seal(&mut batch, 0);
    let line = batch.strip_suffix(b"\n").expect("a line");
    let expected = BatchLine {
        batch: 1,
        chain: header().chain,
        records: 0,
        bytes: 0,
        last: 7,
        after: chain.head().mac,
    };
    assert!(matches!(Line::parse(line), Ok(Line::Batch(read, seal))
        if read == expected && seal.tag.tag == head.mac.0 && line.starts_with(seal.text)));
    assert!(matches!(Line::parse(b"{\"eventVersion\":1}"), Ok(Line::Record(_))));
}

#[test]
fn only_one_spelling_of_a_line_is_accepted() {
    let line = SECOND.lines().last().expect("a line");
    for other in [
        line.replace("\"batch\":2", "\"batch\":02"),
        line.replace("\"batch\":2", "\"batch\": 2"),
        line.replace("\"batch\":2", "\"batch\":+2"),
        line.replace("\"batch\":2", "\"batch\":"),
        line.replace("\"batch\":2", "\"batch\":18446744073709551616"),
        line.replace("\"batch\":2", "\"batch\":2,\"other\":1"),
        line.replace("0404", "{0404"),
        format!("{line} "),
        HEADER.trim_end().replace("03030303-0303", "0303030303-03"),
        HEADER.trim_end().replace("\"after\":\"ab", "\"after\":\"AB"),
    ] {
        assert_eq!(
            Line::parse(other.as_bytes()).map(|_| ()).expect_err("another spelling"),
            LineError::Malformed,
            "{other}"
        );
    }
}

#[test]
fn a_header_names_its_format() {
    assert_eq!(format_of(HEADER.as_bytes()), Some(1));
    assert_eq!(format_of(b"{\"trail\":2,\"other\":7}"), Some(2));
    assert_eq!(format_of(b"{\"seq\":1}"), None);
}
