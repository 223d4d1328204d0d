//! Syslog: each record is a message of RFC 5424 to a collector, over a local socket, UDP or TCP.
//!
//! Syslog has no acknowledgement. What a socket took counts as delivered; over UDP, and where a collector ends with
//! messages in its buffers, some may be lost.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket, UnixDatagram};
use trent_audit::Entry;

use super::{Outlet, Taken};

/// Facility 13 (log audit), severity 6 (informational).
const INFORMATIONAL: u8 = 13 * 8 + 6;

/// The same facility, severity 4 (warning): what was refused or failed.
const WARNING: u8 = 13 * 8 + 4;

/// The longest message that goes into one datagram; the rest of a longer one is left out.
const LONGEST_DATAGRAM: usize = 60_000;

/// The longest wait for a collector.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a collector listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collector {
    /// A socket of this machine, such as `/dev/log`.
    Local(PathBuf),
    /// A host and port, over UDP.
    Udp(String),
    /// A host and port, over TCP. Each message has its length in front, as RFC 6587 has it.
    Tcp(String),
}

/// An address that is none of a collector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no collector; write `udp://host:port`, `tcp://host:port` or `unix:///path`")]
pub struct NoCollector(String);

impl std::str::FromStr for Collector {
    type Err = NoCollector;

    fn from_str(text: &str) -> Result<Self, NoCollector> {
        let has_port = |address: &&str| {
            address
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
        };
        let parsed = match text.split_once("://") {
            Some(("udp", address)) => Some(address).filter(has_port).map(|it| Self::Udp(it.to_owned())),
            Some(("tcp", address)) => Some(address).filter(has_port).map(|it| Self::Tcp(it.to_owned())),
            Some(("unix", path)) if path.starts_with('/') => Some(Self::Local(path.into())),
            _ => None,
        };
        parsed.ok_or_else(|| NoCollector(text.to_owned()))
    }
}

/// Messages to a collector. Its name is resolved once.
pub struct Syslog {
    collector: Collector,
    host: String,
    addresses: Vec<SocketAddr>,
    open: Option<Open>,
}

enum Open {
    Local(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Syslog {
    /// Messages to this collector.
    pub fn new(collector: Collector) -> Self {
        let host = rustix::system::uname();
        Self {
            collector,
            host: host
                .nodename()
                .to_str()
                .ok()
                .map_or_else(|| "-".to_owned(), header_field),
            addresses: Vec::new(),
            open: None,
        }
    }

    async fn send(&mut self, record: &[u8]) -> std::io::Result<()> {
        let message = self.message(record);
        let open = match self.open.take() {
            Some(open) => open,
            None => self.connect().await?,
        };
        let open = self.open.insert(open);
        match open {
            Open::Local(socket) => socket.send(cut(&message)).await.map(drop),
            Open::Udp(socket) => socket.send(cut(&message)).await.map(drop),
            Open::Tcp(stream) => {
                let framed = [message.len().to_string().as_bytes(), b" ", &message].concat();
                stream.write_all(&framed).await
            }
        }
    }

    async fn connect(&mut self) -> std::io::Result<Open> {
        match self.collector.clone() {
            Collector::Local(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                Ok(Open::Local(socket))
            }
            Collector::Udp(address) => {
                let to = self.resolved(&address).await?;
                let any = if to.iter().any(SocketAddr::is_ipv4) {
                    "0.0.0.0:0"
                } else {
                    "[::]:0"
                };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(to.as_slice()).await?;
                Ok(Open::Udp(socket))
            }
            Collector::Tcp(address) => {
                let to = self.resolved(&address).await?;
                TcpStream::connect(to.as_slice()).await.map(Open::Tcp)
            }
        }
    }

    async fn resolved(&mut self, address: &str) -> std::io::Result<Vec<SocketAddr>> {
        if self.addresses.is_empty() {
            self.addresses = tokio::net::lookup_host(address).await?.collect();
        }
        Ok(self.addresses.clone())
    }

    /// The record as a message.
    fn message(&self, record: &[u8]) -> Vec<u8> {
        let about: About = serde_json::from_slice(record).unwrap_or_default();
        let priority = if about.error_code.is_some() {
            WARNING
        } else {
            INFORMATIONAL
        };
        let header = format!(
            "<{priority}>1 {} {} trent {} {} - ",
            if about.event_time.is_empty() {
                "-"
            } else {
                &about.event_time
            },
            self.host,
            std::process::id(),
            header_field(&about.event_name),
        );
        [header.as_bytes(), record].concat()
    }
}

/// What of a record stands in the header of its message.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct About {
    event_time: String,
    event_name: String,
    error_code: Option<serde::de::IgnoredAny>,
}

/// A text as the header of a message may have it: printable, without spaces, not long, not empty.
fn header_field(text: &str) -> String {
    let field: String = text.chars().filter(char::is_ascii_graphic).take(32).collect();
    if field.is_empty() { "-".to_owned() } else { field }
}

/// As much of a message as goes into a datagram.
fn cut(message: &[u8]) -> &[u8] {
    let mut end = message.len().min(LONGEST_DATAGRAM);
    // Not within a character.
    while end < message.len() && end > 0 && message[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    &message[..end]
}

#[async_trait]
impl Outlet for Syslog {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        let mut count = 0;
        for record in records {
            let sent = tokio::time::timeout(PATIENCE, self.send(&record.json)).await;
            let sent = sent.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
            if let Err(error) = sent {
                // Whatever is left of the connection, the next message begins on a new one.
                self.open = None;
                return Taken {
                    count,
                    failure: Some(error.into()),
                };
            }
            count += 1;
        }
        Taken { count, failure: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_message_of_the_log_audit_facility() {
        let syslog = Syslog {
            host: "node-1".to_owned(),
            ..Syslog::new(Collector::Local("/dev/log".into()))
        };
        let record = br#"{"eventTime":"2026-01-02T03:04:05Z","eventName":"Encrypt"}"#;
        let message = String::from_utf8(syslog.message(record)).expect("text");
        let expected = format!(
            "<110>1 2026-01-02T03:04:05Z node-1 trent {} Encrypt - {}",
            std::process::id(),
            String::from_utf8_lossy(record)
        );
        assert_eq!(message, expected);
        let refused = br#"{"eventTime":"2026-01-02T03:04:05Z","eventName":"a b]\n","errorCode":"AccessDenied"}"#;
        let message = String::from_utf8(syslog.message(refused)).expect("text");
        assert!(
            message.starts_with("<108>1 ") && message.contains(" ab] - {"),
            "{message}"
        );
        assert_eq!(header_field(""), "-");
        let long = "ü".repeat(LONGEST_DATAGRAM);
        let part = cut(long.as_bytes());
        assert!(part.len() <= LONGEST_DATAGRAM && str::from_utf8(part).is_ok());
    }

    #[test]
    fn collectors_are_named_by_how_they_are_reached() {
        for (text, collector) in [
            (
                "udp://log.example.com:514",
                Collector::Udp("log.example.com:514".into()),
            ),
            ("tcp://[::1]:601", Collector::Tcp("[::1]:601".into())),
            ("unix:///dev/log", Collector::Local("/dev/log".into())),
        ] {
            assert_eq!(text.parse(), Ok(collector));
        }
        for bad in [
            "",
            "log.example.com:514",
            "udp://:514",
            "tcp://host",
            "tcp://host:0",
            "unix://dev/log",
            "http://x:1",
        ] {
            assert!(bad.parse::<Collector>().is_err(), "{bad}");
        }
    }
}
