//! The `Authorization` header: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use memchr::{memchr, memchr3};

use crate::error::{AuthenticationError, Fingerprint, MissingParameters, Parameter};

/// The header's parts, not yet checked.
pub(super) struct Authorization<'a> {
    pub(super) algorithm: &'a str,
    pub(super) credential: &'a str,
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the header. `date` is what the request gives elsewhere and comes back with it: if there is
    /// none, that is reported together with what the header itself lacks.
    ///
    /// Parameters are separated by commas, white space or both, in any order, as the service reads them.
    pub(super) fn parse<D>(header: &'a [u8], date: Option<D>) -> Result<(Self, D), AuthenticationError> {
        let text = str::from_utf8(header)
            .map_err(|_| AuthenticationError::MissingToken)?
            .trim();
        if !text.starts_with("AWS4-") {
            return Err(AuthenticationError::MissingToken);
        }
        let mut parts = Parts(text);
        let algorithm = parts.next().unwrap_or_default();
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in parts {
            let Some(equals) = memchr(b'=', part.as_bytes()) else {
                return Err(AuthenticationError::NotAPair(Fingerprint::of(header)));
            };
            let (name, value) = (&part[..equals], &part[equals + 1..]);
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(AuthenticationError::Repeated(name.to_owned()));
            }
        }
        let present = |value: Option<&'a str>| value.filter(|value| !value.is_empty());
        let (credential, signed_headers, signature) =
            (present(credential), present(signed_headers), present(signature));
        match (credential, signed_headers, signature, date) {
            (Some(credential), Some(signed_headers), Some(signature), Some(date)) => Ok((
                Self {
                    algorithm,
                    credential,
                    signed_headers,
                    signature,
                },
                date,
            )),
            (credential, signed_headers, signature, date) => Err(AuthenticationError::MissingParameters {
                missing: MissingParameters::in_header(&[
                    (Parameter::Credential, credential.is_some()),
                    (Parameter::Signature, signature.is_some()),
                    (Parameter::SignedHeaders, signed_headers.is_some()),
                    (Parameter::Date, date.is_some()),
                ]),
                authorization: Fingerprint::of(header),
            }),
        }
    }
}

/// What stands between commas and white space.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let start = self.0.bytes().position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
        let rest = &self.0[start..];
        let end = memchr3(b',', b' ', b'\t', rest.as_bytes()).unwrap_or(rest.len());
        let (part, rest) = rest.split_at(end);
        self.0 = rest;
        Some(part)
    }
}
