//! Who may fetch the numbers at the address that is set for it.

use std::path::Path;

use subtle::ConstantTimeEq;
use trent_server::Readers;
use zeroize::Zeroizing;

use crate::Failure;

/// The shortest token that is taken: what can be guessed is none.
const SHORTEST: usize = 16;

/// Those who show the token in a file; without a file, whoever reaches the address.
pub(crate) fn readers_of(token_file: Option<&Path>) -> Result<Readers, Failure> {
    let Some(path) = token_file else {
        return Ok(Readers::Anyone);
    };
    let read = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = read.map_err(|error| format!("`metrics.token_file`: cannot read {}: {error}", path.display()))?;
    let token = Zeroizing::new(text.trim().to_owned());
    if token.len() < SHORTEST {
        return Err(format!(
            "`metrics.token_file`: {} holds no token of at least {SHORTEST} characters",
            path.display()
        )
        .into());
    }
    Ok(Readers::Bearer(Box::new(move |shown| {
        bool::from(shown.ct_eq(token.as_bytes()))
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_only_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "0123456789abcdef0123\n").expect("a file");
        let Ok(Readers::Bearer(is_right)) = readers_of(Some(&file)) else {
            panic!("a token was given");
        };
        assert!(is_right(b"0123456789abcdef0123"));
        for wrong in [
            &b""[..],
            b"0123456789abcdef012",
            b"0123456789abcdef0123\n",
            b"0123456789abcdef0124",
        ] {
            assert!(!is_right(wrong));
        }
        std::fs::write(&file, "short\n").expect("a file");
        assert!(readers_of(Some(&file)).is_err());
        assert!(readers_of(Some(&folder.path().join("none"))).is_err());
    }
}
