//! What `SYMMETRIC_DEFAULT` means in a partition.

use trent_names::Partition;

/// The block cipher of a symmetric encryption key, used in GCM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// AES with a key of 256 bits (FIPS 197).
    Aes256,
    /// SM4, whose keys have 128 bits (GB/T 32907).
    Sm4,
}

impl Cipher {
    /// The cipher of `SYMMETRIC_DEFAULT` in a partition.
    pub const fn of(partition: Partition) -> Self {
        match partition {
            Partition::AwsCn => Self::Sm4,
            _ => Self::Aes256,
        }
    }

    /// The length of its keys, and so of a key's material, in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes256 => 32,
            Self::Sm4 => 16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SPK-2, SPK-3, KEY-24
    #[test]
    fn symmetric_keys_are_of_sm4_in_china_and_of_aes_elsewhere() {
        for partition in Partition::ALL {
            let expected = match partition.as_str() {
                "aws-cn" => (Cipher::Sm4, 16),
                _ => (Cipher::Aes256, 32),
            };
            let cipher = Cipher::of(partition);
            assert_eq!((cipher, cipher.key_len()), expected, "{partition}");
        }
    }
}
