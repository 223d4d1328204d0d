//! Answers that are data of any depth.

use serde::Serialize;
use trent_api::{Encode, Output};

/// An answer, written as JSON under the names that its type gives it.
pub(crate) struct Answer<T>(pub(crate) T);

impl<T: Serialize> Encode for Answer<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        // What an answer consists of has texts for keys, so that writing it cannot fail.
        let _ = serde_json::to_writer(out, &self.0);
    }
}

impl<T: Serialize + Send + 'static> Output for Answer<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}
