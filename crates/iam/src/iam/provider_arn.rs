//! The ARN of an OIDC provider, read.

use trent_api::{ApiError, iam};
use trent_names::{AccountId, Partition};

/// The account and the name that `arn:aws:iam::111122223333:oidc-provider/name` has.
pub(crate) fn parse(text: &str) -> Result<(AccountId, &str), ApiError> {
    read(text).ok_or_else(|| iam::error::invalid_input(format!("ARN {text} is not valid.")))
}

/// The name alone, for whoever has been allowed and so is of that account.
pub(crate) fn name(text: &str) -> Result<&str, ApiError> {
    parse(text).map(|(_, name)| name)
}

fn read(text: &str) -> Option<(AccountId, &str)> {
    let (partition, rest) = text.strip_prefix("arn:")?.split_once(':')?;
    partition.parse::<Partition>().ok()?;
    let (account, resource) = rest.strip_prefix("iam::")?.split_once(':')?;
    let name = resource
        .strip_prefix("oidc-provider/")
        .filter(|name| !name.is_empty())?;
    Some((AccountId::parse(account).ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_of_a_provider_has_an_account_and_a_name() {
        let (account, name) = parse("arn:aws-cn:iam::111122223333:oidc-provider/id.example.com/realm").expect("an ARN");
        assert_eq!((account.as_str(), name), ("111122223333", "id.example.com/realm"));
        for text in [
            "arn:aws:iam::111122223333:oidc-provider/",
            "arn:aws:iam::111122223333:user/id.example.com",
            "arn:aws:iam::1111:oidc-provider/id.example.com",
            "arn:else:iam::111122223333:oidc-provider/id.example.com",
            "id.example.com",
        ] {
            assert_eq!(parse(text).expect_err(text).code, "InvalidInput");
        }
    }
}
