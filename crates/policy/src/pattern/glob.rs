//! Wildcards without variables.
//!
//! Between two `*`, the leftmost occurrence of a piece is always a right choice, so the text is walked once: a piece
//! without `?` is found by a two-way search, which is linear; one with `?` by comparing all its positions at once in
//! the bits of machine words (shift-and), so that no pattern makes a text expensive.

use super::template::{MAX_MASKED, Part, TemplateError};
use memchr::memmem::Finder;

const WORD: usize = 64;
const MAX_WORDS: usize = MAX_MASKED / WORD;

/// A pattern with wildcards: what it begins with, what must follow in order, what it ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    head: Box<[Run]>,
    /// `None` if there is no `*`: the head is everything.
    after: Option<After>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct After {
    middle: Box<[Needle]>,
    tail: Box<[Run]>,
}

/// A piece that stands at a known place.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Run {
    Literal(Box<str>),
    /// So many characters, whatever they are.
    Skip(usize),
}

/// A piece that is searched.
#[derive(Debug, Clone)]
enum Needle {
    Literal(Box<Finder<'static>>),
    Masked(Masked),
}

/// The same piece is searched.
impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(one), Self::Literal(other)) => one.needle() == other.needle(),
            (Self::Masked(one), Self::Masked(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Needle {}

impl Glob {
    pub(crate) fn new(parts: &[Part]) -> Result<Self, TemplateError> {
        let mut pieces = parts.split(|part| *part == Part::Any);
        let head = runs(pieces.next().unwrap_or_default());
        let rest: Vec<&[Part]> = pieces.collect();
        let Some((tail, middle)) = rest.split_last() else {
            return Ok(Self { head, after: None });
        };
        let middle = middle
            .iter()
            .map(|piece| Needle::new(piece))
            .collect::<Result<_, _>>()?;
        let after = Some(After {
            middle,
            tail: runs(tail),
        });
        Ok(Self { head, after })
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(rest) = strip_head(&self.head, text) else {
            return false;
        };
        let Some(after) = &self.after else {
            return rest.is_empty();
        };
        let Some(mut rest) = strip_tail(&after.tail, rest) else {
            return false;
        };
        for needle in &after.middle {
            match needle.find(rest) {
                Some(end) => rest = &rest[end..],
                None => return false,
            }
        }
        true
    }
}

fn runs(piece: &[Part]) -> Box<[Run]> {
    let mut runs: Vec<Run> = Vec::new();
    for part in piece {
        match (part, runs.last_mut()) {
            (Part::One, Some(Run::Skip(count))) => *count += 1,
            (Part::One, _) => runs.push(Run::Skip(1)),
            (Part::Literal(text), _) => runs.push(Run::Literal(text.clone())),
            (Part::Any | Part::Variable(_), _) => {}
        }
    }
    runs.into()
}

fn strip_head<'t>(runs: &[Run], mut text: &'t str) -> Option<&'t str> {
    for run in runs {
        match run {
            Run::Literal(literal) => text = text.strip_prefix(&**literal)?,
            Run::Skip(count) => {
                let mut characters = text.chars();
                for _ in 0..*count {
                    characters.next()?;
                }
                text = characters.as_str();
            }
        }
    }
    Some(text)
}

fn strip_tail<'t>(runs: &[Run], mut text: &'t str) -> Option<&'t str> {
    for run in runs.iter().rev() {
        match run {
            Run::Literal(literal) => text = text.strip_suffix(&**literal)?,
            Run::Skip(count) => {
                let mut characters = text.chars();
                for _ in 0..*count {
                    characters.next_back()?;
                }
                text = characters.as_str();
            }
        }
    }
    Some(text)
}

impl Needle {
    fn new(piece: &[Part]) -> Result<Self, TemplateError> {
        if let [Part::Literal(text)] = piece {
            let finder = Finder::new(text.as_bytes()).into_owned();
            return Ok(Self::Literal(Box::new(finder)));
        }
        Masked::new(piece).map(Self::Masked)
    }

    /// Where the first occurrence ends.
    fn find(&self, text: &str) -> Option<usize> {
        match self {
            Self::Literal(finder) => Some(finder.find(text.as_bytes())? + finder.needle().len()),
            Self::Masked(masked) => masked.find(text),
        }
    }
}

/// A piece with `?`, as one bit for each of its characters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Masked {
    length: usize,
    /// The bits of the positions where each character may stand, by character.
    masks: Box<[(char, Box<[u64]>)]>,
    /// The bits of the positions where every character may stand.
    any: Box<[u64]>,
}

impl Masked {
    fn new(piece: &[Part]) -> Result<Self, TemplateError> {
        let positions: Vec<Option<char>> = piece
            .iter()
            .flat_map(|part| match part {
                Part::Literal(text) => text.chars().map(Some).collect(),
                _ => vec![None],
            })
            .collect();
        let length = positions.len();
        if length > MAX_MASKED {
            return Err(TemplateError::TooLong);
        }
        let bits = |allowed: &dyn Fn(Option<char>) -> bool| {
            let mut words = vec![0_u64; length.div_ceil(WORD)];
            for (at, _) in positions.iter().enumerate().filter(|(_, position)| allowed(**position)) {
                words[at / WORD] |= 1 << (at % WORD);
            }
            words.into_boxed_slice()
        };
        let mut characters: Vec<char> = positions.iter().copied().flatten().collect();
        characters.sort_unstable();
        characters.dedup();
        let masks = characters
            .into_iter()
            .map(|character| (character, bits(&|position| position.is_none_or(|it| it == character))))
            .collect();
        let any = bits(&|position| position.is_none());
        Ok(Self { length, masks, any })
    }

    fn find(&self, text: &str) -> Option<usize> {
        let words = self.any.len();
        let last = 1_u64 << ((self.length - 1) % WORD);
        let mut state = [0_u64; MAX_WORDS];
        for (at, character) in text.char_indices() {
            let mask = match self.masks.binary_search_by_key(&character, |(it, _)| *it) {
                Ok(found) => &self.masks[found].1,
                Err(_) => &self.any,
            };
            let mut carry = 1;
            for (word, allowed) in state[..words].iter_mut().zip(mask) {
                let next = *word >> (WORD - 1);
                *word = ((*word << 1) | carry) & allowed;
                carry = next;
            }
            if state[words - 1] & last != 0 {
                return Some(at + character.len_utf8());
            }
        }
        None
    }
}
