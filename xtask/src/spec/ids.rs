//! Finds requirement ids in a line of text.

use std::collections::BTreeSet;

const FAMILIES: [&str; 7] = ["KEY", "MON", "POL", "AUTHZ", "SPK", "CKS", "REF"];

/// A range that spans more is taken for its two ends.
const WIDEST_RANGE: u32 = 10;

/// Every id in the line, those inside ranges (`KEY-12..KEY-19`, `KEY-12 to 19`) included.
pub(super) fn in_line(line: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = line;
    while let Some((family, number, behind)) = next_id(line, rest) {
        found.insert(format!("{family}-{number}"));
        if let (Some(last), Ok(first)) = (range_end(behind), number.parse::<u32>())
            && (1..WIDEST_RANGE).contains(&last.saturating_sub(first))
        {
            found.extend((first..=last).map(|number| format!("{family}-{number}")));
        }
        rest = behind;
    }
    found
}

/// The first id in `rest`, which ends `line`, and what stands behind it.
fn next_id<'l>(line: &'l str, rest: &'l str) -> Option<(&'static str, &'l str, &'l str)> {
    let offset = line.len() - rest.len();
    (offset..line.len())
        .filter(|&at| line.is_char_boundary(at))
        .find_map(|at| {
            let inside_word = line[..at].chars().next_back().is_some_and(is_word);
            if inside_word { None } else { id_at(&line[at..]) }
        })
}

fn id_at(text: &str) -> Option<(&'static str, &str, &str)> {
    FAMILIES.into_iter().find_map(|family| {
        let (number, behind) = number_at(text.strip_prefix(family)?.strip_prefix('-')?)?;
        (!behind.starts_with(is_word)).then_some((family, number, behind))
    })
}

fn number_at(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The last number of a range, if what stands behind its first id makes one.
fn range_end(behind: &str) -> Option<u32> {
    let behind = behind.trim_start();
    let last = ["..=", "..", "–", "to"]
        .into_iter()
        .find_map(|sign| behind.strip_prefix(sign))?
        .trim_start();
    let last = FAMILIES
        .into_iter()
        .find_map(|family| last.strip_prefix(family)?.strip_prefix('-'))
        .unwrap_or(last);
    let (number, rest) = number_at(last)?;
    if rest.starts_with(is_word) {
        None
    } else {
        number.parse().ok()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    // Written apart, so that this file cites nothing.
    fn ids(text: &str) -> Vec<String> {
        in_line(&text.replace('~', "-"))
            .into_iter()
            .map(|id| id.replace('-', "~"))
            .collect()
    }

    #[test]
    fn ids_are_whole_words() {
        assert_eq!(ids("KEY~12, AUTHZ~3."), ["AUTHZ~3", "KEY~12"]);
        assert!(ids("MONKEY~1 KEY~1a KEY~ KEY_1 key~1").is_empty());
    }

    #[test]
    fn ranges_hold_what_lies_between() {
        let expected = ["KEY~12", "KEY~13", "KEY~14"];
        for range in [
            "KEY~12..KEY~14",
            "KEY~12..=14",
            "KEY~12 to 14",
            "KEY~12–KEY~14",
            "KEY~12 .. 14",
        ] {
            assert_eq!(ids(range), expected, "{range}");
        }
        assert_eq!(ids("KEY~10..KEY~19").len(), 10);
        assert_eq!(ids("KEY~10..KEY~20"), ["KEY~10", "KEY~20"]);
        assert_eq!(ids("KEY~14..KEY~12"), ["KEY~12", "KEY~14"]);
        assert_eq!(ids("KEY~12..14a"), ["KEY~12"]);
    }
}
