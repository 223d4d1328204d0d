//! Collectors of OpenTelemetry, as the configuration has them.

use std::path::Path;
use std::sync::Arc;

use hyper::Uri;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::ClientConfig;
use zeroize::Zeroizing;

use crate::config::CollectorAddress;
use crate::{Failure, key_client};

/// A collector, and what each request to it has.
pub(crate) struct Collector {
    pub(crate) url: Uri,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) headers: HeaderMap,
}

impl Collector {
    /// The collector at an address, with what the files have that it names.
    pub(crate) fn open(address: &CollectorAddress) -> Result<Self, Failure> {
        let url: Uri = address.url.parse()?;
        Ok(Self {
            tls: key_client::tls_if_certified(&url, address.ca_file.as_deref())?,
            headers: match &address.headers_file {
                Some(path) => headers(path).map_err(|error| format!("{}: {error}", path.display()))?,
                None => HeaderMap::new(),
            },
            url,
        })
    }
}

/// The headers in a file. What is wrong with a line is told without the line: it may have a secret.
fn headers(path: &Path) -> Result<HeaderMap, Failure> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new)?;
    let mut headers = HeaderMap::new();
    let lines = text.lines().map(str::trim).zip(1..);
    for (line, number) in lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#')) {
        let header = line.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
            let mut value = HeaderValue::from_str(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        let (name, value) = header.ok_or_else(|| format!("line {number} is no header; write `name: value`"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_lines_and_what_is_wrong_with_one_is_told_without_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("headers");
        std::fs::write(&path, "# ours\nAuthorization: Bearer a:b\n\nx-tenant:one\n").expect("written");
        let read = headers(&path).expect("headers");
        assert_eq!(read["authorization"], "Bearer a:b");
        assert!(read["authorization"].is_sensitive());
        assert_eq!(read["x-tenant"], "one");
        for wrong in [
            "x-tenant: one\nsecret",
            "x-tenant: one\nsec ret: x",
            "x-tenant: one\nx: \u{1}secret",
        ] {
            std::fs::write(&path, wrong).expect("written");
            let error = headers(&path).expect_err("refused").to_string();
            assert_eq!(error, "line 2 is no header; write `name: value`");
        }
    }
}
