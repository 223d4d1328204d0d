//! A second evaluator, deliberately naive: it walks the JSON of a scenario with recursion and copies, as the guide
//! describes the rules, and shares no code with the product's.

use serde_json::Value;

/// A character of a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Glyph {
    Is(char),
    One,
    Many,
}

fn glob(pattern: &[Glyph], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((Glyph::Many, rest)) => glob(rest, text) || (!text.is_empty() && glob(pattern, &text[1..])),
        Some((Glyph::One, rest)) => !text.is_empty() && glob(rest, &text[1..]),
        Some((Glyph::Is(c), rest)) => text.first() == Some(c) && glob(rest, &text[1..]),
    }
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![],
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}

struct Case<'a> {
    scenario: &'a Value,
    principal: String,
    account: Option<String>,
    resource: String,
    owner: Option<String>,
}

/// `Allow`, `ExplicitDeny` or `ImplicitDeny`.
pub fn decide(scenario: &Value) -> &'static str {
    let principal = text(&scenario["request"]["principal"]);
    let account = principal.split(':').nth(4).map(str::to_owned);
    let resource = text(&scenario["request"]["resource"]["arn"]);
    let owner = scenario["request"]["resource"]["account"].as_str().map(str::to_owned);
    Case {
        scenario,
        principal,
        account,
        resource,
        owner,
    }
    .decide()
}

