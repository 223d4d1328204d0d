use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A host that takes connections, by a name that resolves to it.
async fn host(resolving: Resolving) -> Host {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut read = [0; 4096];
                while let Ok(1..) = stream.read(&mut read).await {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
                        .await;
                }
            });
        }
    });
    let url = format!("http://localhost:{port}/").parse().expect("a URL");
    Host::new(url, None, resolving).expect("it has a host")
}

async fn asked(host: &mut Host) -> Result<Bytes, Unanswered> {
    let request = Request::new(Full::default());
    let answer = host.send_within(Duration::from_secs(5), request).await?;
    Ok(answer.into_body())
}

#[tokio::test]
async fn a_name_that_is_resolved_once_means_what_it_meant_then() {
    let mut host = host(Resolving::Once).await;
    assert_eq!(asked(&mut host).await, Ok(Bytes::from_static(b"hi")));
    // Whatever the name means from now on, the address stays.
    host.name = "nowhere.invalid".to_owned();
    host.connection = None;
    asked(&mut host).await.expect("answered");
}

#[tokio::test]
async fn a_name_that_is_resolved_anew_means_what_it_means_now() {
    let mut host = host(Resolving::Anew).await;
    asked(&mut host).await.expect("answered");
    host.addresses = vec!["127.0.0.1:1".parse().expect("an address")];
    host.connection = None;
    asked(&mut host).await.expect("answered");
    assert!(host.addresses.iter().all(|address| address.port() != 1));
}
