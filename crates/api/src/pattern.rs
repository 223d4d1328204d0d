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
    /// A character of a set: a bit for each ASCII character, and inclusive ranges of others.
    Class(u128, &'static [(char, char)]),
    /// One of several sequences.
    Group(&'static [Sequence]),
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
    Piece { atom: Atom::Class(set, beyond), min, max }
}

/// Alternatives in parentheses.
pub const fn group(alternatives: &'static [Sequence], min: u32, max: u32) -> Piece {
    Piece { atom: Atom::Group(alternatives), min, max }
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

/// What has to match behind a piece.
type Continuation<'c> = &'c mut dyn FnMut(&str, &mut usize) -> bool;

fn sequence_matches(sequence: &[Piece], text: &str, steps: &mut usize, then: Continuation<'_>) -> bool {
    let Some((piece, behind)) = sequence.split_first() else {
        return then(text, steps);
    };
    match piece.atom {
        Atom::Class(ascii, beyond) => {
            let within = |c: char| match c.is_ascii() {
                true => ascii >> u32::from(c) & 1 == 1,
                false => beyond.iter().any(|&(low, high)| low <= c && c <= high),
            };
            class_matches(&within, piece, text, steps, &mut |rest, steps| sequence_matches(behind, rest, steps, then))
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
            Some(last) => end -= last.len_utf8(),
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
    if done < piece.max {
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
