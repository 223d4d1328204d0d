//! Parses the model's regular expressions and writes them as the static tables that `api::pattern` runs.
//!
//! Only what the models use is understood; anything else is an error here rather than a wrong answer there.

use super::unicode;
use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// How far a pattern without an upper bound repeats: beyond every modelled length.
const UNBOUNDED: &str = "UNBOUNDED";

struct Parser<'p> {
    source: &'p str,
    rest: Peekable<Chars<'p>>,
}

/// The Rust of the alternatives of an expression.
pub(crate) fn alternatives(source: &str) -> Result<String, String> {
    let mut parser = Parser {
        source,
        rest: source.chars().peekable(),
    };
    let text = parser.alternatives()?;
    match parser.rest.next() {
        None => Ok(text),
        Some(c) => Err(parser.unsupported(c)),
    }
}

impl Parser<'_> {
    fn unsupported(&self, c: char) -> String {
        format!("the pattern {} uses {c:?} in a way that is not understood", self.source)
    }

    fn alternatives(&mut self) -> Result<String, String> {
        let mut text = format!("&[{}", self.sequence()?);
        while self.rest.next_if_eq(&'|').is_some() {
            let _ = write!(text, ", {}", self.sequence()?);
        }
        Ok(text + "]")
    }

    fn sequence(&mut self) -> Result<String, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        while let Some(c) = self.rest.next_if(|c| !matches!(c, '|' | ')')) {
            let atom = match c {
                // The whole text has to match anyway.
                '^' | '$' => continue,
                '[' => self.class()?,
                '(' if self.takes("?!") => {
                    flush(&mut literal, &mut pieces);
                    pieces.push(self.not_before()?);
                    continue;
                }
                '(' => self.group()?,
                '.' => class_of(&ANYTHING),
                '\\' => class_of(&self.escape()?),
                '*' | '+' | '?' | '{' | ']' => return Err(self.unsupported(c)),
                plain if !self.is_repeated() => {
                    literal.push(plain);
                    continue;
                }
                plain => class_of(&[(plain, plain)]),
            };
            flush(&mut literal, &mut pieces);
            let (min, max) = self.repetition()?;
            pieces.push(format!("{atom}, {min}, {max})"));
        }
        flush(&mut literal, &mut pieces);
        Ok(format!("&[{}]", pieces.join(", ")))
    }

    fn is_repeated(&mut self) -> bool {
        self.rest.peek().is_some_and(|&c| repeats(c))
    }

    fn group(&mut self) -> Result<String, String> {
        let alternatives = self.alternatives()?;
        match self.rest.next() {
            Some(')') => Ok(format!("group({alternatives}")),
            _ => Err(self.unsupported('(')),
        }
    }

    /// A lookahead for what must not follow.
    fn not_before(&mut self) -> Result<String, String> {
        let alternatives = self.alternatives()?;
        match self.rest.next() {
            Some(')') if !self.is_repeated() => Ok(format!("not_before({alternatives})")),
            _ => Err(self.unsupported('(')),
        }
    }

    fn class(&mut self) -> Result<String, String> {
        let mut ranges = Vec::new();
        let mut categories = String::new();
        let is_negated = self.rest.next_if_eq(&'^').is_some();
        loop {
            let mut found = match self.rest.next() {
                Some(']') if is_negated && categories.is_empty() => return Ok(class_of(&all_but(&ranges))),
                Some(']') if categories.is_empty() => return Ok(class_of(&ranges)),
                Some(']') if is_negated => return Err(self.unsupported('^')),
                Some(']') => return self.unicode_class(&ranges, &categories),
                Some('\\') if self.takes("p{") => {
                    categories.extend(self.rest.by_ref().take_while(|&c| c != '}'));
                    continue;
                }
                Some('\\') => self.escape()?,
                Some('^') | None => return Err(self.unsupported('[')),
                Some(c) => vec![(c, c)],
            };
            if let [(low, _)] = found[..]
                && self.takes_range()
            {
                self.rest.next();
                let high = match self.rest.next() {
                    Some('\\') => self.escape()?.first().map(|range| range.0),
                    other => other,
                };
                found = vec![(low, high.ok_or_else(|| self.unsupported('-'))?)];
            }
            ranges.extend(found);
        }
    }

    /// A class that names Unicode's categories: the models name the same three everywhere.
    fn unicode_class(&self, ranges: &[(char, char)], categories: &str) -> Result<String, String> {
        if categories != "LZN" || ranges.iter().any(|(_, high)| !high.is_ascii()) {
            return Err(self.unsupported('p'));
        }
        let mut all = vec![('a', 'z'), ('A', 'Z'), ('0', '9'), (' ', ' ')];
        all.extend(ranges);
        Ok(format!("class({:?}, &{}", ascii_pairs(&all), unicode::TABLE))
    }

    /// Takes `text` if it comes next.
    fn takes(&mut self, text: &str) -> bool {
        let comes = text.chars().eq(self.rest.clone().take(text.chars().count()));
        if comes {
            self.rest.by_ref().take(text.chars().count()).for_each(drop);
        }
        comes
    }

    /// Whether a hyphen follows that is neither the last of its class nor before a class of its own.
    fn takes_range(&self) -> bool {
        let mut ahead = self.rest.clone();
        ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']')
    }

    fn escape(&mut self) -> Result<Vec<(char, char)>, String> {
        match self.rest.next() {
            Some('w') => Ok(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
            Some('d') => Ok(vec![('0', '9')]),
            Some('s') => Ok(vec![('\t', '\r'), (' ', ' ')]),
            Some('u') => {
                let digits: String = self.rest.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                code.map(|c| vec![(c, c)]).ok_or_else(|| self.unsupported('u'))
            }
            Some(c) if !c.is_ascii_alphanumeric() => Ok(vec![(c, c)]),
            other => Err(self.unsupported(other.unwrap_or('\\'))),
        }
    }

    fn repetition(&mut self) -> Result<(String, String), String> {
        let pair = |min: &str, max: &str| Ok((min.to_owned(), max.to_owned()));
        match self.rest.next_if(|&c| repeats(c)) {
            None => pair("1", "1"),
            Some('*') => pair("0", UNBOUNDED),
            Some('+') => pair("1", UNBOUNDED),
            Some('?') => pair("0", "1"),
            Some(_) => {
                let body: String = self.rest.by_ref().take_while(|&c| c != '}').collect();
                match body.split_once(',') {
                    Some((min, "")) => pair(min, UNBOUNDED),
                    Some((min, max)) => pair(min, max),
                    None => pair(&body, &body),
                }
            }
        }
    }
}

