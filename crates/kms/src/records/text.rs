//! Fields that are kept as the text that users see: names, ids, specs.

use std::fmt::Display;

use minicbor::decode::{Decoder, Error as DecodeError};
use minicbor::encode::{Encoder, Error as EncodeError, Write};
use trent_api::kms::GrantOperation;
use trent_crypto::identity::MaterialId;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::{AccountId, AliasName, KeyId, Region};

/// A value with one text, from which it can be read back.
pub(super) trait Text: Display + Sized {
    fn read(text: &str) -> Option<Self>;
}

macro_rules! texts {
    ($($type:ty => $read:expr),+ $(,)?) => {
        $(impl Text for $type {
            fn read(text: &str) -> Option<Self> {
                $read(text)
            }
        })+
    };
}

texts! {
    AccountId => |text| AccountId::parse(text).ok(),
    KeyId => |text| KeyId::parse(text).ok(),
    AliasName => |text| AliasName::parse(text).ok(),
    MaterialId => |text: &str| text.parse().ok(),
    KeySpec => KeySpec::parse,
    KeyUsage => KeyUsage::parse,
    GrantOperation => GrantOperation::parse,
    Region => |text| Region::parse(text).ok(),
}

pub(super) fn encode<T: Text, C, W: Write>(
    value: &T,
    encoder: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), EncodeError<W::Error>> {
    encoder.str(&value.to_string())?.ok()
}

pub(super) fn decode<T: Text, C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<T, DecodeError> {
    T::read(decoder.str()?).ok_or_else(|| DecodeError::message("a text that its field does not allow"))
}

/// The same for a value that may be absent, and is in records from before there was such a field.
#[expect(
    clippy::option_option,
    clippy::ref_option,
    clippy::unnecessary_wraps,
    reason = "the signatures are what minicbor's derive calls"
)]
pub(super) mod optional {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Text, Write};

    pub(crate) fn encode<T: Text, C, W: Write>(
        value: &Option<T>,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        match value {
            Some(value) => super::encode(value, encoder, context),
            None => encoder.null()?.ok(),
        }
    }

    pub(crate) fn decode<T: Text, C>(decoder: &mut Decoder<'_>, context: &mut C) -> Result<Option<T>, DecodeError> {
        super::decode(decoder, context).map(Some)
    }

    pub(crate) fn nil<T>() -> Option<Option<T>> {
        Some(None)
    }

    pub(crate) fn is_nil<T>(value: &Option<T>) -> bool {
        value.is_none()
    }
}

/// The same for a set, in order.
pub(super) mod set {
    use std::collections::BTreeSet;

    use super::{DecodeError, Decoder, EncodeError, Encoder, Text, Write};

    pub(crate) fn encode<T: Text, C, W: Write>(
        set: &BTreeSet<T>,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        let length = u64::try_from(set.len()).expect("a set in memory has a 64-bit length");
        encoder.array(length)?;
        set.iter().try_for_each(|value| super::encode(value, encoder, context))
    }

    pub(crate) fn decode<T: Text + Ord, C>(
        decoder: &mut Decoder<'_>,
        context: &mut C,
    ) -> Result<BTreeSet<T>, DecodeError> {
        let length = decoder
            .array()?
            .ok_or_else(|| DecodeError::message("a set has a length"))?;
        (0..length).map(|_| super::decode(decoder, context)).collect()
    }
}

#[cfg(test)]
mod tests {
    use minicbor::{Decode, Encode};
    use trent_names::Region;

    #[derive(Debug, PartialEq, Encode, Decode)]
    #[cbor(map)]
    struct Held {
        #[cbor(n(0), with = "super::optional", has_nil)]
        region: Option<Region>,
    }

    #[test]
    fn an_optional_text_may_be_missing_and_not_be_wrong() {
        let nothing = Held { region: None };
        let something = Held {
            region: Region::parse("eu-central-1").ok(),
        };
        assert!(something.region.is_some());
        for held in [&nothing, &something] {
            let bytes = minicbor::to_vec(held).expect("memory takes it");
            assert_eq!(minicbor::decode::<Held>(&bytes).expect("it reads back"), *held);
        }
        let empty = minicbor::decode::<Held>(&[0xa0]).expect("an empty map");
        assert_eq!(empty, nothing);
        let wrong = [&[0xa1, 0x00, 0x63], "a b".as_bytes()].concat();
        assert!(minicbor::decode::<Held>(&wrong).is_err());
    }
}

/// A text that many records share.
pub(super) mod shared {
    use std::sync::Arc;

    use super::{DecodeError, Decoder, EncodeError, Encoder, Write};

    pub(crate) fn encode<C, W: Write>(
        value: &Arc<str>,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        encoder.str(value)?.ok()
    }

    pub(crate) fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<Arc<str>, DecodeError> {
        Ok(decoder.str()?.into())
    }
}
