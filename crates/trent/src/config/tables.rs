//! Settings that are arrays of tables: further listeners, and issuers of identity tokens.

use std::net::SocketAddr;
use std::sync::Arc;

use trent_audit::Filter;
use trent_identity::web_identity::{Issuer, KeyAddress, KeySource};
use trent_names::AccountId;
use trent_server::TlsSettings;
use trent_service::VpcEndpoint;

use super::sources::Reader;
use super::tls::{self, TlsTable};
use super::value;

/// The largest policy file that is read, in bytes: more than any policy may have.
const LARGEST_POLICY: u64 = 1 << 20;

/// A listener of the AWS API beside the first.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What it speaks TLS with, if it does.
    pub(crate) tls: Option<TlsSettings>,
    /// The private endpoint that it is, if it is one.
    pub(crate) endpoint: Option<Arc<VpcEndpoint>>,
}

/// The further listeners. Where they say nothing of TLS, they have that of the first.
pub(super) fn listeners(r: &mut Reader, first: &TlsTable) -> Vec<Listener> {
    r.read_tables(
        "listeners",
        "further listeners, each a table with `address`; a private endpoint has `endpoint_id`, `vpc_id`, `account`, `policy`, `denials`; `tls.*` or `plain_http` where they differ from `[tls]` (in the file only)",
        [
            "address",
            "endpoint_id",
            "vpc_id",
            "account",
            "policy",
            "denials",
            "plain_http",
            "tls.certificate",
            "tls.key",
            "tls.client_ca",
            "tls.client_auth",
            "tls.key_exchange",
        ],
        |[address, endpoint, vpc, account, policy, denials, plain, tls @ ..]| {
            let address = value::address(required(address, "address")?)?;
            let tls = own_tls(plain, tls).and_then(|own| match own {
                Some(own) => own.over(first).settings(),
                None => Ok(None),
            });
            Ok(Listener {
                address,
                tls: tls.map_err(|error| format!("{address}: {error}"))?,
                endpoint: private_endpoint(endpoint, vpc, account, policy, denials)?.map(Arc::new),
            })
        },
    )
}

/// What a listener says of its TLS; nothing if it is to have none.
fn own_tls(plain: Option<&str>, members: [Option<&str>; 5]) -> Result<Option<TlsTable>, String> {
    let [certificates, keys, client_ca, client_auth, key_exchange] = members;
    let own = TlsTable {
        certificates: certificates.map(value::paths).transpose()?.unwrap_or_default(),
        keys: keys.map(value::paths).transpose()?.unwrap_or_default(),
        client_ca: client_ca.map(value::path).transpose()?,
        client_auth: client_auth.map(tls::client_auth).transpose()?,
        key_exchange: key_exchange.map(tls::key_exchange).transpose()?,
    };
    match plain.map(value::yes_or_no).transpose()? {
        Some(true) if own.is_empty() => Ok(None),
        Some(true) => Err("`plain_http` and `tls` exclude each other".to_owned()),
        Some(false) | None => Ok(Some(own)),
    }
}

/// Which records are counted, by name.
pub(super) fn metrics_filters(r: &mut Reader) -> Vec<(String, Filter)> {
    r.read_tables(
        "metrics.filters",
        "filters of records of calls, each a table with `name` and `pattern`; what fits is counted (in the file only)",
        ["name", "pattern"],
        |[name, pattern]| {
            let name = required(name, "name")?;
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            {
                return Err(format!("`{name}` is no name: letters, digits, `-` and `_` make one"));
            }
            let pattern = Filter::parse(required(pattern, "pattern")?);
            let pattern = pattern.map_err(|error| format!("the pattern of `{name}` is no filter: {error}"))?;
            Ok((name.to_owned(), pattern))
        },
    )
}

/// The issuers of identity tokens.
pub(super) fn issuers(r: &mut Reader) -> Vec<Issuer> {
    r.read_tables(
        "identity.issuers",
        "issuers of identity tokens, each a table with `url` and `jwks_file` or `jwks_url`, the latter perhaps with `jwks_ca_file` (in the file only)",
        ["url", "jwks_file", "jwks_url", "jwks_ca_file"],
        |[url, file, address, authorities]| {
            let keys = match (file, address) {
                (Some(file), None) => KeySource::File(value::path(file)?),
                (None, Some(address)) => KeySource::Url(KeyAddress {
                    url: value::key_url(address)?,
                    ca_file: authorities.map(value::path).transpose()?,
                }),
                (None, None) => return Err("`jwks_file` or `jwks_url` is missing".to_owned()),
                (Some(_), Some(_)) => return Err("`jwks_file` and `jwks_url` exclude each other".to_owned()),
            };
            // Whoever wrote it expects it to restrict.
            if authorities.is_some() && !matches!(&keys, KeySource::Url(from) if value::is_https(&from.url)) {
                return Err("`jwks_ca_file` is for a `jwks_url` of `https://`, and there is none".to_owned());
            }
            Ok(Issuer {
                url: required(url, "url")?.to_owned(),
                keys,
            })
        },
    )
}

pub(super) fn required<'t>(text: Option<&'t str>, member: &str) -> Result<&'t str, String> {
    text.ok_or_else(|| format!("`{member}` is missing"))
}

fn private_endpoint(
    id: Option<&str>,
    vpc: Option<&str>,
    account: Option<&str>,
    policy: Option<&str>,
    denials: Option<&str>,
) -> Result<Option<VpcEndpoint>, String> {
    let Some(id) = id else {
        let given = [
            ("vpc_id", vpc),
            ("account", account),
            ("policy", policy),
            ("denials", denials),
        ];
        return match given.iter().find(|(_, text)| text.is_some()) {
            // Whoever wrote it expects it to restrict.
            Some((member, _)) => Err(format!(
                "`{member}` says something of a private endpoint: `endpoint_id` is missing"
            )),
            None => Ok(None),
        };
    };
    let account = account
        .map(AccountId::parse)
        .transpose()
        .map_err(|error| error.to_string())?;
    let document = policy.map(document).transpose()?;
    let endpoint = VpcEndpoint::new(id, required(vpc, "vpc_id")?, account, document.as_deref())
        .map_err(|error| format!("{id}: {error}"))?;
    match denials {
        None | Some("operator") => Ok(Some(endpoint)),
        Some("account") => Ok(Some(endpoint.telling_denials())),
        Some(other) => Err(format!("{id}: `denials` is `operator` or `account`, and not `{other}`")),
    }
}

/// A policy or a pattern: the document itself, which begins with a brace, or the file that it stands in.
pub(super) fn document(text: &str) -> Result<String, String> {
    if text.trim_start().starts_with('{') {
        return Ok(text.to_owned());
    }
    let path = value::path(text)?;
    let size = std::fs::metadata(&path).map(|metadata| metadata.len());
    let read = size.and_then(|size| {
        if size > LARGEST_POLICY {
            return Err(std::io::Error::other(format!(
                "it has more than {LARGEST_POLICY} bytes"
            )));
        }
        std::fs::read_to_string(&path)
    });
    read.map_err(|error| format!("cannot read the document {}: {error}", path.display()))
}
