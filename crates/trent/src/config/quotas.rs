//! What accounts may have and how often they may ask, where that is not as the guide has it.

use trent_names::{AccountId, Region};
use trent_quotas::{Amount, Applied, Override, Profile, Quota};

use super::sources::Reader;
use super::tables::required;
use super::value;

/// The quotas.
pub(super) fn quotas(r: &mut Reader) -> Option<Applied> {
    let profile = r.read(
        "quotas.profile",
        "request quotas: `off`, or `aws` for those that AWS publishes; resource quotas are always in force",
        "off",
        |text| value::one_of(&[("off", Profile::Off), ("aws", Profile::Aws)], text),
    );
    let overrides = r.read_tables(
        "quotas.overrides",
        "other values, each a table with `quota` (a name or code of `trent quotas list`), `value`, and perhaps `account` and `region` (in the file only)",
        ["quota", "value", "account", "region"],
        |[quota, value, account, region]| {
            let name = required(quota, "quota")?;
            let quota = Quota::find(name)
                .ok_or_else(|| format!("there is no quota `{name}`; `trent quotas list` shows those there are"))?;
            let value: Amount = required(value, "value")?.parse().map_err(told)?;
            let account = account.map(AccountId::parse).transpose().map_err(told)?;
            let region = region.map(Region::parse).transpose().map_err(told)?;
            Override::new(quota, account, region, value).map_err(told)
        },
    );
    Some(Applied::new(profile?, overrides))
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
