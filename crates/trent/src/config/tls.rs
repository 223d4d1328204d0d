//! What the configuration says of TLS: once for all listeners, and of each further one what differs.

use std::net::SocketAddr;
use std::path::PathBuf;

use trent_server::{CertificateFiles, ClientCertificates, KeyExchange, Tls, TlsSettings};

use super::sources::{Problem, Reader};
use super::{Config, value};

/// What one table says, before it is known what another one adds.
#[derive(Clone, Debug, Default)]
pub(super) struct TlsTable {
    pub(super) certificates: Vec<PathBuf>,
    pub(super) keys: Vec<PathBuf>,
    pub(super) client_ca: Option<PathBuf>,
    pub(super) client_auth: Option<ClientAuth>,
    pub(super) key_exchange: Option<KeyExchange>,
}

/// Whether clients need a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientAuth {
    None,
    Optional,
    Required,
}

pub(super) fn client_auth(text: &str) -> Result<ClientAuth, String> {
    let words = [
        ("none", ClientAuth::None),
        ("optional", ClientAuth::Optional),
        ("required", ClientAuth::Required),
    ];
    value::one_of(&words, text)
}

pub(super) fn key_exchange(text: &str) -> Result<KeyExchange, String> {
    let all = [
        KeyExchange::PqPreferred,
        KeyExchange::ClassicOnly,
        KeyExchange::PqRequired,
    ];
    value::one_of(&all.map(|setting| (setting.as_str(), setting)), text)
}

impl TlsTable {
    /// The settings for all listeners.
    pub(super) fn read(r: &mut Reader) -> Self {
        let certificates = r.read(
            "tls.certificate",
            "PEM file of the certificate and what leads to its authority; several are chosen by the name that clients ask for; without one, HTTP is plain",
            "",
            value::paths,
        );
        let keys = r.read(
            "tls.key",
            "PEM file of its private key, one for each certificate; in the certificate's file if not set",
            "",
            value::paths,
        );
        let client_ca = r.read_optional_path(
            "tls.client_ca",
            "PEM file of the authorities whose certificates clients must show",
        );
        let client_auth = r.read(
            "tls.client_auth",
            "with `tls.client_ca`: `required`, `optional`, or `none`, which asks for no certificate",
            "required",
            client_auth,
        );
        let key_exchange = r.read(
            "tls.key_exchange",
            "`pq-preferred`: hybrid post-quantum with every client that knows it; `classic-only`; `pq-required`",
            "pq-preferred",
            key_exchange,
        );
        Self {
            certificates: certificates.unwrap_or_default(),
            keys: keys.unwrap_or_default(),
            client_ca,
            client_auth,
            key_exchange,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.certificates.is_empty()
            && self.keys.is_empty()
            && self.client_ca.is_none()
            && self.client_auth.is_none()
            && self.key_exchange.is_none()
    }

    /// This where it says something, and the other one elsewhere. A certificate and its key go together.
    pub(super) fn over(self, other: &Self) -> Self {
        let (certificates, keys) = match (self.certificates.is_empty(), self.keys.is_empty()) {
            (true, true) => (other.certificates.clone(), other.keys.clone()),
            _ => (self.certificates, self.keys),
        };
        Self {
            certificates,
            keys,
            client_ca: self.client_ca.or_else(|| other.client_ca.clone()),
            client_auth: self.client_auth.or(other.client_auth),
            key_exchange: self.key_exchange.or(other.key_exchange),
        }
    }

    /// The TLS that it describes, or none.
    pub(super) fn settings(self) -> Result<Option<TlsSettings>, String> {
        if self.certificates.is_empty() {
            // Whoever wrote it expects it to restrict.
            let expected = if self.client_ca.is_some() {
                Some("`tls.client_ca` is for TLS")
            } else if !self.keys.is_empty() {
                Some("`tls.key` is the key of a certificate")
            } else if self.key_exchange == Some(KeyExchange::PqRequired) {
                Some("`tls.key_exchange` is `pq-required`")
            } else {
                None
            };
            return match expected {
                Some(expected) => Err(format!("{expected}, and `tls.certificate` is missing")),
                None => Ok(None),
            };
        }
        let keys = if self.keys.is_empty() {
            &self.certificates
        } else {
            &self.keys
        };
        if keys.len() != self.certificates.len() {
            return Err(format!(
                "`tls.certificate` names {} files and `tls.key` {}: each certificate has its key",
                self.certificates.len(),
                keys.len()
            ));
        }
        let pairs = self.certificates.iter().zip(keys);
        let clients = match (self.client_ca, self.client_auth.unwrap_or(ClientAuth::Required)) {
            (_, ClientAuth::None) | (None, ClientAuth::Required) => ClientCertificates::Ignored,
            (None, ClientAuth::Optional) => {
                return Err("`tls.client_auth` is `optional`, and `tls.client_ca` is missing".to_owned());
            }
            (Some(file), ClientAuth::Optional) => ClientCertificates::Optional(file),
            (Some(file), ClientAuth::Required) => ClientCertificates::Required(file),
        };
        Ok(Some(TlsSettings {
            certificates: pairs
                .map(|(chain, key)| CertificateFiles {
                    chain: chain.clone(),
                    key: key.clone(),
                })
                .collect(),
            clients,
            key_exchange: self.key_exchange.unwrap_or(KeyExchange::PqPreferred),
        }))
    }
}

/// Whether only this machine reaches an address.
pub(crate) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

impl Config {
    /// Every listener over TCP with what it is called, and its TLS. Metrics are read by who shows a token, if at all, so no
    /// certificate is asked for there.
    pub(crate) fn transports(&self) -> impl Iterator<Item = (&'static str, SocketAddr, Option<TlsSettings>)> {
        let first = ("listen", self.listen, self.tls.clone());
        let further = self.listeners.iter();
        let further = further.map(|listener| ("listeners", listener.address, listener.tls.clone()));
        let metrics = self
            .metrics_listen
            .map(|address| ("metrics.listen", address, self.metrics_tls()));
        std::iter::once(first).chain(further).chain(metrics)
    }

    /// The TLS of the address of metrics: that of the listeners, but on loopback none.
    pub(crate) fn metrics_tls(&self) -> Option<TlsSettings> {
        let address = self.metrics_listen.filter(|address| !is_loopback(*address));
        let tls = address.and(self.tls.clone());
        tls.map(|tls| TlsSettings {
            clients: ClientCertificates::Ignored,
            ..tls
        })
    }

    /// Why a server should not listen as the configuration says: in the clear where others could listen, or with a
    /// certificate that cannot be used.
    pub(super) fn unfit_to_serve(&self) -> Vec<Problem> {
        let unfit = |(setting, address, tls): (_, _, Option<TlsSettings>)| match tls {
            Some(tls) => {
                let error = Tls::open(tls).err()?;
                Some(format!("the TLS of {address} (`{setting}`) cannot be used: {error}"))
            }
            None if is_loopback(address) || self.allow_plain_http => None,
            None => Some(format!(
                "`{setting}` is {address}, which others can reach, and there is no certificate: requests and plaintexts would \
                 travel in the clear. Set `tls.certificate` and `tls.key`; or listen on loopback; or, where something in \
                 front ends TLS and the network between is yours, set `tls.allow_plain_http = true` \
                 (TRENT_TLS_ALLOW_PLAIN_HTTP=true)"
            )),
        };
        let problems = self.transports().filter_map(unfit);
        problems.map(|message| Problem { at: None, message }).collect()
    }
}
