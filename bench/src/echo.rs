//! The bare server: hyper, one runtime like Trent's, and nothing behind it, or nothing but the cryptography.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::{cryptography::Cryptography, error::BenchError};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:4600")]
    listen: SocketAddr,
    /// Do the cryptography of an Encrypt for each request
    #[arg(long)]
    cryptography: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .map_err(BenchError::io("starting the runtime"))?;
    let listen = arguments.listen;
    let cryptography = arguments.cryptography.then(|| Arc::new(Cryptography::new()));
    let serving = runtime.spawn(async move {
        let listener = TcpListener::bind(listen).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let cryptography = cryptography.clone();
            let service = service_fn(move |request| answer(request, cryptography.clone()));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A client that goes away ends its own connection only.
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    let ended: Result<Infallible, std::io::Error> = runtime
        .block_on(serving)
        .unwrap_or_else(|error| Err(std::io::Error::other(error)));
    match ended {
        Ok(never) => match never {},
        Err(error) => Err(BenchError::io("serving")(error)),
    }
}

async fn answer(
    request: Request<Incoming>,
    cryptography: Option<Arc<Cryptography>>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    if let Some(cryptography) = cryptography {
        cryptography.encrypt(&body);
    }
    Ok(Response::new(Full::new(body)))
}
