//! Which key a request will be about, read off its text before it is known who sends it or whether it is well-formed.
//!
//! A guess: it readies memory, and no answer depends on it. What reads the request for good is [`crate::reference`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use trent_crypto::ciphertext::{NAMES_KEY, named_key};
use trent_names::KeyId;

/// The longest text that names a key, with room to spare.
const LONGEST: usize = 256;

/// The key that a document in JSON names by its id or ARN, or by a ciphertext of it.
pub(crate) fn expected_key(document: &[u8]) -> Option<KeyId> {
    by_id(document).or_else(|| by_ciphertext(document))
}

fn by_id(document: &[u8]) -> Option<KeyId> {
    let text = member(document, b"\"KeyId\"")?;
    let end = memchr::memchr(b'"', &text[..text.len().min(LONGEST)])?;
    let text = str::from_utf8(&text[..end]).ok()?;
    let (_, id) = text.rsplit_once('/').unwrap_or(("", text));
    KeyId::parse(id).ok()
}

fn by_ciphertext(document: &[u8]) -> Option<KeyId> {
    /// Base64 has three bytes in four characters.
    const TEXT: usize = NAMES_KEY.div_ceil(3) * 4;
    let mut start = [0; NAMES_KEY.div_ceil(3) * 3];
    let text = member(document, b"\"CiphertextBlob\"")?.get(..TEXT)?;
    STANDARD.decode_slice(text, &mut start).ok()?;
    named_key(start.first_chunk()?)
}

/// What follows the quotation mark that a member's value begins with.
fn member<'a>(document: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let after = memmem::find(document, name)? + name.len();
    let value = document[after..].trim_ascii_start().strip_prefix(b":")?;
    value.trim_ascii_start().strip_prefix(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_expected_by_what_names_it() {
        let id = KeyId::from_bytes([0x5a; 16], true);
        let mut ciphertext = vec![1, 1, 1];
        ciphertext.extend(id.as_bytes());
        ciphertext.extend([9; 80]);
        let blob = STANDARD.encode(&ciphertext);
        let named = |document: &str| expected_key(document.as_bytes());
        for document in [
            format!(r#"{{"KeyId":"{id}"}}"#),
            format!(r#"{{"Plaintext": "aGVsbG8=", "KeyId" : "{id}"}}"#),
            format!(r#"{{"KeyId":"arn:aws:kms:us-east-1:111122223333:key/{id}","A":1}}"#),
            format!(r#"{{"CiphertextBlob":"{blob}"}}"#),
            format!(r#"{{"KeyId":"alias/mine","CiphertextBlob":"{blob}"}}"#),
        ] {
            assert_eq!(named(&document), Some(id), "{document}");
        }
    }

    #[test]
    fn of_anything_else_nothing_is_expected() {
        for document in [
            "",
            "{}",
            r#""KeyId""#,
            r#""KeyId":"#,
            r#"{"KeyId":"alias/mine"}"#,
            r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"#,
            r#"{"KeyId":["1234abcd-12ab-34cd-56ef-1234567890ab"]}"#,
            r#"{"CiphertextBlob":"AQEB"}"#,
            r#"{"CiphertextBlob":"????????????????????????????????????"}"#,
            r#"{"CiphertextBlob":"AQEHWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo="}"#,
        ] {
            assert_eq!(expected_key(document.as_bytes()), None, "{document}");
        }
    }
}
