//! What this binary says it is.

/// `0.1.0 (commit 0123456789ab, release)`; the commit is left out if it was not known when building.
pub(crate) const VERSION: &str = const {
    if env!("TRENT_BUILD_COMMIT").is_empty() {
        concat!(env!("CARGO_PKG_VERSION"), " (", env!("TRENT_BUILD_PROFILE"), ")")
    } else {
        concat!(
            env!("CARGO_PKG_VERSION"),
            " (commit ",
            env!("TRENT_BUILD_COMMIT"),
            ", ",
            env!("TRENT_BUILD_PROFILE"),
            ")"
        )
    }
};
