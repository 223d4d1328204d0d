//! Reading a request's body within its bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::limits::Limits;

/// How much of a body that is too large is still taken off the wire, so that the client gets to read why it was refused
/// instead of a broken connection.
const DISCARD: usize = 16 << 20;

/// How long that may take. Who sends without end is told while sending.
const DISCARD_TIME: Duration = Duration::from_secs(2);

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
pub(crate) async fn read(mut body: Incoming, limits: &Limits) -> Result<Bytes, BodyError> {
    let announced = body.size_hint().lower();
    if announced > limits.body_size as u64 {
        // A body announced beyond patience is not waited for.
        if announced <= DISCARD as u64 {
            discard(&mut body).await;
        }
        return Err(BodyError::TooLarge);
    }
    let collected = tokio::time::timeout(limits.body_timeout, collect(&mut body, limits.body_size)).await;
    let whole = collected.unwrap_or(Err(BodyError::TooSlow));
    if matches!(whole, Err(BodyError::TooLarge)) {
        discard(&mut body).await;
    }
    whole
}

async fn collect(body: &mut Incoming, limit: usize) -> Result<Bytes, BodyError> {
    // Most bodies are one frame, which is taken as it is.
    let Some(first) = data(body).await? else {
        return Ok(Bytes::new());
    };
    if first.len() <= limit && body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    loop {
        if whole.len() > limit {
            return Err(BodyError::TooLarge);
        }
        match data(body).await? {
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

/// Takes what still comes off the wire, within bounds. However that ends, the answer is the same.
async fn discard(body: &mut Incoming) {
    let taken = async {
        let mut patience = DISCARD;
        while let Ok(Some(more)) = data(body).await {
            match patience.checked_sub(more.len()) {
                Some(left) => patience = left,
                None => return,
            }
        }
    };
    // Running out of time is one of the ways to end.
    let _ = tokio::time::timeout(DISCARD_TIME, taken).await;
}
