//! TLS: what is agreed upon with whom, certificates that are replaced, and clients that take their time.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, SECP256R1MLKEM768, SECP384R1, X25519, X25519MLKEM768};
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use trent_api::{JsonVersion, Protocol};
use trent_server::{CertificateFiles, ClientCertificates, KeyExchange, Limits, Server, Stop, Tls, TlsSettings};
use trent_service::{Endpoint, Frame, Reply};

type Groups = [&'static dyn SupportedKxGroup];

/// Answers with what it was told of the connection.
struct Telling;

#[async_trait]
impl Endpoint for Telling {
    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target_prefix: "Telling",
            version: JsonVersion::V1_1,
        }
    }

    async fn serve(&self, frame: Frame<'_>) -> Reply {
        let told = frame.tls.map_or("plain".to_owned(), |tls| {
            format!("{} {}", tls.version, tls.key_exchange.unwrap_or("none"))
        });
        Reply {
            status: 200,
            body: told.into_bytes().into(),
            error: None,
        }
    }
}

/// A listener, its authority and its files.
struct World {
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    tls: Arc<Tls>,
    address: std::net::SocketAddr,
    stop: Stop,
}

impl World {
    async fn new(key_exchange: KeyExchange) -> Self {
        Self::with(key_exchange, Limits::default()).await
    }

