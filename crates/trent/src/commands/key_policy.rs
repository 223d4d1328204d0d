//! `trent key-policy`: composes a key policy from who administers the key and who uses it.

use trent_kms::console_policy::{Composition, compose};
use trent_names::{Partition, PrincipalArn};

use super::key_type;
use crate::Failure;
use crate::cli::KeyPolicyArguments;

pub(crate) fn run(arguments: &KeyPolicyArguments) -> Result<(), Failure> {
    let (spec, usage) = key_type(&arguments.key_spec, arguments.key_usage.as_deref())?;
    let named = arguments.administrator.iter().chain(&arguments.user);
    if let Some(foreign) = named.clone().find(|arn| arn.account() != arguments.account) {
        return Err(format!(
            "{foreign} is not in account {}: give other accounts with --other-account",
            arguments.account
        )
        .into());
    }
    let partition = named.map(PrincipalArn::partition).next().unwrap_or(Partition::Aws);
    let composed = compose(&Composition {
        partition,
        account: arguments.account,
        spec,
        usage,
        imported: arguments.imported,
        multi_region: arguments.multi_region,
        administrators: &arguments.administrator,
        administrators_may_delete: !arguments.no_deletion,
        users: &arguments.user,
        other_accounts: &arguments.other_account,
    });
    println!("{composed}");
    Ok(())
}
