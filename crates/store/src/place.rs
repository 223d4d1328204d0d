//! The places that records live in: one Region each, or outside all Regions.

use bytes::{BufMut, Bytes, BytesMut};
use trent_names::Region;

/// Where records live.
pub trait Place: Clone + PartialEq + Send + Sync + 'static {
    /// What every key of the place starts with.
    fn prefix(&self) -> Bytes;
}

/// One Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InRegion(pub(crate) Region);

/// Outside all Regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Everywhere;

impl Place for InRegion {
    fn prefix(&self) -> Bytes {
        let name = self.0.as_str().as_bytes();
        let mut prefix = BytesMut::with_capacity(name.len() + 2);
        prefix.put_u8(b'r');
        prefix.put_slice(name);
        prefix.put_u8(0);
        prefix.freeze()
    }
}

impl Place for Everywhere {
    fn prefix(&self) -> Bytes {
        Bytes::from_static(b"g\0")
    }
}
