//! Requests that the tests can take apart, and a signer that leaves every byte under their control. The signer knows
//! only canonical input (path `/`, no query but what it adds, tidy header values); it is the vectors and the
//! properties that prove the canonicalisation.

use aws_lc_rs::digest::{SHA256, digest};
use trent_crypto::sigv4::SigningKey;
use trent_identity::SignedRequest;

/// A request in owned form.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    /// A KMS request as an SDK sends it, not yet signed.
    pub(crate) fn kms(body: &[u8]) -> Self {
        let headers = [
            ("host", "kms.us-east-1.example.com"),
            ("content-type", "application/x-amz-json-1.1"),
            ("user-agent", "tests"),
            ("x-amz-target", "TrentService.ListKeys"),
        ];
        Self {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
                .to_vec(),
            body: body.to_vec(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    /// Replaces a header's value.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).header(name, value)
    }

    pub(crate) fn value(&self, name: &str) -> String {
        let values = self.headers.iter().filter(|(header, _)| header == name);
        let values: Vec<_> = values
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect();
        values.join(",")
    }

    /// Replaces a part of the `Authorization` header.
    pub(crate) fn authorization(self, from: &str, to: &str) -> Self {
        let value = self.value("authorization");
        assert!(value.contains(from), "{value} has no {from}");
        self.with("authorization", &value.replace(from, to))
    }

    pub(crate) fn borrowed<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> SignedRequest<'a> {
        SignedRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers,
            body: &self.body,
        }
    }

    pub(crate) fn borrowed_headers(&self) -> Vec<(&str, &[u8])> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect()
    }
}

/// Who signs, when and for what.
#[derive(Clone)]
pub(crate) struct Signer<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) secret: &'a str,
    /// `YYYYMMDDTHHMMSSZ`.
    pub(crate) date: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    /// The header that carries the date, `x-amz-date` or `date`, and the form that it has there.
    pub(crate) date_header: (&'a str, &'a str),
}

impl Signer<'_> {
    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", &self.date[..8], self.region, self.service)
    }

    fn signature(&self, wire: &Wire, query: &str, signed_headers: &[&str]) -> String {
        let headers: Vec<String> = signed_headers
            .iter()
            .map(|name| format!("{name}:{}\n", wire.value(name)))
            .collect();
        let headers = headers.concat();
        let canonical = format!(
            "{}\n{}\n{query}\n{headers}\n{}\n{}",
            wire.method,
            wire.path,
            signed_headers.join(";"),
            hex::encode(digest(&SHA256, &wire.body)),
        );
        let string_to_sign = format!(
            "AWS4-HMAC-SHA256\n{}\n{}\n{}",
            self.date,
            self.scope(),
            hex::encode(digest(&SHA256, canonical.as_bytes()))
        );
        let key = SigningKey::derive(self.secret.as_bytes(), &self.date[..8], self.region, self.service);
        hex::encode(key.sign(string_to_sign.as_bytes()))
    }

    /// Signs in the header, over every header but `user-agent`.
    pub(crate) fn in_header(&self, wire: Wire) -> Wire {
        let wire = wire.header(self.date_header.0, self.date_header.1);
        let mut names: Vec<&str> = wire.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.retain(|name| *name != "user-agent");
        self.over(wire.clone(), &names)
    }

    /// Signs in the header, over the headers named.
    pub(crate) fn over(&self, wire: Wire, names: &[&str]) -> Wire {
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
            self.access_key_id,
            self.scope(),
            names.join(";"),
            self.signature(&wire, &wire.query, &names),
        );
        wire.header("authorization", &value)
    }

    /// Signs in the query string, which must be empty, over `host` and the `x-amz-*` headers.
    pub(crate) fn in_query(&self, mut wire: Wire, extra: &[(&str, &str)]) -> Wire {
        let mut names: Vec<&str> = wire.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.retain(|name| *name == "host" || name.starts_with("x-amz-"));
        names.sort_unstable();
        let mut parameters = vec![
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
            (
                "X-Amz-Credential",
                format!("{}/{}", self.access_key_id, self.scope()).replace('/', "%2F"),
            ),
            ("X-Amz-Date", self.date.to_owned()),
            ("X-Amz-SignedHeaders", names.join("%3B")),
        ];
        parameters.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
        parameters.sort();
        let query: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let query = query.join("&");
        let signature = self.signature(&wire, &query, &names);
        wire.query = format!("{query}&X-Amz-Signature={signature}");
        wire
    }
}
