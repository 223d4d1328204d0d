//! AWS managed keys: keys that the service keeps in an account for other services (guide, "AWS managed keys").
//!
//! Their aliases are there from the start, without a key; a key is made when it is first asked for. The account can look
//! at such a key and change nothing about it; only the service that it belongs to uses it. That is what the key's policy
//! says, and nothing else says it again.

use trent_names::AliasName;

/// A service that has a key in every account which uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegratedService {
    /// The service's name in the alias: `alias/aws/<name>`.
    pub name: &'static str,
    /// The service's name in `kms:ViaService`: `<via>.<region>.amazonaws.com`.
    pub via: &'static str,
}

const fn named(name: &'static str) -> IntegratedService {
    IntegratedService { name, via: name }
}

/// The services with a predefined alias, in the order in which aliases are listed.
pub const SERVICES: &[IntegratedService] = &[
    named("acm"),
    named("backup"),
    named("codeartifact"),
    named("dynamodb"),
    IntegratedService {
        name: "ebs",
        via: "ec2",
    },
    named("elasticfilesystem"),
    named("es"),
    named("fsx"),
    named("glue"),
    named("kinesis"),
    named("kinesisvideo"),
    named("lambda"),
    named("rds"),
    named("redshift"),
    named("s3"),
    named("secretsmanager"),
    named("ses"),
    named("sns"),
    named("sqs"),
    named("ssm"),
    named("workmail"),
    named("workspaces"),
    named("xray"),
];

/// What every predefined alias begins with.
const PREFIX: &str = "alias/aws/";

impl IntegratedService {
    /// The service whose predefined alias this is.
    pub fn of_alias(alias: &AliasName) -> Option<Self> {
        let name = alias.as_str().strip_prefix(PREFIX)?;
        SERVICES.iter().copied().find(|service| service.name == name)
    }

    /// The service's predefined alias.
    pub fn alias(self) -> AliasName {
        AliasName::parse(&format!("{PREFIX}{}", self.name)).expect("the table holds legal names")
    }

    /// The description that the service's key carries.
    pub fn description(self) -> String {
        format!("The key of {} for this account when no other is named", self.name)
    }
}
