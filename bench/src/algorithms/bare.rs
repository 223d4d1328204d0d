//! One call of the library, again and again, with nothing around it.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, ML_DSA_65_SIGNING, PqdsaKeyPair, RSA_PSS_SHA256},
};

use crate::{affinity, error::BenchError};

const MESSAGE: [u8; 32] = [0x42; 32];

/// What is called.
#[derive(Clone, Copy)]
pub(super) enum Call {
    SignP256,
    SignRsa2048,
    SignRsa4096,
    SignMlDsa65,
    Hmac256,
    MakeP256,
    MakeRsa2048,
}

impl Call {
    /// How many microseconds one call takes, on one core, over some time.
    pub(super) fn micros(self, core: usize, duration: Duration) -> Result<f64, BenchError> {
        let measuring = thread::spawn(move || {
            affinity::pin(core)?;
            let call = self.prepared();
            let start = Instant::now();
            let mut calls = 0.0;
            while start.elapsed() < duration {
                call();
                calls += 1.0;
            }
            Ok(start.elapsed().as_secs_f64() * 1_000_000.0 / calls)
        });
        measuring
            .join()
            .map_err(|_| BenchError::Answer("a bare call panicked".to_owned()))?
    }

    /// The call, its key made.
    fn prepared(self) -> Box<dyn Fn()> {
        match self {
            Self::SignP256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key pair");
                Box::new(move || {
                    black_box(pair.sign(&SystemRandom::new(), &MESSAGE).expect("a signature"));
                })
            }
            Self::SignRsa2048 => sign_rsa(KeySize::Rsa2048),
            Self::SignRsa4096 => sign_rsa(KeySize::Rsa4096),
            Self::SignMlDsa65 => {
                let pair = PqdsaKeyPair::generate(&ML_DSA_65_SIGNING).expect("a key pair");
                let length = ML_DSA_65_SIGNING.signature_len();
                Box::new(move || {
                    let mut signature = vec![0; length];
                    pair.sign(&MESSAGE, &mut signature).expect("a signature");
                    black_box(signature);
                })
            }
            Self::Hmac256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &MESSAGE);
                Box::new(move || {
                    black_box(hmac::sign(&key, &MESSAGE));
                })
            }
            Self::MakeP256 => Box::new(|| {
                black_box(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key pair"));
            }),
            Self::MakeRsa2048 => Box::new(|| {
                black_box(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key pair"));
            }),
        }
    }
}

fn sign_rsa(size: KeySize) -> Box<dyn Fn()> {
    let pair = RsaKeyPair::generate(size).expect("a key pair");
    Box::new(move || {
        let mut signature = vec![0; pair.public_modulus_len()];
        let signed = pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), &MESSAGE, &mut signature);
        signed.expect("a signature");
        black_box(signature);
    })
}
