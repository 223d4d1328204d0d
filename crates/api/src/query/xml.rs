//! Writing XML: elements one after the other, text escaped. A buffer that has to move is wiped where it was, since a
//! reply may hold a secret.

use crate::{Blob, SecretText, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use zeroize::{Zeroize as _, Zeroizing};

/// What can stand between the tags of an element.
pub trait Content {
    /// Writes it.
    fn write(&self, xml: &mut XmlWriter<'_>);
}

/// Writes elements behind what is there.
pub struct XmlWriter<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> XmlWriter<'o> {
    /// A writer at the end of a buffer.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Writes an element that is always there. A modelled name needs no escapes.
    pub fn required<T: Content + ?Sized>(&mut self, name: &str, content: &T) {
        for part in ["<", name, ">"] {
            self.raw(part);
        }
        content.write(self);
        for part in ["</", name, ">"] {
            self.raw(part);
        }
    }

    /// Writes an element if it is there.
    pub fn optional<T: Content>(&mut self, name: &str, content: Option<&T>) {
        if let Some(content) = content {
            self.required(name, content);
        }
    }

    /// Writes text with what markup needs escaped. What XML cannot carry in any form becomes U+FFFD.
    pub fn text(&mut self, text: &str) {
        let mut plain = 0;
        for (at, character) in text.char_indices() {
            let escape = match character {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                // A parser would turn it into a line feed.
                '\r' => "&#xD;",
                '\t' | '\n' => continue,
                '\0'..' ' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}",
                _ => continue,
            };
            self.raw(&text[plain..at]);
            self.raw(escape);
            plain = at + character.len_utf8();
        }
        self.raw(&text[plain..]);
    }

    /// Writes markup, or text that needs no escapes.
    pub(super) fn raw(&mut self, text: &str) {
        let needed = self.out.len() + text.len();
        if needed > self.out.capacity() {
            let mut moved = Vec::with_capacity(needed.max(self.out.capacity() * 2));
            moved.extend_from_slice(self.out);
            std::mem::replace(self.out, moved).zeroize();
        }
        self.out.extend_from_slice(text.as_bytes());
    }
}

impl Content for str {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        xml.text(self);
    }
}

impl Content for String {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        xml.text(self);
    }
}

impl Content for SecretText {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        xml.text(self.expose());
    }
}

impl Content for Blob {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        xml.raw(&Zeroizing::new(STANDARD.encode(self)));
    }
}

impl Content for i32 {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        xml.raw(&self.to_string());
    }
}

impl Content for bool {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        xml.raw(if *self { "true" } else { "false" });
    }
}

impl Content for Timestamp {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        xml.raw(&self.to_string());
    }
}

impl<T: Content> Content for Vec<T> {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        for element in self {
            xml.required("member", element);
        }
    }
}

impl<K: Content, V: Content> Content for BTreeMap<K, V> {
    fn write(&self, xml: &mut XmlWriter<'_>) {
        for (key, value) in self {
            xml.raw("<entry>");
            xml.required("key", key);
            xml.required("value", value);
            xml.raw("</entry>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(content: &impl Content) -> String {
        let mut out = Vec::new();
        content.write(&mut XmlWriter::new(&mut out));
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn text_is_escaped_and_what_xml_cannot_carry_is_replaced() {
        let text = "<a b=\"c\">&'\r\n\t\u{1}\0\u{fffe}\u{7f}é🔑".to_owned();
        assert_eq!(
            written(&text),
            "&lt;a b=&quot;c&quot;&gt;&amp;'&#xD;\n\t\u{fffd}\u{fffd}\u{fffd}\u{7f}é🔑"
        );
    }

    #[test]
    fn lists_have_members_and_maps_have_entries() {
        assert_eq!(written(&vec![1, -2]), "<member>1</member><member>-2</member>");
        assert_eq!(
            written(&BTreeMap::from([("a&".to_owned(), true)])),
            "<entry><key>a&amp;</key><value>true</value></entry>"
        );
        assert_eq!(written(&Timestamp::from_seconds(0)), "1970-01-01T00:00:00Z");
        assert_eq!(written(&Blob::new(vec![1, 2, 3, 4])), "AQIDBA==");
        assert_eq!(written(&SecretText::new("<".to_owned())), "&lt;");
    }
}
