//! A client of a page: signed AWS JSON requests over a plain connection, one connection each.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::Value;

/// What a client signs with.
#[derive(Clone, Debug)]
pub(crate) struct AccessKey {
    /// The access key's id.
    pub(crate) id: String,
    /// Its secret.
    pub(crate) secret: String,
}

/// An answer: the HTTP status and the document.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body; null if it is empty.
    pub(crate) document: Value,
}

impl Answer {
    /// The error's name, or nothing.
    pub(crate) fn error(&self) -> &str {
        self.document["__type"].as_str().unwrap_or_default()
    }
}

/// Speaks to one server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// `host:port`.
    pub(crate) address: String,
    /// The Region that requests are signed for.
    pub(crate) region: String,
    /// The credentials.
    pub(crate) key: AccessKey,
}

impl Client {
    /// Calls a KMS operation.
    pub(crate) fn call(&self, operation: &str, input: &Value) -> io::Result<Answer> {
        let request = self.request(operation, input.to_string().as_bytes(), "close")?;
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(&request)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        interpret(&answer)
    }

    /// The bytes of a signed HTTP/1.1 request.
    pub(crate) fn request(&self, operation: &str, body: &[u8], connection: &str) -> io::Result<Vec<u8>> {
        let target = format!("TrentService.{operation}");
        let headers = [
            ("host", self.address.as_str()),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", &target),
        ];
        let mut head = format!(
            "POST / HTTP/1.1\r\nconnection: {connection}\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            header(&mut head, name, value);
        }
        for (name, value) in self.sign(&headers, body).map_err(io::Error::other)? {
            header(&mut head, &name, &value);
        }
        head.push_str("\r\n");
        Ok([head.as_bytes(), body].concat())
    }

    /// The headers that sign a `POST /` with these headers and this body.
    pub(crate) fn sign(
        &self,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Vec<(String, String)>, Box<dyn std::error::Error + Send + Sync>> {
        let identity = Credentials::new(&self.key.id, &self.key.secret, None, None, "static").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("kms")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let url = format!("http://{}/", self.address);
        let request = SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(body))?;
        let (instructions, _) = sign(request, &params)?.into_parts();
        Ok(instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}

fn header(head: &mut String, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        head.push_str(part);
    }
}

/// Reads the bytes of an HTTP/1.1 answer.
pub(crate) fn interpret(answer: &[u8]) -> io::Result<Answer> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let text = std::str::from_utf8(answer).map_err(|_| broken("the answer is not text"))?;
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| broken("the answer is cut off"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let document = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(body)?
    };
    Ok(Answer {
        status: status.ok_or_else(|| broken("the answer has no status"))?,
        document,
    })
}
