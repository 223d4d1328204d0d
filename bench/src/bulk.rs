//! Making many things before a measurement: over several connections, each request signed when it is sent.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::Value;
use tokio::task::LocalSet;

use crate::{client::Connection, error::BenchError, requests::Signer};

/// Calls are made over so many connections.
const CONNECTIONS: usize = 32;

/// Progress is told each time that so many calls are done.
const TELL_EVERY: usize = 10_000;

/// Reads how many: at least one.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().map_err(|_| "not a number".to_owned())?;
    if (1..=100_000).contains(&count) {
        Ok(count)
    } else {
        Err("from 1 to 100000".to_owned())
    }
}

struct Work<Request> {
    signer: Signer,
    operation: &'static str,
    calls: usize,
    request: Request,
    next: Cell<usize>,
    answers: RefCell<Vec<Value>>,
}

/// Calls an operation `calls` times, with what `request` gives for each number; the answers, in the order of the numbers.
pub(crate) async fn call_each(
    signer: &Signer,
    operation: &'static str,
    calls: usize,
    request: impl Fn(usize) -> Value + 'static,
) -> Result<Vec<Value>, BenchError> {
    let work = Rc::new(Work {
        signer: signer.clone(),
        operation,
        calls,
        request,
        next: Cell::new(0),
        answers: RefCell::new(vec![Value::Null; calls]),
    });
    let local = LocalSet::new();
    let callers: Vec<_> = (0..CONNECTIONS.min(calls))
        .map(|_| local.spawn_local(call_some(Rc::clone(&work))))
        .collect();
    local
        .run_until(async {
            for caller in callers {
                caller.await.map_err(|error| BenchError::Answer(error.to_string()))??;
            }
            Ok::<_, BenchError>(())
        })
        .await?;
    Ok(work.answers.take())
}

/// One connection's share.
async fn call_some<Request: Fn(usize) -> Value>(work: Rc<Work<Request>>) -> Result<(), BenchError> {
    let io = |source| BenchError::io(format!("calling {}", work.operation))(source);
    let mut connection = Connection::open(work.signer.address).await.map_err(io)?;
    loop {
        let number = work.next.get();
        if number >= work.calls {
            return Ok(());
        }
        work.next.set(number + 1);
        if number > 0 && number.is_multiple_of(TELL_EVERY) {
            eprintln!("{} {number} of {}", work.operation, work.calls);
        }
        let request = work.signer.request(work.operation, &(work.request)(number))?;
        let answer = connection.exchange(&request).await.map_err(io)?;
        if answer.status != 200 {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            return Err(BenchError::Refused {
                status: answer.status,
                body,
            });
        }
        if !answer.body.is_empty() {
            let answer = serde_json::from_slice(answer.body).map_err(|error| BenchError::Answer(error.to_string()))?;
            work.answers.borrow_mut()[number] = answer;
        }
    }
}
