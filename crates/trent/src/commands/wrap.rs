//! `trent wrap`: wraps key material for `ImportKeyMaterial` with the public key of `GetParametersForImport`, by every
//! algorithm that there is. No server and no state.

use trent_crypto::import::{WrapError, wrap};
use trent_crypto::spec::{Wrapping, WrappingAlgorithm, WrappingKeySpec};
use trent_crypto::{Key256, Secret};
use trent_keystore::{Randomness as _, SystemRandomness};

use super::binary::{print_bytes, public_key, read};
use crate::Failure;
use crate::cli::WrapArguments;

pub(crate) fn run(arguments: &WrapArguments) -> Result<(), Failure> {
    let algorithm = WrappingAlgorithm::parse(&arguments.algorithm).ok_or_else(|| {
        let names: Vec<_> = WrappingAlgorithm::ALL.iter().map(|it| it.as_str()).collect();
        format!("the wrapping algorithm is one of {}", names.join(", "))
    })?;
    let public_key = public_key(&arguments.public_key)?;
    let material = Secret::new(read(&arguments.material)?);
    let mut aes = Key256::new([0; Key256::LEN]);
    SystemRandomness.fill(aes.expose_mut())?;
    let mut refused = None;
    for &spec in WrappingKeySpec::ALL {
        match wrap(Wrapping { algorithm, spec }, &public_key, &material, &aes) {
            Ok(wrapped) => {
                eprintln!(
                    "trent: wrapped for a test: material that matters is made and wrapped in an HSM or a key manager, and \
                     never lies in a file."
                );
                return print_bytes(&wrapped);
            }
            // The key is of another size, or the algorithm is one of another kind of key.
            Err(WrapError::PublicKey(_) | WrapError::Combination(_)) => {}
            Err(other) => refused = Some(other),
        }
    }
    Err(match refused {
        Some(error) => error.into(),
        None => format!(
            "{}: it is no public key that wraps by {algorithm}",
            arguments.public_key
        )
        .into(),
    })
}
