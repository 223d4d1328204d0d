//! The entries of a catalogue: a row and, once the operation is built, how to run it.

use futures_util::future::BoxFuture;
use trent_api::ApiError;

use crate::call::Call;
use crate::operation::{Operation, Service};
use crate::pipeline::{self, Pipeline};
use crate::row::Row;

/// Runs one operation for an admitted call; gives the body of the reply.
type Run<S> = for<'a> fn(&'a Pipeline, &'a S, &'a Call, &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, ApiError>>;

/// One operation in a catalogue.
pub struct Entry<S: Service> {
    /// What is fixed about the operation.
    pub row: &'static Row<S::Rules>,
    run: Option<Run<S>>,
}

impl<S: Service> Entry<S> {
    /// An operation that is built.
    pub const fn built<O: Operation<Service = S>>() -> Self {
        Self {
            row: O::ROW,
            run: Some(|pipeline, service, call, body| Box::pin(pipeline::run::<O>(pipeline, service, call, body))),
        }
    }

    /// An operation that is known but not built; calls get `UnknownOperationException`.
    pub const fn unbuilt(row: &'static Row<S::Rules>) -> Self {
        Self { row, run: None }
    }

    /// Whether calls reach the operation's own code.
    pub const fn is_built(&self) -> bool {
        self.run.is_some()
    }

    pub(crate) fn runner(&self) -> Option<Run<S>> {
        self.run
    }
}
