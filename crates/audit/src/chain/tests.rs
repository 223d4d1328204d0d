use super::*;

fn chain(events: &[&[u8]]) -> (Head, Vec<Vec<u8>>) {
    let (_, genesis) = begin(Uuid::nil());
    let mut head = genesis;
    let lines = events.iter().map(|event| {
        let mut line = Vec::new();
        head = head.extend(event, &mut line);
        assert_eq!(line.pop(), Some(b'\n'));
        line
    });
    (genesis, lines.collect())
}

fn walk(mut head: Head, lines: &[Vec<u8>]) -> Result<Head, (usize, LineError)> {
    for (index, line) in lines.iter().enumerate() {
        head.follow(line).map_err(|error| (index, error))?;
    }
    Ok(head)
}

#[test]
fn a_chain_follows_itself() {
    let (genesis, lines) = chain(&[b"{}", b"{\"a\":1}", b"{}"]);
    assert_eq!(walk(genesis, &lines).expect("intact").sequence, 3);
    assert_eq!(Line::parse(&lines[1]).expect("a line").event, b"{\"a\":1}");
}

/// The hashes were computed apart from this code, with another implementation of SHA-256.
#[test]
fn the_form_of_a_line_is_fixed() {
    let (_, lines) = chain(&[b"{}"]);
    assert_eq!(
        String::from_utf8(lines[0].clone()).expect("UTF-8"),
        "{\"seq\":1,\"prev\":\"010ae2a57a98fee519ba5ffc2def19577fcb637a394133d5dce72a8de2710aa7\",\
         \"hash\":\"b5eed5999a0cd586f1e848f98cfe0a2a121a41ef7b70460b96a6e8e1e784fd6d\",\"event\":{}}"
    );
}

#[test]
fn any_flipped_bit_of_any_line_is_found_there() {
    let (genesis, lines) = chain(&[b"{\"a\":\"first\"}", b"{\"b\":2}", b"{}"]);
    for index in 0..lines.len() {
        for position in 0..lines[index].len() {
            for bit in 0..8 {
                let mut altered = lines.clone();
                altered[index][position] ^= 1 << bit;
                let (found, _) = walk(genesis, &altered).expect_err("altered");
                assert_eq!(found, index, "byte {position} bit {bit}");
            }
        }
    }
}

#[test]
fn removed_repeated_and_reordered_lines_are_found() {
    let (genesis, lines) = chain(&[b"{\"n\":1}", b"{\"n\":2}", b"{\"n\":3}"]);
    let with = |order: &[usize]| walk(genesis, &order.iter().map(|at| lines[*at].clone()).collect::<Vec<_>>());
    let out = |expected, found| LineError::OutOfSequence { expected, found };
    assert_eq!(with(&[1, 2]), Err((0, out(1, 2))));
    assert_eq!(with(&[0, 2]), Err((1, out(2, 3))));
    assert_eq!(with(&[0, 2, 1]), Err((1, out(2, 3))));
    assert_eq!(with(&[0, 1, 1]), Err((2, out(3, 2))));
}

#[test]
fn a_line_of_another_chain_does_not_fit() {
    let (genesis, lines) = chain(&[b"{\"n\":1}", b"{\"n\":2}"]);
    let (_, others) = chain(&[b"{\"n\":0}", b"{\"n\":2}"]);
    assert_eq!(
        walk(genesis, &[lines[0].clone(), others[1].clone()]),
        Err((1, LineError::Unlinked))
    );
    // Renumbering and relinking it without its hash does not help.
    let forged = String::from_utf8(others[1].clone()).expect("UTF-8");
    let own = String::from_utf8(lines[1].clone()).expect("UTF-8");
    let forged = format!(
        "{}{}",
        &own[..own.find("\"hash\"").expect("there")],
        &forged[forged.find("\"hash\"").expect("there")..]
    );
    assert_eq!(
        walk(genesis, &[lines[0].clone(), forged.into_bytes()]),
        Err((1, LineError::Altered))
    );
}

#[test]
fn only_one_spelling_of_a_line_is_accepted() {
    let (_, lines) = chain(&[b"{}"]);
    let line = String::from_utf8(lines[0].clone()).expect("UTF-8");
    for other in [
        line.replace("\"seq\":1", "\"seq\":01"),
        line.replace("\"seq\":1", "\"seq\": 1"),
        line.replace("\"seq\":1", "\"seq\":+1"),
        line.replace("\"seq\":1", "\"seq\":"),
        line.replace("\"seq\":1", "\"seq\":18446744073709551616"),
        line.to_uppercase(),
        format!("{line} "),
        String::new(),
    ] {
        assert_eq!(
            Line::parse(other.as_bytes()).map(|_| ()),
            Err(LineError::Malformed),
            "{other}"
        );
    }
}

#[test]
fn a_header_names_its_format_and_chain() {
    let id = Uuid::from_bytes([3; 16]);
    let (header, _) = begin(id);
    assert_eq!(parse_header(header.trim_ascii_end()), Ok(id));
    assert_eq!(parse_header(b"{\"trail\":2,\"other\":7}"), Err(Some(2)));
    assert_eq!(parse_header(b"{\"seq\":1}"), Err(None));
}
