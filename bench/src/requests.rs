//! Requests as an SDK sends them, signed before the measurement starts.

use std::{
    net::SocketAddr,
    rc::Rc,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{client::Connection, error::BenchError};

/// Different requests of each operation, so that nothing can be answered from the one before.
const DIFFERENT: usize = 512;

/// The size of what is encrypted.
const PLAINTEXT: usize = 32;

/// Signatures are used no longer than this after they were made; a server accepts them for 5 minutes at least.
pub(crate) const USABLE: Duration = Duration::from_mins(1);

/// The user agent of a current SDK: real heads are long.
const USER_AGENT: &str = "aws-sdk-rust/1.3.10 os/linux lang/rust/1.95.0 api/kms/1.129.0 ua/2.1 md/http#hyper";

/// An operation that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(crate) enum Operation {
    Encrypt,
    Decrypt,
}

impl Operation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Encrypt => "Encrypt",
            Self::Decrypt => "Decrypt",
        }
    }
}

/// Who signs, and for which server.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) address: SocketAddr,
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) region: String,
}

/// Signed requests of one operation, ready to be sent.
#[derive(Clone)]
pub(crate) struct Pool(Rc<[Vec<u8>]>);

impl Pool {
    pub(crate) fn of(requests: Vec<Vec<u8>>) -> Self {
        Self(requests.into())
    }

    pub(crate) fn request(&self, index: usize) -> &[u8] {
        &self.0[index % self.0.len()]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The mean size of a request.
    pub(crate) fn mean_size(&self) -> usize {
        self.0.iter().map(Vec::len).sum::<usize>() / self.0.len()
    }
}

impl Signer {
    /// The bytes of a signed request.
    pub(crate) fn request(&self, operation: &str, body: &Value) -> Result<Vec<u8>, BenchError> {
        let failed = |error: &dyn std::fmt::Display| BenchError::Signing(error.to_string());
        let body = body.to_string();
        let host = self.address.to_string();
        let target = format!("TrentService.{operation}");
        let identity = Credentials::new(&self.access_key_id, &self.secret, None, None, "bench").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("kms")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(&error))?;
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("host", &host),
            ("x-amz-target", &target),
        ];
        let url = format!("http://{host}/");
        let signable = SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(body.as_bytes()));
        let signed =
            sign(signable.map_err(|error| failed(&error))?, &parameters.into()).map_err(|error| failed(&error))?;
        let (instructions, _) = signed.into_parts();
        let mut text = String::from("POST / HTTP/1.1\r\n");
        let fixed = [
            ("accept-encoding", "identity"),
            ("user-agent", USER_AGENT),
            ("amz-sdk-invocation-id", "7f4e4d1a-9d2b-4e0a-8f0e-5b1f2f2b7c11"),
            ("amz-sdk-request", "attempt=1; max=3"),
        ];
        for (name, value) in headers.into_iter().chain(fixed).chain(instructions.headers()) {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n", &body]);
        Ok(text.into_bytes())
    }

    /// Makes a call and returns the answer's document.
    pub(crate) async fn call(&self, operation: &str, body: &Value) -> Result<Value, BenchError> {
        let request = self.request(operation, body)?;
        let io = |source| BenchError::io(format!("calling {operation}"))(source);
        let mut connection = Connection::open(self.address).await.map_err(io)?;
        let answer = connection.exchange(&request).await.map_err(io)?;
        if answer.status != 200 {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            return Err(BenchError::Refused {
                status: answer.status,
                body,
            });
        }
        serde_json::from_slice(answer.body).map_err(|error| BenchError::Answer(error.to_string()))
    }
}

/// The bodies of the requests that are measured, all with one key.
pub(crate) struct Bodies {
    encrypt: Vec<Value>,
    decrypt: Vec<Value>,
}

impl Bodies {
    /// Makes a key, and a ciphertext for each plaintext.
    pub(crate) async fn prepare(signer: &Signer) -> Result<Self, BenchError> {
        let created = signer.call("CreateKey", &json!({ "Description": "bench" })).await?;
        let key = created["KeyMetadata"]["KeyId"]
            .as_str()
            .ok_or_else(|| BenchError::Answer(created.to_string()))?;
        let mut bodies = Self {
            encrypt: Vec::new(),
            decrypt: Vec::new(),
        };
        for index in 0..DIFFERENT {
            let mut plaintext = [0x42; PLAINTEXT];
            plaintext[..8].copy_from_slice(&(index as u64).to_be_bytes());
            let encrypt = json!({ "KeyId": key, "Plaintext": STANDARD.encode(plaintext) });
            let encrypted = signer.call("Encrypt", &encrypt).await?;
            bodies
                .decrypt
                .push(json!({ "CiphertextBlob": encrypted["CiphertextBlob"] }));
            bodies.encrypt.push(encrypt);
        }
        Ok(bodies)
    }

    /// Signs them for now.
    pub(crate) fn sign(&self, signer: &Signer, operation: Operation) -> Result<Pool, BenchError> {
        let bodies = match operation {
            Operation::Encrypt => &self.encrypt,
            Operation::Decrypt => &self.decrypt,
        };
        let requests = bodies.iter().map(|body| signer.request(operation.name(), body));
        Ok(Pool::of(requests.collect::<Result<_, _>>()?))
    }
}
