//! IP addresses and CIDR blocks (RFC 4632, RFC 4291).

use std::net::{IpAddr, Ipv6Addr};

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    prefix: u32,
}

/// Reads an address. An IPv4 address that is written as an IPv6 address is the IPv4 address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

impl Network {
    /// Reads `address/length`, or an address alone. Bits behind the length do not count.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (base, length) = match text.split_once('/') {
            Some((base, length)) => (base, Some(length)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().ok()?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match length {
            None => width,
            Some(length) if length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length.parse().ok()?
            }
            Some(_) => return None,
        };
        if prefix > width {
            return None;
        }
        // A block of IPv4-mapped addresses is a block of IPv4 addresses.
        match base.to_canonical() {
            mapped @ IpAddr::V4(_) if base.is_ipv6() && prefix >= 96 => Some(Self {
                base: mapped,
                prefix: prefix - 96,
            }),
            _ => Some(Self { base, prefix }),
        }
    }

    /// Whether an address is in the block.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let differing = base.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => self.has(base, address),
            // A short IPv6 prefix may hold the IPv4-mapped addresses.
            (IpAddr::V6(base), IpAddr::V4(address)) => self.has(base, address.to_ipv6_mapped()),
            (IpAddr::V4(_), IpAddr::V6(_)) => false,
        }
    }

    fn has(&self, base: Ipv6Addr, address: Ipv6Addr) -> bool {
        (base.to_bits() ^ address.to_bits()).leading_zeros() >= self.prefix
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn contains(network: &str, text: &str) -> bool {
        Network::parse(network).unwrap().contains(address(text).unwrap())
    }

    #[test]
    fn blocks_hold_their_addresses() {
        for (network, inside, outside) in [
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.77/24", "203.0.113.1", "203.0.112.255"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.6"),
            ("203.0.113.7/32", "203.0.113.7", "203.0.113.6"),
            ("10.0.0.0/9", "10.127.255.255", "10.128.0.0"),
            ("0.0.0.0/0", "255.255.255.255", "2001:db8::1"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
            ("::/0", "2001:db8::1", "::1/invalid"),
            ("2001:db8::1", "2001:DB8:0::1", "2001:db8::2"),
            ("::ffff:203.0.113.0/120", "203.0.113.9", "203.0.114.9"),
            ("203.0.113.0/24", "::ffff:203.0.113.9", "::ffff:203.0.114.9"),
            ("::ffff:0:0/95", "203.0.113.9", "2001:db8::1"),
        ] {
            assert!(contains(network, inside), "{inside} in {network}");
            assert!(
                address(outside).is_none_or(|outside| !Network::parse(network).unwrap().contains(outside)),
                "{outside} in {network}"
            );
        }
        assert!(contains("::/0", "203.0.113.9"));
    }

    #[test]
    fn what_is_no_block_is_none() {
        for text in [
            "",
            "/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+1",
            "10.0.0.0/",
            "10.0.0/8",
            "10.0.0.0/8/8",
            "::/129",
            "g::/8",
            "010.0.0.1",
            "10.0.0.1 ",
            "10.0.0.0/0008",
            "fe80::1%eth0",
            "1.2.3.4.5",
            "256.0.0.1",
        ] {
            assert_eq!(Network::parse(text), None, "{text:?}");
        }
    }
}
