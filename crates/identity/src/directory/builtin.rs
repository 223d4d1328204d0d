//! Managed policies that come with the product. They stand in the account `aws` of every partition and cannot be
//! changed. What releases change in them is told in `docs/identities/built-in-policies.md`, edition by edition.

use trent_names::Partition;

/// A managed policy that comes with the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinPolicy {
    /// Its name.
    pub name: &'static str,
    /// Its path: [`SERVICE_ROLES`] of one that belongs to a service-linked role.
    pub path: &'static str,
    /// Its description.
    pub description: &'static str,
    /// The document in force.
    pub document: &'static str,
    /// Grows with every release that changes the document.
    pub edition: u64,
}

/// The path of policies that belong to service-linked roles: nobody else can have them.
pub const SERVICE_ROLES: &str = "/aws-service-role/";

impl BuiltinPolicy {
    /// Its ARN.
    pub fn arn(&self, partition: Partition) -> String {
        format!("arn:{partition}:iam::aws:policy{}{}", self.path, self.name)
    }

    /// Whether users, groups and roles of accounts can have it.
    pub fn is_attachable(&self) -> bool {
        self.path != SERVICE_ROLES
    }
}

/// The one that lets its holder do everything.
pub(crate) const ADMINISTRATOR: BuiltinPolicy = BuiltinPolicy {
    name: "AdministratorAccess",
    path: "/",
    description: "Lets its holder do everything.",
    document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    edition: 1,
};

/// All of them, by name.
pub const BUILTIN_POLICIES: &[BuiltinPolicy] = &[
    BuiltinPolicy {
        name: "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy",
        path: SERVICE_ROLES,
        description: "Lets the service look at the clusters of custom key stores and connect to them.",
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudhsm:Describe*","#,
            r#""ec2:CreateNetworkInterface","ec2:AuthorizeSecurityGroupIngress","ec2:CreateSecurityGroup","#,
            r#""ec2:DescribeSecurityGroups","ec2:RevokeSecurityGroupEgress","ec2:DeleteSecurityGroup","#,
            r#""ec2:DescribeVpcs","ec2:DescribeNetworkAcls","ec2:DescribeNetworkInterfaces"],"Resource":"*"}]}"#
        ),
        edition: 1,
    },
    BuiltinPolicy {
        name: "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
        path: SERVICE_ROLES,
        description: "Lets the service synchronize what the replicas of a multi-Region key share.",
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","#,
            r#""Action":"kms:SynchronizeMultiRegionKey","Resource":"*"}]}"#
        ),
        edition: 1,
    },
    BuiltinPolicy {
        name: "AWSKeyManagementServicePowerUser",
        path: "/",
        description: "Lets its holder make keys, name, tag and list them, and list the identities of the account. Where \
                      policies have conditions on tags or aliases, its holder can open or close access to any key of \
                      the account by changing these. What it lets its holder read is not limited to keys of the \
                      account: keys of other accounts are included if these allow it.",
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateAlias","kms:CreateKey","#,
            r#""kms:DeleteAlias","kms:Describe*","kms:GenerateRandom","kms:Get*","kms:List*","kms:TagResource","#,
            r#""kms:UntagResource","iam:ListGroups","iam:ListRoles","iam:ListUsers"],"Resource":"*"}]}"#
        ),
        edition: 1,
    },
    ADMINISTRATOR,
];

/// The policy that an ARN such as `arn:aws:iam::aws:policy/AdministratorAccess` names.
pub fn find(arn: &str) -> Option<&'static BuiltinPolicy> {
    let parsed = crate::rules::PolicyArn::parse(arn).ok()?;
    let named = |policy: &&BuiltinPolicy| policy.name == parsed.name;
    let here = |policy: &&BuiltinPolicy| parsed.account.is_none() && parsed.path == policy.path;
    BUILTIN_POLICIES.iter().find(named).filter(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// POL-261
    #[test]
    fn the_power_user_policy_lists_what_power_users_may_do() {
        let policy =
            find("arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser").expect("it comes with the product");
        let document: serde_json::Value = serde_json::from_str(policy.document).expect("JSON");
        let statement = &document["Statement"][0];
        let actions: Vec<&str> = statement["Action"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|a| a.as_str())
            .collect();
        let expected = [
            "kms:CreateAlias",
            "kms:CreateKey",
            "kms:DeleteAlias",
            "kms:Describe*",
            "kms:GenerateRandom",
            "kms:Get*",
            "kms:List*",
            "kms:TagResource",
            "kms:UntagResource",
            "iam:ListGroups",
            "iam:ListRoles",
            "iam:ListUsers",
        ];
        assert_eq!(actions, expected);
        assert_eq!(
            (&statement["Effect"], &statement["Resource"]),
            (&"Allow".into(), &"*".into())
        );
        assert_eq!(document["Statement"].as_array().map(Vec::len), Some(1));
    }

    /// The documentation's change log has a line for every edition of every policy, and its feed an entry.
    #[test]
    fn the_change_log_has_every_edition() {
        let page = include_str!("../../../../docs/identities/built-in-policies.md");
        let feed = include_str!("../../../../docs/identities/built-in-policies.atom");
        for policy in BUILTIN_POLICIES {
            for edition in 1..=policy.edition {
                let line = format!("| `{}` | v{edition} |", policy.name);
                assert!(page.contains(&line), "{line}");
                let title = format!("<title>{} v{edition}</title>", policy.name);
                assert!(feed.contains(&title), "{title}");
            }
            let next = format!("{} v{}<", policy.name, policy.edition + 1);
            assert!(!feed.contains(&next), "{next} is not in force");
        }
    }

    /// POL-265
    #[test]
    fn the_power_user_policy_comes_with_a_warning() {
        let policy = find("arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser").expect("it is there");
        for warning in ["open or close access to any key", "keys of other accounts are included"] {
            assert!(policy.description.contains(warning), "{}", policy.description);
        }
        assert!(policy.description.chars().count() <= 1_000);
    }

    #[test]
    fn other_arns_name_none() {
        for arn in [
            "arn:aws:iam::111122223333:policy/AdministratorAccess",
            "arn:aws:iam::aws:policy/team/AdministratorAccess",
            "arn:aws:iam::aws:policy/Nothing",
            "arn:aws:iam::aws:policy/AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
            "AdministratorAccess",
        ] {
            assert_eq!(find(arn), None, "{arn}");
        }
    }
}
