//! Sockets: opening them, and accepting connections until told to stop.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use trent_service::Peer;

/// Pending connections that the kernel keeps for us while every slot is taken.
const BACKLOG: i32 = 1024;

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Someone else listens there.
    #[error("{0} is in use: another server listens there; stop it, or choose another address with `listen`")]
    InUse(String),
    /// The address is not this machine's.
    #[error("{0} is not an address of this machine")]
    NotOurs(String),
    /// The user may not listen there.
    #[error("listening on {0} is not permitted: {1}")]
    Denied(String, io::Error),
    /// The path of a Unix socket is longer than the kernel takes.
    #[error(
        "the path of the operator's socket is too long for the system (108 bytes): {}; set `operator.socket` to a shorter one", .0.display()
    )]
    PathTooLong(PathBuf),
    /// Something that is not a socket stands where the socket should be.
    #[error("{} exists and is not a socket; it is left as it is", .0.display())]
    NotASocket(PathBuf),
    /// Anything else.
    #[error("cannot listen on {0}: {1}")]
    Other(String, io::Error),
}

impl ListenError {
    fn new(place: String, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(place),
            io::ErrorKind::AddrNotAvailable => Self::NotOurs(place),
            io::ErrorKind::PermissionDenied => Self::Denied(place, error),
            _ => Self::Other(place, error),
        }
    }
}

/// Opens a TCP listener. `SO_REUSEADDR` lets a restarted server listen at once where the old one did.
pub fn listen_tcp(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let open = || -> io::Result<TcpListener> {
        let socket: OwnedFd = rustix::net::socket_with(
            if address.is_ipv4() {
                AddressFamily::INET
            } else {
                AddressFamily::INET6
            },
            SocketType::STREAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        rustix::net::bind(socket.as_fd(), &address)?;
        rustix::net::listen(&socket, BACKLOG)?;
        TcpListener::from_std(std::net::TcpListener::from(socket))
    };
    open().map_err(|error| ListenError::new(address.to_string(), error))
}

/// Opens a Unix socket that only this user can reach. A socket that a dead server left behind is replaced; one that
/// answers is not.
pub fn listen_unix(path: &Path) -> Result<UnixListener, ListenError> {
    use std::os::unix::ffi::OsStrExt;
    const LONGEST: usize = 107;
    if path.as_os_str().as_bytes().len() > LONGEST {
        return Err(ListenError::PathTooLong(path.to_owned()));
    }
    let place = path.display().to_string();
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(ListenError::NotASocket(path.to_owned())),
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => return Err(ListenError::InUse(place)),
        Ok(_) => std::fs::remove_file(path).map_err(|error| ListenError::new(place.clone(), error))?,
        Err(_) => {}
    }
    let open = || -> io::Result<UnixListener> {
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    };
    open().map_err(|error| ListenError::new(place, error))
}

/// A listening socket of either kind.
pub(crate) trait Listener: Send + 'static {
    type Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static;

    /// The next connection and who is at its other end.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, address) = Self::accept(self).await?;
        // A reply is one write; waiting for more to send would only delay it.
        stream.set_nodelay(true)?;
        Ok((stream, Peer::Network(address.ip().to_canonical())))
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = Self::accept(self).await?;
        let uid = stream.peer_cred()?.uid();
        Ok((stream, Peer::Local { uid }))
    }
}

/// How long to leave a failed `accept` alone. Out of file descriptors, it would otherwise fail again at once.
pub(crate) fn pause_after(error: &io::Error) -> Duration {
    match error.kind() {
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted => {
            Duration::ZERO
        }
        _ => Duration::from_millis(50),
    }
}
