//! Keys, messages and ciphertexts in files: bytes that go in and out as they are.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;

use super::LONGEST;
use crate::Failure;

/// A public key in DER, as `GetPublicKey` gives it, or in PEM.
pub(super) fn public_key(file: &str) -> Result<Vec<u8>, Failure> {
    let bytes = read(file)?;
    if !bytes.starts_with(b"-----BEGIN") {
        return Ok(bytes);
    }
    let der = SubjectPublicKeyInfoDer::from_pem_slice(&bytes);
    let der = der.map_err(|error| format!("{file}: {error}"))?;
    Ok(der.to_vec())
}

/// The content of a file, or of standard input for `-`.
pub(super) fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut read = || -> Result<(), Failure> {
        if file == "-" {
            std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)?;
        } else {
            std::fs::File::open(Path::new(file))?
                .take(LONGEST + 1)
                .read_to_end(&mut bytes)?;
        }
        Ok(())
    };
    let name = if file == "-" { "standard input" } else { file };
    read().map_err(|error| format!("{name}: {error}"))?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("{name}: longer than {LONGEST} bytes").into());
    }
    Ok(bytes)
}

/// Writes bytes to standard output, but not onto a screen.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        return Err("this is binary: send it to a file with >".into());
    }
    out.write_all(bytes)?;
    Ok(out.flush()?)
}