impl Case<'_> {
    fn context(&self, key: &str) -> Vec<String> {
        let given = self.scenario["request"]["context"].as_object().unwrap();
        let key = key.to_lowercase();
        if let Some((_, value)) = given.iter().find(|(name, _)| name.to_lowercase() == key) {
            return texts(value);
        }
        let kind = self
            .principal
            .rsplit(':')
            .next()
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .to_owned();
        let derived = match key.as_str() {
            "aws:principalaccount" => self.account.clone(),
            "aws:username" if kind == "user" => self.principal.rsplit('/').next().map(str::to_owned),
            "aws:principalarn" if self.account.is_some() => Some(self.role_arn().unwrap_or(self.principal.clone())),
            "aws:resourceaccount" => self.owner.clone(),
            "kms:calleraccount" if self.is_key() && self.action().starts_with("kms:") => self.account.clone(),
            _ => None,
        };
        derived.into_iter().collect()
    }

    fn action(&self) -> String {
        text(&self.scenario["request"]["action"]).to_lowercase()
    }

    fn is_key(&self) -> bool {
        self.resource.contains(":kms:") && self.resource.contains(":key/")
    }

    fn is_session(&self) -> bool {
        self.principal.contains(":assumed-role/")
    }

    fn role_arn(&self) -> Option<String> {
        let (before, after) = self.principal.split_once(":assumed-role/")?;
        let role = after.split('/').next().unwrap();
        Some(format!("{}:role/{role}", before.replace(":sts:", ":iam:")))
    }

    /// A pattern with its variables replaced; nothing if one has no value.
    fn expand(&self, pattern: &str, wild: bool, variables: bool) -> Option<Vec<Glyph>> {
        let mut glyphs = vec![];
        let mut rest = pattern;
        while !rest.is_empty() {
            if variables && rest.starts_with("${") {
                let end = rest.find('}').unwrap();
                let inner = &rest[2..end];
                rest = &rest[end + 1..];
                let value = match inner {
                    "*" | "?" | "$" => inner.to_owned(),
                    _ => {
                        let (key, default) = match inner.split_once(',') {
                            Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\''))),
                            None => (inner, None),
                        };
                        let values = self.context(key);
                        match (values.as_slice(), default) {
                            ([], Some(default)) => default.to_owned(),
                            ([one], _) => one.clone(),
                            _ => return None,
                        }
                    }
                };
                glyphs.extend(value.chars().map(Glyph::Is));
                continue;
            }
            let c = rest.chars().next().unwrap();
            rest = &rest[c.len_utf8()..];
            glyphs.push(match c {
                '*' if wild => Glyph::Many,
                '?' if wild => Glyph::One,
                c => Glyph::Is(c),
            });
        }
        Some(glyphs)
    }

    fn matches(&self, pattern: &str, subject: &str, wild: bool, variables: bool) -> bool {
        let subject: Vec<char> = subject.chars().collect();
        self.expand(pattern, wild, variables)
            .is_some_and(|pattern| glob(&pattern, &subject))
    }

    /// Field by field; `${…}` may hold colons, so they are hidden first.
    fn arn_matches(&self, pattern: &str, subject: &str, variables: bool, pad: bool) -> Option<bool> {
        if pattern == "*" {
            return Some(true);
        }
        let mut hidden = String::new();
        let mut depth = false;
        for (at, c) in pattern.char_indices() {
            depth = (depth || (variables && pattern[at..].starts_with("${"))) && !(depth && c == '}');
            hidden.push(if depth && c == ':' { '\u{1}' } else { c });
        }
        let mut wanted: Vec<String> = hidden.splitn(6, ':').map(|it| it.replace('\u{1}', ":")).collect();
        if !pad && wanted.len() < 6 {
            return Some(false);
        }
        wanted.resize(6, "*".to_owned());
        let found: Vec<&str> = subject.splitn(6, ':').collect();
        if found.len() < 6 {
            return Some(false);
        }
        let mut unknown = false;
        for (wanted, found) in wanted.iter().zip(found) {
            match self.expand(wanted, true, variables) {
                None => unknown = true,
                Some(glyphs) if !glob(&glyphs, &found.chars().collect::<Vec<_>>()) => return Some(false),
                Some(_) => {}
            }
        }
        if unknown { None } else { Some(true) }
    }

    fn names_fit(&self, statement: &Value) -> (bool, bool, bool) {
        // (account, role or everybody, exactly this caller)
        let mut fit = (false, false, false);
        let principal = &statement["Principal"];
        if principal == "*" {
            return (false, true, false);
        }
        for name in texts(&principal["AWS"]) {
            let of_account = self
                .account
                .as_ref()
                .is_some_and(|account| name == *account || name == format!("arn:aws:iam::{account}:root"));
            if of_account && self.principal == name {
                fit.2 = true;
            } else if of_account {
                fit.0 = true;
                fit.2 |= self.principal.ends_with(":root");
            } else if name == "*" || Some(&name) == self.role_arn().as_ref() {
                fit.1 = true;
            } else if name == self.principal {
                // A role as principal is some session of it.
                if name.contains(":role/") {
                    fit.1 = true;
                } else {
                    fit.2 = true;
                }
            }
        }
        for name in texts(&principal["Service"]) {
            fit.2 |= self.principal == format!("service:{name}");
        }
        fit
    }

    fn not_principal_applies(&self, statement: &Value) -> bool {
        let bounded = !list(&self.scenario["permissionsBoundaries"]).is_empty();
        let entity = [":user/", ":role/", ":assumed-role/"]
            .iter()
            .any(|kind| self.principal.contains(kind));
        if bounded && entity {
            return true;
        }
        let excepted = &statement["NotPrincipal"];
        if excepted == "*" || texts(&excepted["AWS"]).iter().any(|name| name == "*") {
            return false;
        }
        let names = texts(&excepted["AWS"]);
        let account = self.account.clone().unwrap_or_default();
        let has_account = names
            .iter()
            .any(|name| *name == account || *name == format!("arn:aws:iam::{account}:root"));
        let has = |name: &str| names.iter().any(|it| it == name);
        let spared = if self.is_session() {
            has_account && has(&self.role_arn().unwrap()) && has(&self.principal)
        } else if self.principal.contains(":role/") {
            false
        } else if self.principal.ends_with(":root") {
            has_account
        } else if let Some(service) = self.principal.strip_prefix("service:") {
            texts(&excepted["Service"]).iter().any(|it| it == service)
        } else {
            has_account && has(&self.principal)
        };
        !spared
    }

    fn condition_holds(&self, operator: &str, key: &str, wanted: &Value, variables: bool, allow: bool) -> bool {
        let found = self.context(key);
        let operator = operator.to_lowercase();
        if operator == "null" {
            return texts(wanted).iter().any(|it| (it == "true") == found.is_empty());
        }
        let (set, operator) = match operator.split_once(':') {
            Some((set, rest)) => (set.to_owned(), rest.to_owned()),
            None => (String::new(), operator),
        };
        let (operator, if_exists) = match operator.strip_suffix("ifexists") {
            Some(rest) => (rest.to_owned(), true),
            None => (operator, false),
        };
        let negated = operator.contains("not");
        if found.is_empty() {
            return if_exists || set == "forallvalues" || (negated && set.is_empty());
        }
        let satisfied = |value: &String| {
            let some = texts(wanted)
                .iter()
                .any(|wanted| self.compare(&operator.replace("not", ""), value, wanted, variables));
            some != negated
        };
        match set.as_str() {
            "forallvalues" => found.iter().all(satisfied),
            "foranyvalue" => found.iter().any(satisfied),
            _ if allow => found.iter().all(satisfied),
            _ => found.iter().any(satisfied),
        }
    }

    fn compare(&self, operator: &str, value: &str, wanted: &str, variables: bool) -> bool {
        let number = |text: &str| text.parse::<f64>().ok();
        match operator {
            "stringequals" => self.matches(wanted, value, false, variables),
            "stringlike" => self.matches(wanted, value, true, variables),
            "stringequalsignorecase" => self.expand(wanted, false, variables).is_some_and(|glyphs| {
                let folded = glyphs.iter().map(|glyph| match glyph {
                    Glyph::Is(c) => c.to_ascii_lowercase(),
                    _ => unreachable!(),
                });
                folded.collect::<String>() == value.to_ascii_lowercase()
            }),
            "arnequals" | "arnlike" => self.arn_matches(wanted, value, variables, false) == Some(true),
            "bool" => value.to_lowercase() == wanted.to_lowercase(),
            "ipaddress" => {
                let bits = |text: &str| text.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
                let (net, length) = wanted.split_once('/').unwrap_or((wanted, "32"));
                let shift = 32 - length.parse::<u32>().unwrap();
                match (bits(net), bits(value)) {
                    (Some(net), Some(value)) => u64::from(net) >> shift == u64::from(value) >> shift,
                    _ => false,
                }
            }
            _ => {
                let (order, suffix) = if let Some(suffix) = operator.strip_prefix("numeric") {
                    match (number(value), number(wanted)) {
                        (Some(a), Some(b)) => (a.partial_cmp(&b).unwrap(), suffix),
                        _ => return false,
                    }
                } else {
                    // The generated dates all have one form.
                    (value.cmp(wanted), operator.strip_prefix("date").unwrap())
                };
                match suffix {
                    "equals" => order.is_eq(),
                    "lessthan" => order.is_lt(),
                    "lessthanequals" => order.is_le(),
                    "greaterthan" => order.is_gt(),
                    "greaterthanequals" => order.is_ge(),
                    _ => panic!("{operator}"),
                }
            }
        }
    }

    fn applies(&self, policy: &Value, statement: &Value) -> bool {
        let allow = statement["Effect"] == "Allow";
        let variables = policy["Version"] == "2012-10-17";
        let action = self.action();
        let listed = |key: &str| {
            texts(&statement[key])
                .iter()
                .any(|it| self.matches(&it.to_lowercase(), &action, true, false))
        };
        let action_fits = if statement["Action"].is_null() {
            !listed("NotAction")
        } else {
            listed("Action")
        };
        if !action_fits {
            return false;
        }
        let answers = |key: &str| -> Vec<Option<bool>> {
            let patterns = texts(&statement[key]);
            patterns.iter().map(|it| self.resource_fits(it, variables)).collect()
        };
        let resource_fits = if !statement["Resource"].is_null() {
            answers("Resource").contains(&Some(true))
        } else if !statement["NotResource"].is_null() {
            let answers = answers("NotResource");
            !answers.contains(&Some(true)) && (!allow || !answers.contains(&None))
        } else {
            false
        };
        resource_fits
            && statement["Condition"]
                .as_object()
                .into_iter()
                .flatten()
                .all(|(operator, keys)| {
                    keys.as_object()
                        .unwrap()
                        .iter()
                        .all(|(key, wanted)| self.condition_holds(operator, key, wanted, variables, allow))
                })
    }

    fn resource_fits(&self, pattern: &str, variables: bool) -> Option<bool> {
        if self.resource != "*" {
            return self.arn_matches(pattern, &self.resource, variables, true);
        }
        Some(pattern == "*")
    }

    fn statements(policies: &Value) -> Vec<(Value, Value)> {
        list(policies)
            .iter()
            .flat_map(|named| {
                let policy = if named["policy"].is_null() {
                    named.clone()
                } else {
                    named["policy"].clone()
                };
                list(&policy["Statement"])
                    .into_iter()
                    .map(move |statement| (policy.clone(), statement))
            })
            .collect()
    }

    /// Whether a statement of that effect applies in policies that name no principals.
    fn any(&self, policies: &Value, effect: &str) -> bool {
        Self::statements(policies)
            .iter()
            .any(|(policy, statement)| statement["Effect"] == effect && self.applies(policy, statement))
    }

    /// What resource policies and the like say: account, broad, exact.
    fn named(&self, policies: &Value, effect: &str) -> (bool, bool, bool) {
        let mut all = (false, false, false);
        for (policy, statement) in Self::statements(policies) {
            if statement["Effect"] == effect && self.applies(&policy, &statement) {
                let fit = if statement["Principal"].is_null() {
                    (false, self.not_principal_applies(&statement), false)
                } else {
                    self.names_fit(&statement)
                };
                all = (all.0 || fit.0, all.1 || fit.1, all.2 || fit.2);
            }
        }
        all
    }

    fn decide(&self) -> &'static str {
        let s = self.scenario;
        let any_of = |fit: (bool, bool, bool)| fit.0 || fit.1 || fit.2;
        let known = self.account.is_some();
        let levels = |key: &str| list(&s[key]);
        let mut denied =
            any_of(self.named(&s["resourcePolicy"], "Deny")) || any_of(self.named(&s["endpointPolicies"], "Deny"));
        for level in levels("resourceControlPolicies") {
            denied |= any_of(self.named(&level["policies"], "Deny"));
        }
        if known {
            for key in ["identityPolicies", "permissionsBoundaries", "sessionPolicies"] {
                denied |= self.any(&s[key], "Deny");
            }
            for level in levels("serviceControlPolicies") {
                denied |= self.any(&level["policies"], "Deny");
            }
        }
        if denied {
            return "ExplicitDeny";
        }
        let own = self.resource == "*" || (known && self.account == self.owner);
        let own_only = ["kms:putkeypolicy", "kms:disablekey"].contains(&self.action().as_str());
        let mut passes = own || !(self.is_key() && own_only);
        if known {
            passes &= levels("serviceControlPolicies")
                .iter()
                .all(|level| self.any(&level["policies"], "Allow"));
        }
        passes &= levels("resourceControlPolicies")
            .iter()
            .all(|level| any_of(self.named(&level["policies"], "Allow")));
        passes &= list(&s["endpointPolicies"])
            .iter()
            .all(|policy| any_of(self.named(policy, "Allow")));
        if !passes {
            return "ImplicitDeny";
        }
        let limits = !known
            || (list(&s["permissionsBoundaries"])
                .iter()
                .all(|policy| self.any(policy, "Allow"))
                && (list(&s["sessionPolicies"]).is_empty() || self.any(&s["sessionPolicies"], "Allow")));
        let iam = limits && known && (self.any(&s["identityPolicies"], "Allow") || self.principal.ends_with(":root"));
        let (account, broad, exact) = self.named(&s["resourcePolicy"], "Allow");
        let direct = (exact && (own || limits)) || (broad && limits);
        let allowed = if self.resource == "*" {
            iam
        } else if self.is_key() {
            (direct || (account && iam)) && (own || iam || self.principal.starts_with("service:"))
        } else if !known {
            direct
        } else if own {
            direct || iam
        } else {
            (direct || account) && iam
        };
        if allowed { "Allow" } else { "ImplicitDeny" }
    }
}
