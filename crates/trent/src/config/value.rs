//! How a setting's text becomes a typed value.
//!
//! The file, the environment and the built-in defaults all arrive as text, so that one parser and one
//! message serve all three.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use trent_names::Region;

/// A duration: a whole number and one of `ms`, `s`, `m`, `h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| duration_form(text))?;
    let duration = match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    };
    duration.ok_or_else(|| duration_form(text))
}

/// A longer time: as [`duration`], in days (`8d`), or as ISO 8601 has it (`P8D`, `PT36H`, `P1DT12H`).
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let days = |days: &str| days.parse::<u64>().ok()?.checked_mul(86_400).map(Duration::from_secs);
    let read = match (text.strip_prefix('P'), text.strip_suffix('d')) {
        (Some(iso), _) => iso_8601(iso),
        (None, Some(number)) => days(number),
        (None, None) => duration(text).ok(),
    };
    read.ok_or_else(|| {
        format!(
            "`{text}` is not a duration; write a whole number and a unit, as in `90s`, `36h` or `8d`, or as in `P8D`"
        )
    })
}

/// What follows the `P` of a duration of ISO 8601, in whole days, hours, minutes and seconds.
fn iso_8601(text: &str) -> Option<Duration> {
    let (days, times) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((days, times)) => (days, times),
        None => (text, ""),
    };
    let (mut seconds, mut some) = (0_u64, false);
    for (part, units) in [
        (days, &[('D', 86_400)][..]),
        (times, &[('H', 3600), ('M', 60), ('S', 1)]),
    ] {
        let mut rest = part;
        for (unit, length) in units {
            if let Some((number, behind)) = rest.split_once(*unit) {
                seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(*length)?)?;
                (rest, some) = (behind, true);
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    some.then(|| Duration::from_secs(seconds))
}

fn duration_form(text: &str) -> String {
    format!("`{text}` is not a duration; write a whole number and a unit, as in `500ms`, `10s`, `5m` or `1h`")
}

/// A duration that may not be zero: a time limit of zero would refuse everything.
pub(crate) fn time_limit(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("a time limit must be longer than zero".to_owned()),
        limit => Ok(limit),
    }
}

/// A size in bytes: a whole number, optionally with `KiB`, `MiB` or `GiB`.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => 0,
    };
    match number.parse::<usize>().ok().and_then(|n| n.checked_mul(factor)) {
        Some(size) if factor != 0 && size != 0 => Ok(size),
        _ => Err(format!(
            "`{text}` is not a size; write a whole number of bytes, `KiB`, `MiB` or `GiB`, as in `65536` or `1MiB`"
        )),
    }
}

/// A count of at least one.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("`{text}` is not a whole number of at least 1")),
        Ok(count) => Ok(count),
    }
}

/// An address to listen on. A name is resolved once, here.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| {
            format!(
                "`{text}` is not an address to listen on; write `host:port`, as in `127.0.0.1:4599` or `[::1]:4599`"
            )
        })
}

/// The same, or nothing.
pub(crate) fn optional_address(text: &str) -> Result<Option<SocketAddr>, String> {
    match text {
        "" => Ok(None),
        text => address(text).map(Some),
    }
}

/// A file-system path; a leading `~/` is the user's home.
pub(crate) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("a path may not be empty".to_owned());
    }
    match text.strip_prefix("~/") {
        None => Ok(PathBuf::from(text)),
        Some(rest) => std::env::home_dir()
            .map(|home| home.join(rest))
            .ok_or_else(|| format!("`{text}` names the home folder, and this user has none")),
    }
}

/// A comma-separated list of paths, which may be empty.
pub(crate) fn paths(text: &str) -> Result<Vec<PathBuf>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(path).collect()
}

/// `true` or `false`.
pub(crate) fn yes_or_no(text: &str) -> Result<bool, String> {
    one_of(&[("true", true), ("false", false)], text)
}

/// Where the keys of an issuer are fetched from: whoever could change them on their way could be anybody.
pub(crate) fn key_url(text: &str) -> Result<String, String> {
    trusted_url(text, "address of keys")
}

