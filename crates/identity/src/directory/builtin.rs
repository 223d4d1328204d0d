//! Managed policies that come with the product. They stand in the account `aws` of every partition and cannot be
//! changed.

/// A managed policy that comes with the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinPolicy {
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub description: &'static str,
    /// The document in force.
    pub document: &'static str,
    /// Grows with every release that changes the document.
    pub edition: u64,
}

/// The one that lets its holder do everything.
pub(crate) const ADMINISTRATOR: BuiltinPolicy = BuiltinPolicy {
    name: "AdministratorAccess",
    description: "Lets its holder do everything.",
    document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    edition: 1,
};

/// All of them, by name.
pub const BUILTIN_POLICIES: &[BuiltinPolicy] = &[
    BuiltinPolicy {
        name: "AWSKeyManagementServicePowerUser",
        description: "Lets its holder make keys, name, tag and list them, and list the identities of the account.",
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
    let here = parsed.account.is_none() && parsed.path == "/";
    BUILTIN_POLICIES.iter().find(named).filter(|_| here)
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

    #[test]
    fn other_arns_name_none() {
        for arn in [
            "arn:aws:iam::111122223333:policy/AdministratorAccess",
            "arn:aws:iam::aws:policy/team/AdministratorAccess",
            "arn:aws:iam::aws:policy/Nothing",
            "AdministratorAccess",
        ] {
            assert_eq!(find(arn), None, "{arn}");
        }
    }
}
