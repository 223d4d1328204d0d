//! HTTP/1.1 by hand, so that a test can send what no client library would.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// One answer as it came.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl RawAnswer {
    /// The error's name in the body, or nothing.
    pub(crate) fn error(&self) -> String {
        let document: Value = serde_json::from_str(&self.body).unwrap_or_default();
        document["__type"].as_str().unwrap_or_default().to_owned()
    }
}

/// A connection on which requests follow each other.
pub(crate) struct Connection(pub(crate) TcpStream);

impl Connection {
    pub(crate) fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a timeout");
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> io::Result<RawAnswer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|status| status.parse().ok());
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers
            .get("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(RawAnswer {
            status: status.expect("a status"),
            headers,
            body: String::from_utf8(body).expect("text"),
        })
    }

    /// Sends bytes and reads the answer to them.
    pub(crate) fn ask(&mut self, bytes: &[u8]) -> RawAnswer {
        self.send(bytes).expect("sent");
        self.answer().expect("an answer")
    }

    /// Whether the server closed the connection without a word.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0) | Err(_))
    }
}

/// One request on a connection of its own.
pub(crate) fn ask(address: &str, bytes: &[u8]) -> RawAnswer {
    Connection::open(address).ask(bytes)
}
