//! `trent sm2`: what somebody without access to a server does with the public key of an SM2 key: compute the digest for a
//! distinguishing id of one's own, check a signature, encrypt. No server and no state; the forms are those of `docs/sm2.md`.

use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use trent_crypto::pair::{self, Message, PairError, sm2};
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec, SigningAlgorithm};

use super::binary::{print_bytes, public_key, read};
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
    let public_key = public_key(&arguments.key.public_key)?;
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
    let public_key = public_key(&arguments.key.public_key)?;
    let sealed = pair::encrypt(KeySpec::Sm2, &public_key, EncryptionAlgorithm::Sm2Pke, &plaintext);
    print_bytes(&sealed.map_err(|error| said(&arguments.key, error))?)
}

fn digest_of(key: &Sm2Key, distinguishing_id: Option<&str>, message: &str) -> Result<[u8; 32], Failure> {
    let id = distinguishing_id.map_or(sm2::DEFAULT_DISTINGUISHING_ID, str::as_bytes);
    if id.len() > sm2::MAX_DISTINGUISHING_ID {
        let longest = sm2::MAX_DISTINGUISHING_ID;
        return Err(format!("a distinguishing id has at most {longest} bytes").into());
    }
    sm2::digest(&public_key(&key.public_key)?, id, &read(message)?).map_err(|error| said(key, error))
}

/// What is wrong with the key that a file holds.
fn said(key: &Sm2Key, error: PairError) -> Failure {
    match error {
        PairError::InvalidPublicKey => format!("{}: it is not the public key of an SM2 key", key.public_key).into(),
        other => other.into(),
    }
}
