//! What a development server asks of a request beyond a production one.
//!
//! It believes credentials that nobody verified, so a web page open on the developer's machine must not be able to
//! talk to it: a page's requests carry `Origin`, and a page that has its own name point at this machine (DNS
//! rebinding) carries that name in `Host`.

use std::net::{Ipv6Addr, SocketAddr};

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// The names under which a development server may be addressed, besides those that are always harmless.
#[derive(Clone, Debug, Default)]
pub struct DevGuard {
    hosts: Vec<String>,
}

/// Why a development server will not hear a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DevRefusal {
    /// The request comes from a web page.
    #[error("A development server takes no requests from web pages: the request has an Origin header.")]
    Origin,
    /// The request is addressed to a name that could be anybody's.
    #[error(
        "A development server answers to localhost, IP addresses, names without a dot and the names listed in dev.hosts only."
    )]
    Host,
}

impl DevGuard {
    /// Allows `hosts` besides `localhost`, names under it, names without a dot and IP addresses.
    pub fn new(hosts: Vec<String>) -> Self {
        Self { hosts }
    }

    /// Looks at where a request comes from and whom it addresses.
    pub(crate) fn check(&self, headers: &HeaderMap, authority: Option<&str>) -> Result<(), DevRefusal> {
        if headers.contains_key(ORIGIN) {
            return Err(DevRefusal::Origin);
        }
        let mut hosts = headers
            .get_all(HOST)
            .iter()
            .map(|value| value.to_str().ok())
            .chain(authority.map(Some));
        let Some(first) = hosts.next() else {
            return Err(DevRefusal::Host);
        };
        if std::iter::once(first)
            .chain(hosts)
            .all(|host| host.is_some_and(|host| self.knows(host)))
        {
            Ok(())
        } else {
            Err(DevRefusal::Host)
        }
    }

    fn knows(&self, host: &str) -> bool {
        if host.parse::<SocketAddr>().is_ok() {
            return true;
        }
        if let Some(bracketed) = host.strip_prefix('[') {
            return bracketed
                .strip_suffix(']')
                .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            Some(_) => return false,
            None => host,
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() {
            return false;
        }
        let lower = name.to_ascii_lowercase();
        lower.parse::<std::net::Ipv4Addr>().is_ok()
            || !lower.contains('.')
            || lower.ends_with(".localhost")
            || self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&lower))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn verdict(host: &str) -> Result<(), DevRefusal> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).expect("a header value"));
        DevGuard::new(vec!["kms.test.example".to_owned()]).check(&headers, None)
    }

    #[test]
    fn harmless_and_listed_names_pass() {
        for host in [
            "localhost",
            "localhost:4599",
            "127.0.0.1:4599",
            "10.0.0.7",
            "[::1]:4599",
            "[::1]",
            "kms.localhost:4599",
            "trent:4599",
            "LOCALHOST.",
            "KMS.test.example:1",
        ] {
            assert_eq!(verdict(host), Ok(()), "{host}");
        }
    }

    #[test]
    fn names_that_could_be_anybodys_are_refused() {
        for host in [
            "attacker.example",
            "attacker.example:4599",
            "localhost.attacker.example",
            "[attacker.example]",
            ":4599",
            "",
            "127.0.0.1.attacker.example",
        ] {
            assert_eq!(verdict(host), Err(DevRefusal::Host), "{host}");
        }
        assert_eq!(
            DevGuard::default().check(&HeaderMap::new(), None),
            Err(DevRefusal::Host)
        );
    }

    #[test]
    fn a_web_page_is_refused_whatever_it_addresses() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(ORIGIN, HeaderValue::from_static("null"));
        assert_eq!(DevGuard::default().check(&headers, None), Err(DevRefusal::Origin));
    }
}
