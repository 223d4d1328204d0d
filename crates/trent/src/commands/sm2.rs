//! `trent sm2`: what somebody without access to a server does with the public key of an SM2 key: compute the digest for a
//! distinguishing id of one's own, check a signature, encrypt. No server and no state; the forms are those of `docs/sm2.md`.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use trent_crypto::pair::{self, Message, PairError, sm2};
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec, SigningAlgorithm};

use super::LONGEST;
use crate::Failure;
use crate::cli::{Sm2Command, Sm2DigestArguments, Sm2EncryptArguments, Sm2Key, Sm2VerifyArguments};

/// How it ends if a signature is not the key's.
const REFUSED: u8 = 2;

pub(crate) fn run(command: &Sm2Command) -> Result<ExitCode, Failure> {
    match command {
        Sm2Command::Digest(arguments) => digest(arguments).map(|()| ExitCode::SUCCESS),
        Sm2Command::Verify(arguments) => verify(arguments),
        Sm2Command::Encrypt(arguments) => encrypt(arguments).map(|()| ExitCode::SUCCESS),
    }
}

fn digest(arguments: &Sm2DigestArguments) -> Result<(), Failure> {
    let digest = digest_of(
        &arguments.key,
        arguments.distinguishing_id.as_deref(),
        &arguments.message,
    )?;
    if arguments.base64 {
        println!("{}", STANDARD.encode(digest));
        return Ok(());
    }
    print_bytes(&digest)
}

fn verify(arguments: &Sm2VerifyArguments) -> Result<ExitCode, Failure> {
    let digest = digest_of(
        &arguments.key,
        arguments.distinguishing_id.as_deref(),
        &arguments.message,
    )?;
    let public_key = public_key(&arguments.key)?;
    let signature = read(&arguments.signature)?;
    let message = Message::Digest(&digest);
    match pair::verify(KeySpec::Sm2, &public_key, SigningAlgorithm::Sm2Dsa, message, &signature) {
        Ok(()) => {
            println!("the signature is the key's");
            Ok(ExitCode::SUCCESS)
        }
        Err(PairError::Refused) => {
            println!("the signature is not the key's for this message and distinguishing id");
            Ok(ExitCode::from(REFUSED))
        }
        Err(error) => Err(said(&arguments.key, error)),
    }
}

fn encrypt(arguments: &Sm2EncryptArguments) -> Result<(), Failure> {
    let plaintext = read(&arguments.plaintext)?;
    let longest = EncryptionAlgorithm::Sm2Pke.max_plaintext(KeySpec::Sm2).unwrap_or(0);
    if plaintext.is_empty() || plaintext.len() > longest {
        return Err(format!("{}: SM2PKE encrypts 1 to {longest} bytes", arguments.plaintext).into());
    }
    let public_key = public_key(&arguments.key)?;
    let sealed = pair::encrypt(KeySpec::Sm2, &public_key, EncryptionAlgorithm::Sm2Pke, &plaintext);
    print_bytes(&sealed.map_err(|error| said(&arguments.key, error))?)
}

fn digest_of(key: &Sm2Key, distinguishing_id: Option<&str>, message: &str) -> Result<[u8; 32], Failure> {
    let id = distinguishing_id.map_or(sm2::DEFAULT_DISTINGUISHING_ID, str::as_bytes);
    if id.len() > sm2::MAX_DISTINGUISHING_ID {
        let longest = sm2::MAX_DISTINGUISHING_ID;
        return Err(format!("a distinguishing id has at most {longest} bytes").into());
    }
    sm2::digest(&public_key(key)?, id, &read(message)?).map_err(|error| said(key, error))
}

/// What is wrong with the key that a file holds.
fn said(key: &Sm2Key, error: PairError) -> Failure {
    match error {
        PairError::InvalidPublicKey => format!("{}: it is not the public key of an SM2 key", key.public_key).into(),
        other => other.into(),
    }
}

/// A public key in DER, as `GetPublicKey` gives it, or in PEM.
fn public_key(key: &Sm2Key) -> Result<Vec<u8>, Failure> {
    let bytes = read(&key.public_key)?;
    if !bytes.starts_with(b"-----BEGIN") {
        return Ok(bytes);
    }
    let der = SubjectPublicKeyInfoDer::from_pem_slice(&bytes);
    let der = der.map_err(|error| format!("{}: {error}", key.public_key))?;
    Ok(der.to_vec())
}

/// The content of a file, or of standard input for `-`.
fn read(file: &str) -> Result<Vec<u8>, Failure> {
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
fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        return Err("this is binary: send it to a file with >".into());
    }
    out.write_all(bytes)?;
    Ok(out.flush()?)
}
