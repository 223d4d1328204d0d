//! The one class of Unicode characters that the models name: `\\p{L}\\p{Z}\\p{N}`, letters, separators and numbers.
//!
//! As ranges in a table it needs no regular-expression engine on the hot path.

use super::header::header;
use regex_syntax::hir::HirKind;
use std::fmt::Write as _;

/// Where the table stands, in `crates/api/src`.
pub(crate) const FILE: &str = "unicode.rs";
/// How patterns refer to it.
pub(crate) const TABLE: &str = "crate::unicode::LETTERS_SEPARATORS_NUMBERS";

/// The ranges of the class, sorted.
pub(crate) fn letters_separators_numbers() -> Vec<(char, char)> {
    let parsed = regex_syntax::parse(r"[\p{L}\p{Z}\p{N}]").expect("a class that the crate knows");
    match parsed.kind() {
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => class
            .ranges()
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect(),
        _ => Vec::new(),
    }
}

/// The Rust of the table; ASCII is left to the patterns.
pub(crate) fn module() -> String {
    let mut text = header("Classes of Unicode characters that patterns name.");
    text.push_str("/// Letters, separators and numbers beyond ASCII: inclusive ranges, sorted.\n#[rustfmt::skip]\n");
    text.push_str("pub(crate) static LETTERS_SEPARATORS_NUMBERS: [(char, char); ");
    let beyond: Vec<_> = letters_separators_numbers()
        .into_iter()
        .filter(|(_, high)| !high.is_ascii())
        .collect();
    let _ = write!(text, "{}] = [", beyond.len());
    for (at, (low, high)) in beyond.iter().enumerate() {
        let gap = if at % 4 == 0 { "\n    " } else { " " };
        let (low, high) = (u32::from(*low), u32::from(*high));
        let _ = write!(text, "{gap}('\\u{{{low:x}}}', '\\u{{{high:x}}}'),");
    }
    text + "\n];\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_has_letters_of_every_script_and_no_marks() {
        let ranges = letters_separators_numbers();
        let has = |c: char| ranges.iter().any(|&(low, high)| low <= c && c <= high);
        for c in [
            'a', 'Z', '5', ' ', 'é', 'ß', '中', 'ع', '\u{a0}', '\u{2028}', '½', 'Ⅷ', '𝔸',
        ] {
            assert!(has(c), "{c:?}");
        }
        for c in ['_', '\t', '!', '\u{301}', '€', '🔑', '\u{200d}'] {
            assert!(!has(c), "{c:?}");
        }
    }
}
