//! Enumerations: closed sets of names.

/// Declares an enumeration of the model: a plain enum with its names, both ways.
macro_rules! enumeration {
    ($(#[$attribute:meta])* $name:ident { $($variant:ident = $text:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
        }

        impl $name {
            /// Every value in the model's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every value's name in the model's order.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Reads the name on the wire.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::FromValue for $name {
            fn from_value(value: $crate::Value<'_>) -> Option<Self> {
                match value {
                    $crate::Value::Text(name) => Self::parse(&name),
                    _ => None,
                }
            }
        }

        impl $crate::Content for $name {
            fn write(&self, xml: &mut $crate::XmlWriter<'_>) {
                xml.text(self.as_str());
            }
        }

        impl $crate::Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                $crate::encode::write_string(out, self.as_str());
            }
        }
    };
}

pub(crate) use enumeration;