    async fn with(key_exchange: KeyExchange, limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        certify(&authority, folder.path(), "first", "a.example.com");
        certify(&authority, folder.path(), "second", "b.example.com");
        let files = |name: &str| CertificateFiles {
            chain: folder.path().join(format!("{name}.pem")),
            key: folder.path().join(format!("{name}.key")),
        };
        let settings = TlsSettings {
            certificates: vec![files("first"), files("second")],
            clients: ClientCertificates::Ignored,
            key_exchange,
        };
        let tls = Arc::new(Tls::open(settings).expect("in order"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = Server::new(Arc::new(Telling), Vec::new(), limits).with_tls(Some(Arc::clone(&tls)));
        let stop = Stop::default();
        tokio::spawn(Arc::new(server).serve_tcp(listener, stop.clone()));
        Self {
            folder,
            authority,
            tls,
            address,
            stop,
        }
    }

    async fn connect(
        &self,
        groups: &Groups,
        versions: &[&'static SupportedProtocolVersion],
        name: &'static str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let provider = CryptoProvider {
            kx_groups: groups.to_vec(),
            ..aws_lc_rs::default_provider()
        };
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.as_ref().der().clone()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(name).expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// The group by the word of a client that knows these, and by the server's word; neither if they have none in common.
    async fn agreed(
        &self,
        groups: &Groups,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Option<(String, String)> {
        let mut connection = self.connect(groups, versions, "a.example.com").await.ok()?;
        let answer = ask(&mut connection).await?;
        let group = connection.get_ref().1.negotiated_key_exchange_group()?;
        Some((format!("{:?}", group.name()), answer))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.request();
    }
}

fn certify(
    authority: &CertifiedIssuer<'static, KeyPair>,
    folder: &Path,
    file: &str,
    name: &str,
) -> CertificateDer<'static> {
    let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, authority).expect("certified");
    let pem = |kind, der| {
        format!(
            "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
            STANDARD.encode(der)
        )
    };
    let (chain, private) = (
        pem("CERTIFICATE", &certificate.der()[..]),
        pem("PRIVATE KEY", &key.serialize_der()),
    );
    std::fs::write(folder.join(format!("{file}.pem")), chain).expect("written");
    std::fs::write(folder.join(format!("{file}.key")), private).expect("written");
    certificate.der().clone()
}

/// What the service was told of this connection.
async fn ask(connection: &mut TlsStream<TcpStream>) -> Option<String> {
    let request = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.1\r\n\
                   x-amz-target: Telling.Tell\r\ncontent-length: 2\r\n\r\n{}";
    connection.write_all(request.as_bytes()).await.ok()?;
    let mut answer = vec![0; 4096];
    let length = connection.read(&mut answer).await.ok()?;
    let answer = String::from_utf8(answer[..length].to_vec()).ok()?;
    Some(answer.split_once("\r\n\r\n")?.1.to_owned())
}

const BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// AUTHZ-245, AUTHZ-248, AUTHZ-250, REF-103: with whom which group is agreed upon, by the client's word and the server's.
#[tokio::test]
async fn the_setting_and_the_clients_list_decide_about_the_group() {
    use KeyExchange::{ClassicOnly, PqPreferred, PqRequired};
    /// The setting, the client's list, and what the client and the service call the group that comes of them.
    type Row<'a> = (KeyExchange, &'a Groups, Option<(&'static str, &'static str)>);
    let rows: [Row<'_>; 12] = [
        (
            PqPreferred,
            &[X25519MLKEM768, X25519],
            Some(("X25519MLKEM768", "X25519MLKEM768")),
        ),
        // A client that lists a classic group first gets the hybrid one that it knows too.
        (
            PqPreferred,
            &[X25519, X25519MLKEM768],
            Some(("X25519MLKEM768", "X25519MLKEM768")),
        ),
        (
            PqPreferred,
            &[SECP384R1, SECP256R1MLKEM768],
            Some(("secp256r1MLKEM768", "SecP256r1MLKEM768")),
        ),
        (PqPreferred, &[X25519, SECP256R1], Some(("X25519", "x25519"))),
        (PqPreferred, &[SECP384R1], Some(("secp384r1", "secp384r1"))),
        (ClassicOnly, &[X25519MLKEM768, X25519], Some(("X25519", "x25519"))),
        (
            ClassicOnly,
            &[SECP256R1MLKEM768, SECP256R1],
            Some(("secp256r1", "secp256r1")),
        ),
        (ClassicOnly, &[X25519MLKEM768], None),
        (
            PqRequired,
            &[X25519MLKEM768, X25519],
            Some(("X25519MLKEM768", "X25519MLKEM768")),
        ),
        (
            PqRequired,
            &[X25519, SECP256R1MLKEM768],
            Some(("secp256r1MLKEM768", "SecP256r1MLKEM768")),
        ),
        (PqRequired, &[X25519], None),
        (PqRequired, &[SECP256R1, SECP384R1], None),
    ];
    for (setting, groups, expected) in rows {
        let world = World::new(setting).await;
        let expected = expected.map(|(client, server)| (client.to_owned(), format!("TLSv1.3 {server}")));
        assert_eq!(world.agreed(groups, &BOTH).await, expected, "{setting:?} {groups:?}");
        let (done, failed): (u64, u64) = (
            world.tls.handshakes().map(|(_, _, count)| count).sum(),
            world.tls.failures().map(|(_, count)| count).sum(),
        );
        assert_eq!((done, failed), if expected.is_some() { (1, 0) } else { (0, 1) });
    }
}

/// REF-101: a client of TLS 1.2 is served, whatever groups it names, but where a hybrid one is required.
#[tokio::test]
async fn clients_of_tls_1_2_have_classic_groups() {
    for (setting, expected) in [
        (KeyExchange::PqPreferred, Some("TLSv1.2 x25519")),
        (KeyExchange::ClassicOnly, Some("TLSv1.2 x25519")),
        (KeyExchange::PqRequired, None),
    ] {
        let world = World::new(setting).await;
        let agreed = world.agreed(&[X25519MLKEM768, X25519], &[&TLS12]).await;
        assert_eq!(
            agreed.as_ref().map(|(_, server)| server.as_str()),
            expected,
            "{setting:?}"
        );
    }
}

#[tokio::test]
async fn a_certificate_is_chosen_by_the_name_that_the_client_asks_for() {
    let world = World::new(KeyExchange::PqPreferred).await;
    for name in ["a.example.com", "b.example.com"] {
        let connection = world.connect(&[X25519], &BOTH, name).await;
        assert!(connection.is_ok(), "the client checks that it is for {name}");
    }
    assert!(world.connect(&[X25519], &BOTH, "c.example.com").await.is_err());
}

#[tokio::test]
async fn new_files_are_for_new_connections_and_bad_ones_for_none() {
    let world = World::new(KeyExchange::PqPreferred).await;
    let shown = |connection: &TlsStream<TcpStream>| {
        let chain = connection.get_ref().1.peer_certificates().expect("certificates");
        chain[0].clone().into_owned()
    };
    let mut earlier = world
        .connect(&[X25519], &BOTH, "a.example.com")
        .await
        .expect("connected");
    let first = shown(&earlier);
    let second = certify(&world.authority, world.folder.path(), "first", "a.example.com");
    assert!(world.tls.is_outdated());
    world.tls.reload().expect("in order");
    assert!(!world.tls.is_outdated());
    let later = world
        .connect(&[X25519], &BOTH, "a.example.com")
        .await
        .expect("connected");
    assert_eq!(shown(&later), second);
    assert_ne!(first, second);
    assert_eq!(ask(&mut earlier).await.as_deref(), Some("TLSv1.3 x25519"), "it goes on");

    let file = world.folder.path().join("first.key");
    std::fs::copy(world.folder.path().join("second.key"), file).expect("copied");
    let refused = world.tls.reload().expect_err("the key of another").to_string();
    assert!(refused.contains("is not that of the certificate"), "{refused}");
    assert_eq!(world.tls.problem(), Some(refused));
    assert_eq!(world.tls.reloads(), [1, 1]);
    let later = world
        .connect(&[X25519], &BOTH, "a.example.com")
        .await
        .expect("connected");
    assert_eq!(shown(&later), second);
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_gives_its_place_back() {
    let limits = Limits {
        connections: 1,
        handshake_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let world = World::with(KeyExchange::PqPreferred, limits).await;
    let began = Instant::now();
    let mut silent = TcpStream::connect(world.address).await.expect("connected");
    silent.write_all(&[0x16, 0x03, 0x01]).await.expect("sent");
    // There is one place, and it is taken: this one waits.
    assert!(world.agreed(&[X25519], &BOTH).await.is_some());
    assert!(began.elapsed() >= Duration::from_millis(150) && began.elapsed() < Duration::from_secs(10));
    assert_eq!(
        world.tls.failures().find(|(reason, _)| *reason == "timeout"),
        Some(("timeout", 1))
    );
    assert_eq!(silent.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_server_that_stops_waits_for_no_handshake() {
    let world = World::new(KeyExchange::PqPreferred).await;
    let mut silent = TcpStream::connect(world.address).await.expect("connected");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    world.stop.request();
    assert_eq!(silent.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(began.elapsed() < Duration::from_secs(5));
}
