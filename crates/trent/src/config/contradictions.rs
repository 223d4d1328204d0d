//! Settings that are fine each by itself and not together.

use std::path::Path;

use super::sources::Problem;
use super::{Config, is_loopback};

impl Config {
    /// What no single setting can tell.
    pub(super) fn contradictions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if absolute(&self.seal.key_file).starts_with(absolute(&self.data_dir)) {
            problems.push(Problem {
                at: None,
                message:
                    "`seal.key_file` lies inside `data_dir`: whoever copies the data folder would have the key to \
                          it; keep the seal elsewhere"
                        .to_owned(),
            });
        }
        if let Some(file) = &self.seal.passphrase_file
            && absolute(file).starts_with(absolute(&self.data_dir))
        {
            problems.push(Problem {
                at: None,
                message:
                    "`seal.passphrase_file` lies inside `data_dir`: whoever copies the data folder would have the \
                           passphrase to it; keep it elsewhere"
                        .to_owned(),
            });
        }
        if let (Some(address), None) = (self.metrics_listen, &self.metrics_token)
            && !is_loopback(address)
        {
            problems.push(Problem {
                at: None,
                message: format!(
                    "`metrics.listen` is {address}, which others can reach, and metrics tell of all accounts: set \
                     `metrics.token_file`, or listen on loopback"
                ),
            });
        }
        for (at, listener) in self.listeners.iter().enumerate() {
            let before = &self.listeners[..at];
            let taken = before.iter().map(|before| before.address).chain([self.listen]);
            if listener.address.port() != 0 && taken.into_iter().any(|address| address == listener.address) {
                problems.push(Problem {
                    at: None,
                    message: format!("two listeners have the address {}", listener.address),
                });
            }
            let endpoints = before.iter().filter_map(|before| before.endpoint.as_ref());
            if let Some(endpoint) = &listener.endpoint
                && endpoints.into_iter().any(|before| before.id() == endpoint.id())
            {
                problems.push(Problem {
                    at: None,
                    message: format!("two listeners are the private endpoint `{}`", endpoint.id()),
                });
            }
        }
        problems
    }
}
