//! Lists of names: text split at a byte.

use memchr::memchr;

/// The parts of `text` between occurrences of an ASCII `separator`, empty ones included.
pub(super) fn split(text: &str, separator: u8) -> Split<'_> {
    debug_assert!(separator.is_ascii(), "a text is not split inside a character");
    Split {
        rest: Some(text),
        separator,
    }
}

/// The iterator of [`split`].
pub(super) struct Split<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let Some(at) = memchr(self.separator, text.as_bytes()) else {
            return self.rest.take();
        };
        self.rest = Some(&text[at + 1..]);
        Some(&text[..at])
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn splits_as_the_standard_library_does() {
        for text in [
            "",
            ";",
            "host",
            "host;",
            ";host",
            "a;b",
            "a;;b",
            "é;ü;",
            "content-type;host;x-amz-date",
        ] {
            assert!(split(text, b';').eq(text.split(';')), "{text}");
        }
    }
}
