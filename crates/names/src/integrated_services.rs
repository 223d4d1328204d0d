//! The services that are known to call KMS on behalf of others, by the names that `kms:ViaService` has for them (KMS
//! developer guide, "kms:ViaService"): `<prefix>.<Region>.amazonaws.com`.
//!
//! A list of names, not of services that are here: which services may call is registered by the operator.

/// The prefixes, sorted. Some cover less or more than they seem to: `ec2` stands for volumes of EBS alone, what caches
/// calls as `elasticache` and as `dax`, what searches as `es` and as `aoss`, and `rds` is Aurora and Neptune too.
const PREFIXES: [&str; 86] = [
    "airflow",
    "aoss",
    "appfabric",
    "appflow",
    "apprunner",
    "ards",
    "athena",
    "auditmanager",
    "backup",
    "backup-gateway",
    "cassandra",
    "chimevoiceconnector",
    "codeartifact",
    "codeguru-reviewer",
    "comprehend",
    "connect",
    "dax",
    "directoryservice",
    "dms",
    "docdb-elastic",
    "dynamodb",
    "ec2",
    "ecr",
    "elasticache",
    "elasticfilesystem",
    "entityresolution",
    "es",
    "finspace",
    "firehose",
    "forecast",
    "fsx",
    "geo",
    "glue",
    "groundstation",
    "healthlake",
    "importexport",
    "iotsitewise",
    "kafka",
    "kendra",
    "kinesis",
    "kinesisvideo",
    "lambda",
    "lex",
    "license-manager",
    "lookoutequipment",
    "lookoutmetrics",
    "lookoutvision",
    "m2",
    "macie",
    "malware-protection",
    "managedblockchain",
    "mediatailor",
    "memorydb",
    "mgn",
    "monitron",
    "mq",
    "nimble",
    "omics",
    "profile",
    "proton",
    "qldb",
    "rds",
    "redshift",
    "redshift-serverless",
    "rekognition",
    "s3",
    "sagemaker",
    "secretsmanager",
    "securitylake",
    "ses",
    "sns",
    "sqlworkbench",
    "sqs",
    "ssm",
    "ssm-contacts",
    "ssm-incidents",
    "storagegateway",
    "thinclient",
    "timestream",
    "translate",
    "verified-access",
    "wisdom",
    "workmail",
    "workspaces",
    "workspaces-web",
    "xray",
];

/// Whether a service calls itself this before the Region, such as `s3` in `s3.us-east-1.amazonaws.com`.
pub fn is_known_prefix(prefix: &str) -> bool {
    PREFIXES.binary_search(&prefix).is_ok()
}

/// Every prefix, sorted.
pub fn prefixes() -> impl Iterator<Item = &'static str> {
    PREFIXES.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own list is read, so that the two cannot differ.
    ///
    /// AUTHZ-181
    #[test]
    fn the_names_are_those_of_the_guide() {
        let chapter = include_str!("../../../docs/spec/04-condition-keys-and-authorization.md");
        let mut lines = chapter.lines().skip_while(|line| !line.starts_with("- AUTHZ-181 "));
        let list = lines.nth(1).expect("the list stands under its requirement");
        let mut expected: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
        expected.sort_unstable();
        assert_eq!(prefixes().collect::<Vec<_>>(), expected);
        assert!(expected.iter().all(|prefix| is_known_prefix(prefix)));
        assert!(!is_known_prefix("s4") && !is_known_prefix(""));
    }
}
