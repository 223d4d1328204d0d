//! Service-linked roles: roles that a service makes for itself in the accounts that it works for (guide, "Using
//! service-linked roles"). Accounts see them; nobody but the service makes, changes, deletes or assumes one.

use trent_names::{AccountId, Partition};

use super::builtin::{BUILTIN_POLICIES, BuiltinPolicy};

/// A role that a service makes for itself.
#[derive(Debug)]
pub struct ServiceLinkedRole {
    /// Its name.
    pub name: &'static str,
    /// The service that it trusts.
    pub service: &'static str,
    /// Its description, until somebody writes another one.
    pub description: &'static str,
    /// The name of its policy.
    policy: &'static str,
}

/// The one that stands for whoever keeps the keys of multi-Region sets in step.
pub const MULTI_REGION_KEYS: ServiceLinkedRole = ServiceLinkedRole {
    name: "AWSServiceRoleForKeyManagementServiceMultiRegionKeys",
    service: "mrk.kms.amazonaws.com",
    description: "Stands for the service where it synchronizes what the replicas of multi-Region keys share.",
    policy: "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
};

impl ServiceLinkedRole {
    /// Its path.
    pub fn path(&self) -> String {
        format!("/aws-service-role/{}/", self.service)
    }

    /// The ARN that it has in an account.
    pub fn arn(&self, partition: Partition, account: AccountId) -> String {
        format!("arn:{partition}:iam::{account}:role{}{}", self.path(), self.name)
    }

    /// Who may assume it: the service alone.
    pub fn trust_policy(&self) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},"Action":"sts:AssumeRole"}}]}}"#,
            self.service
        )
    }

    /// The one policy that it has.
    pub fn policy(&self) -> &'static BuiltinPolicy {
        let named = |policy: &&BuiltinPolicy| policy.name == self.policy;
        BUILTIN_POLICIES
            .iter()
            .find(named)
            .expect("the policies of service-linked roles come with the product")
    }
}

#[cfg(test)]
mod tests {
    use trent_policy::{Policy, PolicyKind, Rules};

    use super::*;
    use crate::rules;

    /// SPK-289
    #[test]
    fn the_role_of_multi_region_keys_may_synchronize_and_nothing_else() {
        let policy = MULTI_REGION_KEYS.policy();
        assert!(!policy.is_attachable());
        let document: serde_json::Value = serde_json::from_str(policy.document).expect("JSON");
        let expected = serde_json::json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "kms:SynchronizeMultiRegionKey", "Resource": "*"}]});
        assert_eq!(document, expected);
    }

    #[test]
    fn its_documents_and_names_are_what_the_directory_takes() {
        let role = &MULTI_REGION_KEYS;
        Policy::parse(&role.trust_policy(), PolicyKind::Trust, &Rules::TRUST_POLICY).expect("a trust policy");
        rules::path(&role.path()).expect("a path");
        rules::description(role.description).expect("a description");
        assert!(rules::is_service_linked_role(&role.name.to_lowercase()));
        assert!(!rules::is_service_linked_role("AWSServiceRole"));
    }
}
