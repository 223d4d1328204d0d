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
    /// What is repeated.
    pub atom: Atom,
    /// The least number of repetitions.
    pub min: u32,
    /// The greatest number of repetitions.
    pub max: u32,
}

/// What a piece repeats.
#[derive(Debug)]
pub enum Atom {
    /// A character of one of these inclusive ranges.
    Class(&'static [(char, char)]),
    /// One of several sequences.
    Group(&'static [Sequence]),
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
        Atom::Class(ranges) => class_matches(ranges, piece, text, steps, &mut |rest, steps| {
            sequence_matches(behind, rest, steps, then)
        }),
        Atom::Group(alternatives) => group_matches(alternatives, piece, 0, text, steps, &mut |rest, steps| {
            sequence_matches(behind, rest, steps, then)
        }),
    }
}

/// Takes as many characters as it may, then gives them back one by one.
fn class_matches(
    ranges: &[(char, char)],
    piece: &Piece,
    text: &str,
    steps: &mut usize,
    then: Continuation<'_>,
) -> bool {
    let within = |c: char| ranges.iter().any(|&(low, high)| low <= c && c <= high);
    let (least, most) = (piece.min as usize, piece.max as usize);
    let run: usize = text
        .chars()
        .take(most)
        .take_while(|&c| within(c))
        .map(char::len_utf8)
        .sum();
    let mut end = run;
    let mut count = text[..run].chars().count();
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
