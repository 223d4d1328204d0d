//! Speaks to a running server over its operator socket.
//!
//! The protocol is the same AWS JSON as everywhere; one request per connection keeps the client to a page. Who is
//! asking is told to the server by the kernel, so nothing is signed.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

/// Longest wait for an answer; a backup of a large store takes a while.
const PATIENCE: Duration = Duration::from_mins(10);

/// Largest answer that is believed.
const LARGEST: u64 = 16 << 20;

/// Why the operator got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    /// Nobody listens.
    #[error("no server answers at {}: {error}", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The socket belongs to another user.
    #[error("the operator's socket {} belongs to another user: run this as the server's user or as root", .0.display())]
    NotPermitted(PathBuf),
    /// The connection broke.
    #[error("the server broke off: {0}")]
    Broken(#[from] io::Error),
    /// The answer is not one that this program understands.
    #[error("the server's answer is not understood: {0}")]
    NotUnderstood(String),
    /// The server refused.
    #[error("the server refused: {code}: {message}")]
    Refused {
        /// The error's name.
        code: String,
        /// Its text.
        message: String,
    },
}

/// Calls one operation of the operator.
pub(crate) fn call(socket: &Path, operation: &str, input: &Value) -> Result<Value, OperatorError> {
    let mut stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => OperatorError::NotPermitted(socket.to_owned()),
        _ => OperatorError::NotRunning {
            path: socket.to_owned(),
            error,
        },
    })?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let body = input.to_string();
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: operator\r\nconnection: close\r\ncontent-type: application/x-amz-json-1.1\r\n\
         x-amz-target: TrentOperator.{operation}\r\nuser-agent: trent/{}\r\ncontent-length: {}\r\n\r\n{body}",
        env!("CARGO_PKG_VERSION"),
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer)?;
    interpret(&answer)
}

fn interpret(answer: &[u8]) -> Result<Value, OperatorError> {
    let text = std::str::from_utf8(answer).map_err(|error| OperatorError::NotUnderstood(error.to_string()))?;
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| OperatorError::NotUnderstood("no end of head".into()))?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    let document: Value = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(body).map_err(|error| OperatorError::NotUnderstood(error.to_string()))?
    };
    if status == "200" {
        return Ok(document);
    }
    let member = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| document.get(name)?.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    Err(OperatorError::Refused {
        code: document["__type"].as_str().unwrap_or(status).to_owned(),
        message: member(["message", "Message"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_refusals_are_told_apart() {
        let answer = interpret(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\": 1}").expect("an answer");
        assert_eq!(answer["a"], 1);
        let refused = interpret(b"HTTP/1.1 400 Bad Request\r\n\r\n{\"__type\":\"X\",\"Message\":\"why\"}");
        assert!(matches!(refused, Err(OperatorError::Refused { code, message }) if code == "X" && message == "why"));
        for bad in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n{", b"\xff"] {
            assert!(matches!(interpret(bad), Err(OperatorError::NotUnderstood(_))));
        }
    }
}