fn repeats(c: char) -> bool {
    matches!(c, '*' | '+' | '?' | '{')
}

/// Ends a run of plain characters.
fn flush(literal: &mut String, pieces: &mut Vec<String>) {
    if !literal.is_empty() {
        pieces.push(format!("literal({literal:?})"));
        literal.clear();
    }
}

/// The characters that are in none of these ranges.
fn all_but(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let (mut all, mut next) = (Vec::new(), Some('\0'));
    for (low, high) in sorted {
        if let Some(first) = next
            && first < low
        {
            // Ranges of characters leave out what is none.
            all.extend((first..low).next_back().map(|last| (first, last)));
        }
        next = next.and_then(|first| (high.max(first)..=char::MAX).nth(usize::from(high >= first)));
    }
    all.extend(next.map(|first| (first, char::MAX)));
    all
}

/// Everything but the ends of lines.
const ANYTHING: [(char, char); 5] = [
    ('\0', '\t'),
    ('\u{b}', '\u{c}'),
    ('\u{e}', '\u{84}'),
    ('\u{86}', '\u{2027}'),
    ('\u{202a}', char::MAX),
];

/// A class as `api::pattern::class` takes it: the pairs of ASCII characters in one text, the others as ranges.
fn class_of(ranges: &[(char, char)]) -> String {
    let mut text = String::new();
    for (low, high) in beyond_ascii(ranges) {
        let _ = write!(text, "({low:?}, {high:?}), ");
    }
    format!("class({:?}, &[{text}]", ascii_pairs(ranges))
}

/// The ranges beyond ASCII, sorted and apart from each other, since they are searched.
fn beyond_ascii(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut beyond: Vec<_> = ranges.iter().filter(|(_, high)| *high > LAST_ASCII).collect();
    beyond.sort_unstable();
    let mut merged: Vec<(char, char)> = Vec::new();
    for &(low, high) in beyond {
        match merged.last_mut() {
            Some(last) if low <= last.1 => last.1 = last.1.max(high),
            _ => merged.push((low.max('\u{80}'), high)),
        }
    }
    merged
}

/// The first and the last ASCII character of each range, one after the other.
fn ascii_pairs(ranges: &[(char, char)]) -> String {
    let ascii = ranges.iter().filter(|(low, _)| *low <= LAST_ASCII);
    ascii.flat_map(|&(low, high)| [low, high.min(LAST_ASCII)]).collect()
}

const LAST_ASCII: char = '\u{7f}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_becomes_a_table() {
        assert_eq!(
            alternatives("^[a-z-]{2,3}\\d+(key|[\\u0020-\\u00FF]*)$"),
            Ok(concat!(
                "&[&[class(\"az--\", &[], 2, 3), class(\"09\", &[], 1, UNBOUNDED), ",
                "group(&[&[literal(\"key\")], &[class(\" \\u{7f}\", &[('\\u{80}', 'ÿ'), ], 0, UNBOUNDED)]], 1, 1)]]"
            )
            .to_owned())
        );
    }

    #[test]
    fn a_lookahead_and_the_categories_have_pieces_of_their_own() {
        assert_eq!(
            alternatives("a-(?!-)[\\p{L}\\p{Z}\\p{N}_]*"),
            Ok(format!(
                "&[&[literal(\"a-\"), not_before(&[&[literal(\"-\")]]), class(\"azAZ09  __\", &{}, 0, UNBOUNDED)]]",
                unicode::TABLE
            ))
        );
    }

    #[test]
    fn ranges_beyond_ascii_are_sorted_and_apart() {
        let ranges = [
            ('é', 'é'),
            ('\u{100}', '\u{200}'),
            ('0', '\u{180}'),
            ('\u{300}', '\u{300}'),
        ];
        assert_eq!(beyond_ascii(&ranges), [('\u{80}', '\u{200}'), ('\u{300}', '\u{300}')]);
    }

    #[test]
    fn a_negated_class_has_all_the_others() {
        assert_eq!(all_but(&[('b', 'd'), ('c', 'c'), ('\0', 'a')]), [('e', char::MAX)]);
        assert_eq!(all_but(&[]), [('\0', char::MAX)]);
        assert_eq!(all_but(&[(':', ':')]), [('\0', '9'), (';', char::MAX)]);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for source in ["[^\\p{L}]", "a**", "(a", "\\p{L}", "[\\p{L}]", "(?i)a", "a(?!b)+"] {
            assert!(alternatives(source).is_err(), "{source}");
        }
    }
}
