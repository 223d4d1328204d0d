//! From the model's names to Rust's.

/// `KeyId` becomes `key_id`, `KMSInvalidStateException` becomes `kms_invalid_state_exception`.
pub(crate) fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `KeyId` becomes `KEY_ID`.
pub(crate) fn upper_snake(name: &str) -> String {
    snake(name).to_uppercase()
}

/// `KeyId` becomes `keyId`, as messages spell members.
pub(crate) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// `statusType` becomes `StatusType`.
pub(crate) fn type_name(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The field of a member; a keyword is written raw.
pub(crate) fn field_name(name: &str) -> String {
    let name = snake(name);
    if matches!(name.as_str(), "type" | "match" | "ref" | "use" | "where") {
        format!("r#{name}")
    } else {
        name
    }
}

/// `NotFoundException` becomes `NotFound`.
pub(crate) fn without_exception(name: &str) -> &str {
    name.strip_suffix("Exception").unwrap_or(name)
}

/// `ECC_NIST_P256` becomes `EccNistP256`; names that are in camel case already stay as they are.
pub(crate) fn variant(value: &str) -> String {
    let is_upper = !value.chars().any(|c| c.is_ascii_lowercase());
    let name: String = if is_upper {
        value.split(['_', '-']).map(capitalized).collect()
    } else {
        value.split('-').map(type_name).collect()
    };
    // A unit per another, such as `Bytes/Second`.
    let name = name.replace('/', "Per");
    // The one keyword among them.
    if name == "Self" { "OwnAccount".to_owned() } else { name }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect()
    })
}

fn words(name: &str) -> Vec<String> {
    // The one plural of an abbreviation.
    let name = name.replace("CMKs", "Cmks");
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (at, &c) in chars.iter().enumerate() {
        let after_lower = at > 0 && !chars[at - 1].is_ascii_uppercase();
        let before_lower = chars.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let starts = at == 0 || c.is_ascii_uppercase() && (after_lower || before_lower);
        match words.last_mut() {
            Some(word) if !starts => word.push(c.to_ascii_lowercase()),
            _ => words.push(c.to_ascii_lowercase().to_string()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_where_a_reader_would() {
        for (name, expected) in [
            ("KeyId", "key_id"),
            ("AWSAccountId", "aws_account_id"),
            ("KMSInvalidStateException", "kms_invalid_state_exception"),
            ("CustomKeyStoreHasCMKsException", "custom_key_store_has_cmks_exception"),
            ("ReEncrypt", "re_encrypt"),
            ("DryRun", "dry_run"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn variants_are_camel_case() {
        for (value, expected) in [
            ("ECC_NIST_P256", "EccNistP256"),
            ("AES_256", "Aes256"),
            ("PendingImport", "PendingImport"),
            ("SELF", "OwnAccount"),
            ("aws-managed", "AwsManaged"),
            ("explicitDeny", "ExplicitDeny"),
            ("Bytes/Second", "BytesPerSecond"),
            ("LocalManagedPolicy", "LocalManagedPolicy"),
        ] {
            assert_eq!(variant(value), expected);
        }
    }
}
