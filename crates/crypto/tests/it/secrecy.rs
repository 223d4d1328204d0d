//! No type that holds a secret can be printed.

use trent_crypto::record::RecordSealer;
use trent_crypto::root::{Generation, RootKeys};
use trent_crypto::sigv4::SigningKey;
use trent_crypto::wrap::RootWrapper;
use trent_crypto::{Key256, MaterialKey, Secret};

/// Does not compile if the type implements the trait: two blanket implementations would then fit, and the call would be
/// ambiguous.
macro_rules! assert_not_implemented {
    ($trait:path: $($type:ty),+ $(,)?) => {
        $({
            trait Ambiguous<A> { fn check() {} }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Implements;
            impl<T: ?Sized + $trait> Ambiguous<Implements> for T {}
            <$type as Ambiguous<_>>::check();
        })+
    };
}

#[test]
fn secrets_can_be_neither_printed_nor_formatted() {
    assert_not_implemented!(std::fmt::Debug:
        Secret, Key256, MaterialKey, Generation, RootKeys, RecordSealer, RootWrapper, SigningKey);
    assert_not_implemented!(std::fmt::Display:
        Secret, Key256, MaterialKey, Generation, RootKeys, RecordSealer, RootWrapper, SigningKey);
}
