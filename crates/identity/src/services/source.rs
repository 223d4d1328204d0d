//! What a service acts for when it calls as itself: a resource, and the account of that (IAM User Guide, "The confused
//! deputy problem").

use std::sync::Arc;

use trent_names::AccountId;

use crate::organization::Placement;

/// The most characters of an ARN that is taken.
const LONGEST: usize = 2_048;

/// The resource that a service acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `aws:SourceArn`.
    pub arn: Option<String>,
    /// `aws:SourceAccount`.
    pub account: Option<AccountId>,
    /// Where the account stands in its organization: `aws:SourceOrgID` and `aws:SourceOrgPaths`.
    pub placement: Option<Arc<Placement>>,
}

/// A text that is not the ARN of one resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAnArn;

/// The account in an ARN, `arn:partition:service:region:account:resource`; some have none, as that of a bucket.
pub(crate) fn account_of(arn: &str) -> Result<Option<AccountId>, NotAnArn> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let &[scheme, partition, service, _, account, resource] = fields.as_slice() else {
        return Err(NotAnArn);
    };
    let legal = scheme == "arn"
        && ![partition, service, resource].contains(&"")
        && arn.len() <= LONGEST
        && arn.bytes().all(|byte| byte.is_ascii_graphic())
        && !arn.contains(['*', '?']);
    match account {
        _ if !legal => Err(NotAnArn),
        "" => Ok(None),
        account => AccountId::parse(account).map(Some).map_err(|_| NotAnArn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_an_arn_is_its_fifth_field() {
        let account = AccountId::parse("111122223333").ok();
        assert_eq!(
            account_of("arn:aws:cloudtrail:us-west-2:111122223333:trail/a:b"),
            Ok(account)
        );
        assert_eq!(account_of("arn:aws:s3:::bucket"), Ok(None));
        for text in [
            "",
            "arn:aws:s3",
            "urn:aws:s3:::bucket",
            "arn:aws:s3:::",
            "arn:aws::::bucket",
            "arn:aws:s3:::buck*",
            "arn:aws:s3:::b k",
            "arn:aws:rds:us-west-2:1111:db/a",
        ] {
            assert_eq!(account_of(text), Err(NotAnArn), "{text}");
        }
    }
}
