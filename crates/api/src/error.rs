//! Errors as the wire carries them.

use crate::encode::write_string;
use std::borrow::Cow;
use std::fmt;

/// A modelled or protocol-level error: its name and its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorShape {
    /// The name that goes into `__type`, such as `NotFoundException`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// How the member that holds the message is spelled.
    pub message_key: MessageKey,
}

/// The framework's own errors spell their message with a capital, those of a service's model without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKey {
    /// `message`
    Lower,
    /// `Message`
    Upper,
}

impl MessageKey {
    /// The member's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lower => "message",
            Self::Upper => "Message",
        }
    }
}

impl ErrorShape {
    /// An error of a service's model.
    pub const fn modelled(code: &'static str, status: u16) -> Self {
        Self {
            code,
            status,
            message_key: MessageKey::Lower,
        }
    }

    /// An error that the protocol's framework answers by itself.
    pub const fn framework(code: &'static str, status: u16) -> Self {
        Self {
            code,
            status,
            message_key: MessageKey::Upper,
        }
    }

    /// The error with a message.
    pub fn with(&self, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError {
            message: Some(message.into()),
            ..self.bare()
        }
    }

    /// The error without a message.
    pub const fn bare(&self) -> ApiError {
        ApiError {
            code: self.code,
            message: None,
            status: self.status,
            fields: self.message_key,
        }
    }
}

/// An error reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The error's name.
    pub code: &'static str,
    /// What went wrong; some errors have none.
    pub message: Option<Cow<'static, str>>,
    /// The HTTP status.
    pub status: u16,
    /// How the message's member is spelled.
    pub fields: MessageKey,
}

impl ApiError {
    /// The body of the reply: `{"__type":"...","message":"..."}`, without the second member if there is no message.
    pub fn to_json(&self) -> Vec<u8> {
        let message = self.message.as_deref();
        let mut out = Vec::with_capacity(32 + self.code.len() + message.map_or(0, str::len));
        out.extend_from_slice(b"{\"__type\":");
        write_string(&mut out, self.code);
        if let Some(message) = message {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(self.fields.as_str().as_bytes());
            out.extend_from_slice(b"\":");
            write_string(&mut out, message);
        }
        out.push(b'}');
        out
    }

    /// The message, or nothing.
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }

    /// Whether the fault is the server's.
    pub const fn is_fault(&self) -> bool {
        self.status >= 500
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.code),
            None => f.write_str(self.code),
        }
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_the_type_and_spells_the_message_as_the_error_does() {
        let modelled = ErrorShape::modelled("NotFoundException", 400);
        assert_eq!(
            modelled.with("Key 'a\"b' does not exist").to_json(),
            br#"{"__type":"NotFoundException","message":"Key 'a\"b' does not exist"}"#
        );
        let framework = ErrorShape::framework("AccessDeniedException", 400);
        assert_eq!(
            framework.with("no").to_json(),
            br#"{"__type":"AccessDeniedException","Message":"no"}"#
        );
        assert_eq!(framework.bare().to_json(), br#"{"__type":"AccessDeniedException"}"#);
    }
}
