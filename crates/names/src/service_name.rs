//! The names of services that call on behalf of principals: the service principal, and the name in `kms:ViaService`.

use std::fmt;

use crate::{Region, integrated_services};

/// What every name in `kms:ViaService` ends with, in every partition.
const VIA_SUFFIX: &str = ".amazonaws.com";

/// Whether a value of `kms:ViaService` is one that the guide lists, in some Region: `<prefix>.<region>.amazonaws.com`.
/// A deployment may register services that it does not list.
pub fn is_known_via_service(name: &str) -> bool {
    let Some((prefix, region)) = name.strip_suffix(VIA_SUFFIX).and_then(|name| name.split_once('.')) else {
        return false;
    };
    integrated_services::is_known_prefix(prefix) && Region::parse(region).is_ok()
}

/// A service principal, such as `cloudtrail.amazonaws.com`: two to six labels of lower-case letters, digits and hyphens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePrincipal(String);

/// The text is not the name of a service principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a service principal: a form such as backup.example.com is expected, of at most 64 characters")]
pub struct InvalidServicePrincipal(pub String);

impl ServicePrincipal {
    /// The longest name; with a Region in it, it still fits every member of the interface that takes one.
    const MAX_LENGTH: usize = 64;

    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, InvalidServicePrincipal> {
        let label = |label: &str| {
            let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inside)
        };
        let labels = (2..=6).contains(&text.split('.').count());
        if labels && text.len() <= Self::MAX_LENGTH && text.split('.').all(label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidServicePrincipal(text.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first label: `cloudtrail`.
    pub fn prefix(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// The name that the service has in one Region: `cloudtrail.us-east-1.amazonaws.com`.
    pub fn in_region(&self, region: &Region) -> String {
        let (first, rest) = self.0.split_once('.').unwrap_or((&self.0, ""));
        format!("{first}.{region}.{rest}")
    }
}

/// The value of `kms:ViaService` for the service whose name begins with `prefix`.
pub fn via_service(prefix: &str, region: &Region) -> String {
    format!("{prefix}.{region}{VIA_SUFFIX}")
}

impl fmt::Display for ServicePrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ServicePrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> Region {
        Region::parse(name).expect("a Region")
    }

    /// AUTHZ-180, AUTHZ-181, POL-215
    #[test]
    fn every_listed_prefix_is_known_in_every_region_and_partition() {
        for prefix in integrated_services::prefixes() {
            for name in ["us-west-2", "cn-north-1", "us-gov-west-1"] {
                let via = via_service(prefix, &region(name));
                assert_eq!(via, format!("{prefix}.{name}.amazonaws.com"));
                assert!(is_known_via_service(&via), "{via}");
            }
        }
        for unknown in [
            "ec2.amazonaws.com",
            "ec2.us-west-2.amazonaws.com.cn",
            "nosuch.us-west-2.amazonaws.com",
            "ec2.us-west.amazonaws.com",
            "us-west-2.amazonaws.com",
            "EC2.us-west-2.amazonaws.com",
            "",
        ] {
            assert!(!is_known_via_service(unknown), "{unknown}");
        }
    }

    /// AUTHZ-182: `ec2` is there for EBS, which has no name of its own; the services with two names have both.
    #[test]
    fn services_with_several_names_have_all_of_them() {
        for prefix in [
            "ec2",
            "elasticache",
            "dax",
            "es",
            "aoss",
            "ssm-incidents",
            "ssm-contacts",
        ] {
            assert!(integrated_services::is_known_prefix(prefix), "{prefix}");
        }
        for prefix in ["ebs", "opensearch", "efs", "aurora"] {
            assert!(!integrated_services::is_known_prefix(prefix), "{prefix}");
        }
    }

    #[test]
    fn a_service_principal_is_a_name_of_labels() {
        for name in ["cloudtrail.amazonaws.com", "backup.example.internal", "s3.eu"] {
            let parsed = ServicePrincipal::parse(name).expect(name);
            assert_eq!((parsed.as_str(), parsed.to_string()), (name, name.to_owned()));
        }
        let shown = ServicePrincipal::parse("s3.eu").map(|name| format!("{name:?}"));
        assert_eq!(shown.as_deref(), Ok("s3.eu"));
        let long = format!("{}.amazonaws.com", "a".repeat(51));
        for name in [
            "",
            "s3",
            "s3.",
            ".com",
            "S3.com",
            "a..b",
            "-a.b",
            "a-.b",
            "a_b.c",
            "a.b.c.d.e.f.g",
            &long,
        ] {
            assert!(ServicePrincipal::parse(name).is_err(), "{name}");
        }
        let name = ServicePrincipal::parse("cloudtrail.amazonaws.com").expect("a name");
        assert_eq!(name.prefix(), "cloudtrail");
        assert_eq!(
            name.in_region(&region("us-east-1")),
            "cloudtrail.us-east-1.amazonaws.com"
        );
    }
}