/// An address over TLS, or of this machine: nobody on the way reads or changes what is sent there or comes from there.
pub(crate) fn trusted_url(text: &str, what: &str) -> Result<String, String> {
    let wrong =
        || format!("`{text}` is no {what}; write `https://host/path`, or `http://` for an address of this machine");
    let url: hyper::Uri = text.parse().map_err(|_| wrong())?;
    let host = url.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
    let with_user = url
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'));
    match url.scheme_str() {
        Some("https") if !with_user => Ok(text.to_owned()),
        Some("http") if !with_user && ["127.0.0.1", "[::1]", "localhost"].contains(&host) => Ok(text.to_owned()),
        _ => Err(wrong()),
    }
}

/// The file of the authorities whose certificates count at an address, which must be one where certificates prove who is
/// there.
pub(crate) fn authorities(file: Option<&str>, url: &str) -> Result<Option<PathBuf>, String> {
    match file {
        Some(_) if !is_https(url) => Err("`ca_file` is for an address of `https://`".to_owned()),
        file => file.map(path).transpose(),
    }
}

/// Whether a URL says that certificates prove who is there.
pub(crate) fn is_https(url: &str) -> bool {
    url.parse::<hyper::Uri>()
        .is_ok_and(|url| url.scheme_str() == Some("https"))
}

/// A comma-separated list of Regions, each named once.
pub(crate) fn regions(text: &str) -> Result<Vec<Region>, String> {
    let mut regions: Vec<Region> = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let region: Region = name
            .parse()
            .map_err(|_| format!("`{name}` is not the name of a Region; it should look like `us-east-1`"))?;
        if regions.contains(&region) {
            return Err(format!("`{name}` is listed twice"));
        }
        regions.push(region);
    }
    if regions.is_empty() {
        Err("at least one Region is needed".to_owned())
    } else {
        Ok(regions)
    }
}

/// One of a closed set of words.
pub(crate) fn one_of<T: Copy>(choices: &[(&str, T)], text: &str) -> Result<T, String> {
    choices
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            format!("`{text}` is not one of {}", words.join(", "))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_need_a_number_and_a_known_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for bad in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "10 s",
            "1d",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(time_limit("0s").is_err());
        assert_eq!(size("64KiB"), Ok(65536));
        assert_eq!(size("1 MiB"), Ok(1 << 20));
        for bad in ["", "KiB", "0", "1GiBi", "1kb", "18446744073709551615MiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn longer_times_are_said_in_days_or_as_iso_8601_has_them() {
        let hours = |hours| Ok(Duration::from_hours(hours));
        for (text, read) in [
            ("8d", hours(192)),
            ("P8D", hours(192)),
            ("PT36H", hours(36)),
            ("P1DT12H", hours(36)),
            ("PT60M", hours(1)),
            ("PT59M60S", hours(1)),
            ("36h", hours(36)),
        ] {
            assert_eq!(span(text), read, "{text}");
        }
        for bad in [
            "",
            "P",
            "PT",
            "P8",
            "P1H",
            "PT1D",
            "P1DT",
            "PT1S1H",
            "d",
            "-1d",
            "P-1D",
            "99999999999999999999d",
        ] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        for good in [
            "https://idp.example.com/keys",
            "https://idp.example.com:8443/a/b?c=d",
            "http://127.0.0.1:9000/keys",
            "http://localhost/keys",
        ] {
            assert_eq!(key_url(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "/keys",
            "idp.example.com",
            "http://idp.example.com/keys",
            "http://127.0.0.1.example.com/keys",
            "https://user@idp.example.com/keys",
            "http://127.0.0.1@idp.example.com/keys",
            "file:///etc/keys",
            "ftp://127.0.0.1/keys",
        ] {
            assert!(key_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_region_list_is_checked_name_by_name() {
        assert_eq!(regions("us-east-1, eu-west-1").map(|r| r.len()), Ok(2));
        for bad in ["", " , ", "us-east-1,us-east-1", "US-EAST-1", "nowhere"] {
            assert!(regions(bad).is_err(), "{bad}");
        }
    }
}
