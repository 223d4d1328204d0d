//! Checks ML-KEM and ML-DSA against files of NIST's ACVP: `acvp FILE...`, each an `internalProjection.json`.
//!
//! Prints `N passed, M failed`, and a line for each case that failed. What takes a seed, a public key or a signature is
//! asked of the crate itself. The files give no seeds with what is to be signed or decapsulated but expanded private keys,
//! which the crate does not read: there the libraries are asked that it calls, by the functions that it calls.

use std::convert::Infallible;
use std::process::ExitCode;

use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, ML_KEM_512, ML_KEM_768, ML_KEM_1024};
use ml_dsa::signature::rand_core::{TryCryptoRng, TryRng};
use ml_dsa::{ExpandedSigningKey, ExpandedSigningKeyBytes, MlDsa44, MlDsa65, MlDsa87, MlDsaParams};
use serde_json::Value;
use shake::digest::{ExtendableOutput, Update, XofReader};
use trent_crypto::pair::{Message, PrivateKey, encapsulate, verify};
use trent_crypto::spec::{KeySpec, SigningAlgorithm};

type Failure = Box<dyn std::error::Error>;

/// The bytes before the key in a `SubjectPublicKeyInfo` of either algorithm.
const PREFIX: usize = 22;

fn main() -> ExitCode {
    let (mut passed, mut failed) = (0, 0);
    for path in std::env::args().skip(1) {
        let cases = match read(&path) {
            Ok(cases) => cases,
            Err(error) => {
                eprintln!("{path}: {error}");
                return ExitCode::FAILURE;
            }
        };
        for case in cases {
            if matches!(case.holds(), Ok(true)) {
                passed += 1;
            } else {
                failed += 1;
                println!("{path}: case {}", case.test["tcId"]);
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn read(path: &str) -> Result<Vec<Case>, Failure> {
    let file: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let groups = file["testGroups"].as_array().ok_or("no groups")?;
    let mut cases = Vec::new();
    for group in groups {
        for test in group["tests"].as_array().ok_or("no tests")? {
            cases.push(Case {
                mode: file["mode"].clone(),
                group: group.clone(),
                test: test.clone(),
            });
        }
    }
    Ok(cases)
}

/// A test case and what it shares with others of its group.
struct Case {
    mode: Value,
    group: Value,
    test: Value,
}

impl Case {
    /// Whether what should come out does.
    fn holds(&self) -> Result<bool, Failure> {
        let function = self.group["function"].as_str();
        match (self.mode.as_str(), function, self.spec()?) {
            (Some("keyGen"), None, spec) if spec.as_str().starts_with("ML_KEM") => {
                let seed = [self.bytes("d")?, self.bytes("z")?].concat();
                generates(spec, seed, &self.bytes("ek")?)
            }
            (Some("keyGen"), None, spec) => generates(spec, self.bytes("seed")?, &self.bytes("pk")?),
            (Some("sigGen"), None, KeySpec::MlDsa44) => self.signs::<MlDsa44>(),
            (Some("sigGen"), None, KeySpec::MlDsa65) => self.signs::<MlDsa65>(),
            (Some("sigGen"), None, KeySpec::MlDsa87) => self.signs::<MlDsa87>(),
            (Some("sigVer"), None, _) => self.verifies(),
            (Some("encapDecap"), Some("encapsulation"), _) => Ok(self.encapsulates()? && self.decapsulates()?),
            (Some("encapDecap"), Some("decapsulation"), _) => self.decapsulates(),
            _ => Err("another kind of case".into()),
        }
    }

    fn spec(&self) -> Result<KeySpec, Failure> {
        match self.group["parameterSet"].as_str() {
            Some("ML-KEM-512") => Ok(KeySpec::MlKem512),
            Some("ML-KEM-768") => Ok(KeySpec::MlKem768),
            Some("ML-KEM-1024") => Ok(KeySpec::MlKem1024),
            Some("ML-DSA-44") => Ok(KeySpec::MlDsa44),
            Some("ML-DSA-65") => Ok(KeySpec::MlDsa65),
            Some("ML-DSA-87") => Ok(KeySpec::MlDsa87),
            _ => Err("another parameter set".into()),
        }
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let digits = self.test[name].as_str().or_else(|| self.group[name].as_str());
        Ok(hex::decode(digits.ok_or("a value is missing")?)?)
    }

    /// The cases are of the algorithm's inner function: what they call the message stands in the representative as it is.
    fn representative(&self, public_key: &[u8]) -> Result<Vec<u8>, Failure> {
        Ok(shake256(&[&shake256(&[public_key]), &self.bytes("message")?]))
    }

    /// The signature of a representative is the one expected, and the crate accepts it.
    fn signs<P: MlDsaParams>(&self) -> Result<bool, Failure> {
        let key = expanded::<P>(&self.bytes("sk")?)?;
        let public_key = key.verifying_key().encode().to_vec();
        let mu = self.representative(&public_key)?;
        let array = mu.as_slice().try_into()?;
        let made = if self.group["deterministic"] == Value::Bool(true) {
            key.sign_mu_deterministic(array)
        } else {
            key.sign_mu_randomized(array, &mut Given(self.bytes("rnd")?))?
        };
        let signature = self.bytes("signature")?;
        let accepted = accepts(self.spec()?, &public_key, &mu, &signature)?;
        Ok(accepted && made.encode().as_slice() == signature)
    }

    fn verifies(&self) -> Result<bool, Failure> {
        let public_key = self.bytes("pk")?;
        let mu = self.representative(&public_key)?;
        let accepted = accepts(self.spec()?, &public_key, &mu, &self.bytes("signature")?)?;
        Ok(self.test["testPassed"] == Value::Bool(accepted))
    }

    /// What the crate encapsulates for the key is decapsulated to the same secret.
    fn encapsulates(&self) -> Result<bool, Failure> {
        let spec = self.spec()?;
        let (secret, ciphertext) = encapsulate(spec, &subject_public_key_info(spec, &self.bytes("ek")?)?)?;
        Ok(self.decapsulated(&ciphertext)? == secret.expose())
    }

    fn decapsulates(&self) -> Result<bool, Failure> {
        Ok(self.decapsulated(&self.bytes("c")?)? == self.bytes("k")?)
    }

    fn decapsulated(&self, ciphertext: &[u8]) -> Result<Vec<u8>, Failure> {
        let algorithm = match self.spec()? {
            KeySpec::MlKem512 => &ML_KEM_512,
            KeySpec::MlKem768 => &ML_KEM_768,
            _ => &ML_KEM_1024,
        };
        let key = DecapsulationKey::new(algorithm, &self.bytes("dk")?)?;
        Ok(key.decapsulate(Ciphertext::from(ciphertext))?.as_ref().to_vec())
    }
}

fn generates(spec: KeySpec, seed: Vec<u8>, expected: &[u8]) -> Result<bool, Failure> {
    let public_key = PrivateKey::read(spec, &seed.into())?.public_key()?;
    Ok(public_key.get(PREFIX..) == Some(expected))
}

fn accepts(spec: KeySpec, public_key: &[u8], mu: &[u8], signature: &[u8]) -> Result<bool, Failure> {
    let public_key = subject_public_key_info(spec, public_key)?;
    let message = Message::ExternalMu(mu);
    Ok(verify(spec, &public_key, SigningAlgorithm::MlDsaShake256, message, signature).is_ok())
}

/// A key as the crate reads it: behind the bytes that stand before every key of its spec.
fn subject_public_key_info(spec: KeySpec, key: &[u8]) -> Result<Vec<u8>, Failure> {
    let other = PrivateKey::generate(spec)?.public_key()?;
    Ok([other.get(..PREFIX).ok_or("a short key")?, key].concat())
}

#[expect(deprecated, reason = "the only form that the files have")]
fn expanded<P: MlDsaParams>(bytes: &[u8]) -> Result<ExpandedSigningKey<P>, Failure> {
    Ok(ExpandedSigningKey::from_expanded(
        &ExpandedSigningKeyBytes::<P>::try_from(bytes)?,
    ))
}

fn shake256(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = shake::Shake256::default();
    for part in parts {
        hash.update(part);
    }
    let mut output = vec![0; 64];
    hash.finalize_xof().read(&mut output);
    output
}

/// The random bytes that a case gives.
struct Given(Vec<u8>);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("bytes are asked for, no numbers")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("bytes are asked for, no numbers")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

impl TryCryptoRng for Given {}
