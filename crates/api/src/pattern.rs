//! The regular expressions of the interface model, as small static programs.
//!
//! A model has a handful of simple expressions. `cargo xtask model` parses them once and writes the outcome down as
//! tables, so the hot path needs neither a regular-expression engine nor a lazily compiled anything.

/// A regular expression that a whole text has to match.
#[derive(Debug)]
pub struct Pattern {
    /// The expression as the model and the messages spell it.
    pub source: &'static str,
    /// Alternatives, of which one must match the whole text.
    pub alternatives: &'static [Sequence],
}

/// Pieces, one after the other.
pub type Sequence = &'static [Piece];

/// A piece of an expression, repeated.
#[derive(Debug)]
pub struct Piece {
    atom: Atom,
    min: u32,
    max: u32,
}

/// As many repetitions as there are.
pub const UNBOUNDED: u32 = u32::MAX;

#[derive(Debug)]
enum Atom {
    /// A character of a set: a bit for each ASCII character, and inclusive ranges of others, sorted and apart.
    Class(u128, &'static [(char, char)]),
    /// One of several sequences.
    Group(&'static [Sequence]),
    /// Just this text.
    Literal(&'static str),
    /// Nothing, where none of these sequences follows.
    NotBefore(&'static [Sequence]),
}

/// A class of characters: `ascii` holds the first and the last of each range, one after the other.
pub const fn class(ascii: &str, beyond: &'static [(char, char)], min: u32, max: u32) -> Piece {
    let pairs = ascii.as_bytes();
    let mut set = 0u128;
    let mut at = 0;
    while at + 1 < pairs.len() {
        let mut character = pairs[at];
        while character <= pairs[at + 1] {
            set |= 1 << character;
            character += 1;
        }
        at += 2;
    }
    Piece {
        atom: Atom::Class(set, beyond),
        min,
        max,
    }
}

/// Plain characters, once.
pub const fn literal(text: &'static str) -> Piece {
    Piece {
        atom: Atom::Literal(text),
        min: 1,
        max: 1,
    }
}

/// Alternatives in parentheses.
pub const fn group(alternatives: &'static [Sequence], min: u32, max: u32) -> Piece {
    Piece {
        atom: Atom::Group(alternatives),
        min,
        max,
    }
}

/// What must not follow.
pub const fn not_before(alternatives: &'static [Sequence]) -> Piece {
    Piece {
        atom: Atom::NotBefore(alternatives),
        min: 1,
        max: 1,
    }
}

/// Backtracking stops here and the text is refused: no text of a modelled length comes near.
const STEPS: usize = 1 << 20;

impl Pattern {
    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let mut steps = STEPS;
        self.alternatives
            .iter()
            .any(|sequence| sequence_matches(sequence, text, &mut steps, &mut |rest, _| rest.is_empty()))
    }
}

/// So do groups, whose repetitions nest: with so many of them, a text is longer than any model allows.
const REPETITIONS: u32 = 512;

/// What has to match behind a piece.
type Continuation<'c> = &'c mut dyn FnMut(&str, &mut usize) -> bool;

fn sequence_matches(sequence: &[Piece], text: &str, steps: &mut usize, then: Continuation<'_>) -> bool {
    let Some((piece, behind)) = sequence.split_first() else {
        return then(text, steps);
    };
    match piece.atom {
        Atom::Class(ascii, beyond) => {
            let within = |c: char| {
                if c.is_ascii() {
                    ascii >> u32::from(c) & 1 == 1
                } else {
                    let after = beyond.partition_point(|&(low, _)| low <= c);
                    after > 0 && c <= beyond[after - 1].1
                }
            };
            class_matches(&within, piece, text, steps, &mut |rest, steps| {
                sequence_matches(behind, rest, steps, then)
            })
        }
        Atom::Literal(literal) => text
            .strip_prefix(literal)
            .is_some_and(|rest| sequence_matches(behind, rest, steps, then)),
        Atom::NotBefore(alternatives) => {
            let follows = alternatives
                .iter()
                .any(|sequence| sequence_matches(sequence, text, steps, &mut |_, _| true));
            !follows && sequence_matches(behind, text, steps, then)
        }
        Atom::Group(alternatives) => group_matches(alternatives, piece, 0, text, steps, &mut |rest, steps| {
            sequence_matches(behind, rest, steps, then)
        }),
    }
}

/// Takes as many characters as it may, then gives them back one by one.
fn class_matches(
    within: &dyn Fn(char) -> bool,
    piece: &Piece,
    text: &str,
    steps: &mut usize,
    then: Continuation<'_>,
) -> bool {
    let (least, most) = (piece.min as usize, piece.max as usize);
    let mut count = 0;
    let mut end = 0;
    for c in text.chars().take(most).take_while(|&c| within(c)) {
        count += 1;
        end += c.len_utf8();
    }
    while count >= least {
        if !spend(steps) {
            return false;
        }
        if then(&text[end..], steps) {
            return true;
        }
        match text[..end].chars().next_back() {
            Some(given_back) => end -= given_back.len_utf8(),
            None => return false,
        }
        count -= 1;
    }
    false
}

fn group_matches(
    alternatives: &'static [Sequence],
    piece: &Piece,
    done: u32,
    text: &str,
    steps: &mut usize,
    then: Continuation<'_>,
) -> bool {
    if !spend(steps) {
        return false;
    }
    if done < piece.max.min(REPETITIONS) {
        for sequence in alternatives {
            let again = &mut |rest: &str, steps: &mut usize| {
                // A repetition that took nothing would go on for ever.
                rest.len() < text.len() && group_matches(alternatives, piece, done + 1, rest, steps, then)
            };
            if sequence_matches(sequence, text, steps, again) {
                return true;
            }
        }
    }
    done >= piece.min && then(text, steps)
}

fn spend(steps: &mut usize) -> bool {
    *steps = steps.saturating_sub(1);
    *steps > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGION: Pattern = Pattern {
        source: "^([a-z]+-){2,3}\\d+$",
        alternatives: &[&[
            group(&[&[class("az", &[], 1, UNBOUNDED), literal("-")]], 2, 3),
            class("09", &[], 1, UNBOUNDED),
        ]],
    };

    #[test]
    fn groups_repeat_within_their_bounds() {
        for right in ["us-east-1", "us-gov-west-12"] {
            assert!(REGION.matches(right), "{right}");
        }
        for wrong in [
            "",
            "us-1",
            "us-east-",
            "a-b-c-d-1",
            "us-east-1a",
            "US-east-1",
            "us--east-1",
            " us-east-1",
        ] {
            assert!(!REGION.matches(wrong), "{wrong}");
        }
    }

    const HOST: Pattern = Pattern {
        source: "[a-z.]+\\.com|x?",
        alternatives: &[
            &[class("az..", &[], 1, UNBOUNDED), literal(".com")],
            &[class("xx", &[], 0, 1)],
        ],
    };

    #[test]
    fn a_run_gives_back_what_the_rest_needs() {
        for right in ["a.com", "a.com.com", "x", ""] {
            assert!(HOST.matches(right), "{right}");
        }
        for wrong in [".com", "a.com.", "xx"] {
            assert!(!HOST.matches(wrong), "{wrong}");
        }
    }

    const LATIN: Pattern = Pattern {
        source: "[\\u0020-\\u00FF]*",
        alternatives: &[&[class(" \u{7f}", &[('\u{80}', '\u{ff}')], 0, UNBOUNDED)]],
    };

    #[test]
    fn characters_beyond_ascii_have_ranges() {
        assert!(LATIN.matches("plain and ÿ"));
        assert!(!LATIN.matches("Ā"));
        assert!(!LATIN.matches("\u{1f}"));
    }

    const ALIAS: Pattern = Pattern {
        source: "[a-z]([a-z]|-(?!-)){1,3}[a-z]",
        alternatives: &[&[
            class("az", &[], 1, 1),
            group(
                &[
                    &[class("az", &[], 1, 1)],
                    &[literal("-"), not_before(&[&[literal("-")]])],
                ],
                1,
                3,
            ),
            class("az", &[], 1, 1),
        ]],
    };

    #[test]
    fn a_lookahead_takes_nothing() {
        for right in ["a-b", "abc", "a-b-c"] {
            assert!(ALIAS.matches(right), "{right}");
        }
        for wrong in ["a--b", "-ab", "ab-", "a-"] {
            assert!(!ALIAS.matches(wrong), "{wrong}");
        }
    }

    #[test]
    fn every_script_has_letters() {
        let tag = class("azAZ09  __", &crate::unicode::LETTERS_SEPARATORS_NUMBERS, 1, 1);
        let Atom::Class(..) = tag.atom else { panic!("a class") };
        let matches = |c: char| {
            let text = c.to_string();
            sequence_matches(std::slice::from_ref(&tag), &text, &mut 100, &mut |rest, _| {
                rest.is_empty()
            })
        };
        for c in ['a', 'é', '中', 'ع', '½', '\u{3000}', '\u{aa}'] {
            assert!(matches(c), "{c:?}");
        }
        for c in ['!', '€', '🔑', '\u{301}', '\u{10ffff}', '\u{80}'] {
            assert!(!matches(c), "{c:?}");
        }
    }

    /// The textbook case of exponential backtracking.
    const EXPONENTIAL: Pattern = Pattern {
        source: "(a+)+b",
        alternatives: &[&[group(&[&[class("aa", &[], 1, UNBOUNDED)]], 1, UNBOUNDED), literal("b")]],
    };

    const NESTED: Pattern = Pattern {
        source: "(a-)+",
        alternatives: &[&[group(&[&[literal("a-")]], 1, UNBOUNDED)]],
    };

    #[test]
    fn neither_time_nor_stack_grows_with_a_hostile_text() {
        assert!(EXPONENTIAL.matches("aaab"));
        assert!(!EXPONENTIAL.matches(&"a".repeat(200)));
        let long = "a-".repeat(1 << 20);
        assert!(!REGION.matches(&long));
        assert!(NESTED.matches(&"a-".repeat(100)));
        assert!(!NESTED.matches(&long));
    }
}
