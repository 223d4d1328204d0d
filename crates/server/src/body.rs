//! Reading a request's body within its bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::limits::Limits;

/// How much of a body that is too large is still taken off the wire, so that the client gets to read why it was refused
/// instead of a broken connection.
const DISCARD: usize = 16 << 20;

/// Why a body could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// More bytes than the limit.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// The connection broke, or its framing did.
    Broken,
}

/// The whole body.
pub(crate) async fn read(body: Incoming, limits: &Limits) -> Result<Bytes, BodyError> {
    within(limits.body_timeout, collect(body, limits.body_size)).await
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, BodyError>>) -> Result<T, BodyError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(BodyError::TooSlow))
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, BodyError> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        // A body announced beyond patience is not waited for.
        if announced <= DISCARD as u64 {
            discard(&mut body, DISCARD).await?;
        }
        return Err(BodyError::TooLarge);
    }
    // Most bodies are one frame, which is taken as it is.
    let Some(first) = data(&mut body).await? else {
        return Ok(Bytes::new());
    };
    if first.len() <= limit && body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    loop {
        if whole.len() > limit {
            discard(&mut body, DISCARD).await?;
            return Err(BodyError::TooLarge);
        }
        match data(&mut body).await? {
            Some(more) => whole.extend_from_slice(&more),
            None => return Ok(whole.freeze()),
        }
    }
}

/// The next piece of data; trailers are passed over.
async fn data(body: &mut Incoming) -> Result<Option<Bytes>, BodyError> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

async fn discard(body: &mut Incoming, mut patience: usize) -> Result<(), BodyError> {
    while let Some(more) = data(body).await? {
        match patience.checked_sub(more.len()) {
            Some(left) => patience = left,
            None => return Ok(()),
        }
    }
    Ok(())
}
