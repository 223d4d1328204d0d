//! An HTTP/1.1 client that costs less than any server: one write and, as a rule, one read for each request.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The largest answer that is read.
const BUFFER: usize = 256 * 1024;

/// A connection that is kept alive.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
}

/// An answer, as far as a measurement looks at it.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER].into(),
        })
    }

    /// Sends a whole request and reads its whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some((status, head, length)) = parse_head(&self.buffer[..filled])? {
                let end = head + length;
                if end > self.buffer.len() {
                    return Err(io::Error::other("the answer is larger than expected"));
                }
                if filled > end {
                    return Err(io::Error::other("the answer goes on after its end"));
                }
                self.stream.read_exact(&mut self.buffer[filled..end]).await?;
                return Ok(Answer {
                    status,
                    body: &self.buffer[head..end],
                });
            }
        }
    }
}

/// Status, length of the head and length of the body; `None` while the head is not whole.
fn parse_head(bytes: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let malformed = || io::Error::other("not an HTTP/1.1 answer with a length");
    let status = bytes.get(9..12).and_then(number).ok_or_else(malformed)?;
    let mut lines = bytes[..end].split(|byte| *byte == b'\n');
    let length = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        name.eq_ignore_ascii_case(b"content-length:")
            .then(|| number(value.trim_ascii()))
            .flatten()
    });
    let status = u16::try_from(status).map_err(|_| malformed())?;
    Ok(Some((status, end + 4, length.ok_or_else(malformed)?)))
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_when_they_are_whole() {
        let answer = b"HTTP/1.1 200 OK\r\nx: y\r\nContent-Length: 17\r\n\r\n{}";
        assert_eq!(
            parse_head(answer).expect("well formed"),
            Some((200, answer.len() - 2, 17))
        );
        assert_eq!(parse_head(&answer[..20]).expect("so far"), None);
        assert!(parse_head(b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n").is_err());
        assert!(parse_head(b"HTTP/1.1 two OK\r\ncontent-length: 1\r\n\r\n").is_err());
    }
}
