use trent_identity::web_identity::{KeyAddress, KeySource};

use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Loaded {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("trent.toml");
    std::fs::write(&path, file).expect("written");
    let flags = ConfigFlags {
        config: Some(path),
        ..ConfigFlags::default()
    };
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_sources(&flags, environment)
}

fn explanation(loaded: &Loaded) -> String {
    let mut out = Vec::new();
    loaded.explain(&mut out).expect("memory does not fail");
    String::from_utf8(out).expect("text")
}

#[test]
fn defaults_stand_without_a_file() {
    let config = Config::from_sources(&ConfigFlags::default(), std::iter::empty())
        .into_config()
        .expect("valid");
    assert_eq!(config.listen.to_string(), "127.0.0.1:4599");
    assert_eq!(config.data_dir, Path::new("./trent-data"));
    assert_eq!(config.operator_socket, Path::new("./trent-data/operator.sock"));
    assert_eq!(config.audit_mode, AuditMode::Durable);
    assert_eq!(config.limits.body_size, 1 << 20);
}

#[test]
fn the_environment_outranks_the_file_and_a_flag_both() {
    let file = "listen = \"127.0.0.1:1\"\n[limits]\nbody_size = \"2MiB\"\n";
    let loaded = load(
        file,
        &[("TRENT_LISTEN", "127.0.0.1:2"), ("TRENT_LIMITS_HEADER_TIMEOUT", "3s")],
    );
    let text = explanation(&loaded);
    assert!(text.contains("# environment, TRENT_LISTEN"), "{text}");
    assert!(text.contains("# file, line 3"), "{text}");
    let config = loaded.into_config().expect("valid");
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.limits.body_size, 2 << 20);
    assert_eq!(config.limits.header_timeout, Duration::from_secs(3));

    let flags = ConfigFlags {
        listen: Some("127.0.0.1:3".to_owned()),
        ..ConfigFlags::default()
    };
    let environment = std::iter::once(("TRENT_LISTEN".to_owned(), "127.0.0.1:2".to_owned()));
    let config = Config::from_sources(&flags, environment).into_config().expect("valid");
    assert_eq!(config.listen.port(), 3);
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_a_suggestion() {
    let loaded = load("regions = [\"us-east-1\"]\n\n[limits]\nbody_sise = 5\n", &[]);
    let text = explanation(&loaded);
    assert!(
        text.contains("file, line 4: there is no setting `limits.body_sise`; did you mean `limits.body_size`?"),
        "{text}"
    );
    assert!(loaded.into_config().is_err());
}

#[test]
fn an_unknown_variable_is_pointed_out_but_does_not_stop_the_server() {
    let loaded = load("", &[("TRENT_LISTN", "127.0.0.1:2"), ("TRENT_CONFIG", "x")]);
    let text = explanation(&loaded);
    assert!(
        text.contains("note: environment, TRENT_LISTN: no setting has this name; ignored"),
        "{text}"
    );
    assert!(text.contains("did you mean `TRENT_LISTEN`?"), "{text}");
    assert_eq!(loaded.notes.len(), 1);
    assert!(loaded.into_config().is_ok());
}

#[test]
fn every_problem_is_found_in_one_run() {
    let loaded = load(
        "listen = \"nowhere\"\nregions = [\"mars\"]\naudit.mode = \"never\"\nlog.level = 3.5\n",
        &[],
    );
    let text = explanation(&loaded);
    for line in 1..=4 {
        assert!(
            text.contains(&format!("problem: file, line {line}: ")),
            "{line} in {text}"
        );
    }
    assert!(text.contains("4 problems."), "{text}");
    let error = loaded.into_config().expect_err("refused").to_string();
    assert!(error.starts_with("the configuration has 4 problems:"), "{error}");
}

#[test]
fn invalid_toml_names_its_line() {
    let text = explanation(&load("listen = \"127.0.0.1:1\"\nregions = [\n", &[]));
    assert!(
        text.contains("problem: file, line ") && text.contains("not valid TOML"),
        "{text}"
    );
}

#[test]
fn a_seal_inside_the_data_folder_is_refused() {
    let loaded = load(
        "data_dir = \"/srv/trent\"\nseal.key_file = \"/srv/trent/seal.key\"\n",
        &[],
    );
    assert!(explanation(&loaded).contains("lies inside `data_dir`"));
    assert!(loaded.into_config().is_err());
    let passphrase =
        "data_dir = \"/srv/trent\"\nseal.kind = \"passphrase\"\nseal.passphrase_file = \"/srv/trent/words\"\n";
    let loaded = load(passphrase, &[]);
    assert!(explanation(&loaded).contains("`seal.passphrase_file` lies inside `data_dir`"));
    assert!(loaded.into_config().is_err());
}

#[test]
fn the_kinds_of_seal_are_known_by_name() {
    let seal = load("seal.kind = \"passphrase\"\n", &[])
        .into_config()
        .expect("valid")
        .seal;
    assert_eq!((seal.kind, seal.passphrase_file), (SealKind::Passphrase, None));
    let text = explanation(&load("seal.kind = \"pkcs12\"\n", &[]));
    assert!(text.contains("file, line 1") && text.contains("pkcs12"), "{text}");
}

#[test]
fn issuers_are_tables_of_the_file() {
    let file = "[[identity.issuers]]\nurl = \"https://a.example.com\"\njwks_file = \"/etc/a.json\"\n\n\
                [[identity.issuers]]\nurl = \"https://b.example.com\"\njwks_file = \"/etc/b.json\"\n";
    let loaded = load(file, &[]);
    let text = explanation(&loaded);
    assert!(
        text.contains("\"https://a.example.com /etc/a.json, https://b.example.com /etc/b.json\"  # file, line"),
        "{text}"
    );
    assert!(!text.contains("TRENT_IDENTITY_ISSUERS"), "{text}");
    let issuers = loaded.into_config().expect("valid").issuers;
    assert_eq!(issuers[1].url, "https://b.example.com");
    assert_eq!(issuers[1].keys, KeySource::File("/etc/b.json".into()));
    assert!(load("", &[]).into_config().expect("valid").issuers.is_empty());

    let file = "[[identity.issuers]]\nurl = \"https://a.example.com\"\njwks_url = \"https://a.example.com/keys\"\n\
                jwks_ca_file = \"/etc/ca.pem\"\n";
    let issuers = load(file, &[]).into_config().expect("valid").issuers;
    let address = KeyAddress {
        url: "https://a.example.com/keys".to_owned(),
        ca_file: Some("/etc/ca.pem".into()),
    };
    assert_eq!(issuers[0].keys, KeySource::Url(address));

    for (file, said) in [
        (
            "[[identity.issuers]]\nurl = \"u\"\n",
            "`identity.issuers`: `jwks_file` or `jwks_url` is missing",
        ),
        (
            "[[identity.issuers]]\nurl = \"u\"\njwks_file = \"f\"\njwks_url = \"https://u/k\"\n",
            "`identity.issuers`: `jwks_file` and `jwks_url` exclude each other",
        ),
        (
            "[[identity.issuers]]\njwks_url = \"https://u/k\"\n",
            "`identity.issuers`: `url` is missing",
        ),
        (
            "[[identity.issuers]]\nurl = \"u\"\njwks_url = \"http://u/k\"\n",
            "`identity.issuers`: `http://u/k` is no address of keys",
        ),
        (
            "[[identity.issuers]]\nurl = \"u\"\njwks_file = \"f\"\njwks_ca_file = \"ca.pem\"\n",
            "`jwks_ca_file` is for a `jwks_url` of `https://`, and there is none",
        ),
        (
            "[[identity.issuers]]\nurl = \"u\"\njwks_url = \"http://127.0.0.1/k\"\njwks_ca_file = \"ca.pem\"\n",
            "`jwks_ca_file` is for a `jwks_url` of `https://`, and there is none",
        ),
        (
            "[[identity.issuers]]\nurl = \"u\"\njwks_file = \"f\"\ncolour = \"red\"\n",
            "there is no setting `identity.issuers.0.colour`",
        ),
        ("identity.issuers = \"u\"\n", "there is no setting `identity.issuers`"),
    ] {
        let text = explanation(&load(file, &[]));
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn further_listeners_are_tables_of_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let policy = folder.path().join("policy.json");
    std::fs::write(
        &policy,
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}"#,
    )
    .expect("written");
    let file = format!(
        "[[listeners]]\naddress = \"127.0.0.1:4600\"\n\n[[listeners]]\naddress = \"127.0.0.1:4601\"\n\
         endpoint_id = \"vpce-1a2b3c4d\"\nvpc_id = \"vpc-12345678\"\naccount = \"111122223333\"\npolicy = \"{}\"\n",
        policy.display()
    );
    let config = load(&file, &[]).into_config().expect("valid");
    assert_eq!(config.listeners[0].address.port(), 4600);
    assert!(config.listeners[0].endpoint.is_none());
    let endpoint = config.listeners[1].endpoint.as_ref().expect("a private endpoint");
    assert_eq!((endpoint.id(), endpoint.vpc()), ("vpce-1a2b3c4d", "vpc-12345678"));
    assert_eq!(
        endpoint.account().map(ToString::to_string).as_deref(),
        Some("111122223333")
    );
    assert!(load("", &[]).into_config().expect("valid").listeners.is_empty());
}

#[test]
fn a_listener_that_would_not_restrict_as_it_says_is_refused() {
    let table = |more: &str| format!("[[listeners]]\naddress = \"127.0.0.1:4601\"\n{more}\n");
    let endpoint = "endpoint_id = \"vpce-1\"\nvpc_id = \"vpc-1\"\n";
    for (file, said) in [
        (
            "[[listeners]]\nendpoint_id = \"vpce-1\"\n".to_owned(),
            "`address` is missing",
        ),
        (table("endpoint_id = \"vpce-1\""), "`vpc_id` is missing"),
        (table("vpc_id = \"vpc-1\""), "`endpoint_id` is missing"),
        (table("policy = \"{}\""), "`endpoint_id` is missing"),
        (table("endpoint_id = \"vpc-1\"\nvpc_id = \"vpc-1\""), "`vpc-1` is no id"),
        (table(&format!("{endpoint}account = \"7\"")), "not an account id"),
        (
            table(&format!("{endpoint}denials = \"nobody\"")),
            "vpce-1: `denials` is `operator` or `account`, and not `nobody`",
        ),
        (
            table(&format!("{endpoint}policy = \"{{}}\"")),
            "vpce-1: the policy is not accepted",
        ),
        (
            table(&format!("{endpoint}policy = \"/nowhere.json\"")),
            "cannot read the document /nowhere.json",
        ),
        (
            table(&format!("{endpoint}colour = \"red\"")),
            "there is no setting `listeners.0.colour`",
        ),
        (table("") + &table(""), "two listeners have the address 127.0.0.1:4601"),
        (
            table(endpoint) + &table(endpoint).replace("4601", "4602"),
            "two listeners are the private endpoint `vpce-1`",
        ),
        (
            "listen = \"127.0.0.1:4601\"\n".to_owned() + &table(""),
            "two listeners have the address 127.0.0.1:4601",
        ),
    ] {
        let loaded = load(&file, &[]);
        let text = explanation(&loaded);
        assert!(text.contains(said), "{said:?} in\n{text}");
        assert!(loaded.into_config().is_err());
    }
}

/// What is wrong with a file.
fn refusal(file: &str) -> String {
    load(file, &[]).into_config().expect_err("refused").to_string()
}

const OTLP_SINK: &str = "[[audit.sinks]]\nname = \"a\"\notlp = \"https://c.example.com:4318\"\n";
const S3_SINK: &str =
    "[[audit.sinks]]\nname = \"a\"\ns3 = \"https://s3.example.com\"\nbucket = \"logs\"\ncredentials_file = \"/k\"\n";
const TRACES: &str = "[traces]\notlp = \"https://c.example.com:4318\"\n";

#[cfg(not(feature = "otlp"))]
#[test]
fn a_build_that_sends_nothing_to_collectors_refuses_them_and_names_the_one_that_would() {
    for (file, setting) in [(OTLP_SINK, "`otlp`"), (TRACES, "`traces.otlp`")] {
        let refusal = refusal(file);
        assert!(
            refusal.contains(&format!("{setting} needs the feature `otlp`")),
            "{refusal}"
        );
        assert!(refusal.contains("`cargo build --release --features otlp`"), "{refusal}");
    }
}

#[cfg(not(feature = "s3"))]
#[test]
fn a_build_that_writes_into_no_bucket_refuses_them_and_names_the_one_that_would() {
    let refusal = refusal(S3_SINK);
    assert!(refusal.contains("`s3` needs the feature `s3`"), "{refusal}");
    assert!(refusal.contains("`cargo build --release --features s3`"), "{refusal}");
}

#[cfg(feature = "otlp")]
#[test]
fn collectors_are_addresses_over_tls_or_of_this_machine() {
    let sink = |file: &str| load(file, &[]).into_config().expect("valid").sinks[0].kind.clone();
    let url = |kind| match kind {
        SinkKind::Otlp(collector) => collector.url,
        other => panic!("{other:?}"),
    };
    assert_eq!(url(sink(OTLP_SINK)), "https://c.example.com:4318/v1/logs");
    let whole = OTLP_SINK.replace("4318", "4318/in?x=1");
    assert_eq!(url(sink(&whole)), "https://c.example.com:4318/in?x=1");
    for (file, said) in [
        (OTLP_SINK.replace("https", "http"), "is no address of a collector"),
        (
            format!("{OTLP_SINK}credentials_file = \"/k\"\n"),
            "`credentials_file` is for `s3`, and there is none",
        ),
        (
            format!("{OTLP_SINK}ca_file = \"/c\"\n").replace("https://c.example.com", "http://127.0.0.1"),
            "`ca_file` is for an address of `https://`",
        ),
        (format!("{TRACES}share = \"2\"\n"), "`2` is no share"),
        (TRACES.replace("https", "ftp"), "is no address of a collector"),
    ] {
        assert!(refusal(&file).contains(said), "{}", refusal(&file));
    }
    let loaded = load(&format!("{TRACES}share = \"0.25\"\nheaders_file = \"/h\"\n"), &[]);
    let traces = loaded.into_config().expect("valid").traces.expect("traces");
    assert_eq!(traces.collector.url, "https://c.example.com:4318/v1/traces");
    assert_eq!(traces.collector.headers_file, Some("/h".into()));
    assert!((traces.share - 0.25).abs() < f64::EPSILON);
    assert_eq!(load("", &[]).into_config().expect("valid").traces, None);
}

#[cfg(feature = "s3")]
#[test]
fn a_bucket_has_a_service_a_name_and_a_file_of_credentials() {
    let config = load(S3_SINK, &[]).into_config().expect("valid");
    let SinkKind::LogFiles {
        place: LogPlace::Bucket(service),
        bucket,
        ..
    } = &config.sinks[0].kind
    else {
        panic!("{:?}", config.sinks);
    };
    assert_eq!((bucket.as_str(), service.region.as_str()), ("logs", "us-east-1"));
    assert_eq!(service.credentials_file, Path::new("/k"));
    for (file, said) in [
        (S3_SINK.replace("bucket = \"logs\"\n", ""), "`bucket` is missing"),
        (
            S3_SINK.replace("credentials_file = \"/k\"\n", ""),
            "`credentials_file` is missing",
        ),
        (
            S3_SINK.replace("https", "http"),
            "is no address of an S3-compatible service",
        ),
    ] {
        assert!(refusal(&file).contains(said), "{}", refusal(&file));
    }
}

fn tls_of(loaded: Loaded) -> (Option<TlsSettings>, Vec<Option<TlsSettings>>) {
    let config = loaded.into_config().expect("valid");
    let further = config.listeners.into_iter().map(|listener| listener.tls);
    (config.tls, further.collect())
}

#[test]
fn a_listener_has_the_tls_of_the_first_where_it_says_nothing_else() {
    use trent_server::{CertificateFiles, ClientCertificates, KeyExchange};
    let files = |chain: &str, key: &str| CertificateFiles {
        chain: chain.into(),
        key: key.into(),
    };
    let (first, further) = tls_of(load(
        "[tls]\ncertificate = [\"a.pem\", \"b.pem\"]\nkey = [\"a.key\", \"b.key\"]\nclient_ca = \"ca.pem\"\n\
         [[listeners]]\naddress = \"127.0.0.1:1\"\n\
         [[listeners]]\naddress = \"127.0.0.1:2\"\nplain_http = true\n\
         [[listeners]]\naddress = \"127.0.0.1:3\"\ntls.certificate = \"c.pem\"\ntls.client_auth = \"none\"\n\
         tls.key_exchange = \"classic-only\"\n",
        &[("TRENT_TLS_KEY_EXCHANGE", "pq-required")],
    ));
    let shared = TlsSettings {
        certificates: vec![files("a.pem", "a.key"), files("b.pem", "b.key")],
        clients: ClientCertificates::Required("ca.pem".into()),
        key_exchange: KeyExchange::PqRequired,
    };
    assert_eq!(first.as_ref(), Some(&shared));
    let own = TlsSettings {
        certificates: vec![files("c.pem", "c.pem")],
        clients: ClientCertificates::Ignored,
        key_exchange: KeyExchange::ClassicOnly,
    };
    assert_eq!(further, [Some(shared), None, Some(own)]);
}

#[test]
fn tls_that_would_not_do_what_it_says_is_refused() {
    for (file, said) in [
        ("tls.key = \"a.key\"\n", "`tls.certificate` is missing"),
        ("tls.client_ca = \"ca.pem\"\n", "`tls.certificate` is missing"),
        (
            "tls.certificate = [\"a.pem\", \"b.pem\"]\ntls.key = \"a.key\"\n",
            "names 2 files and `tls.key` 1",
        ),
        (
            "tls.certificate = \"a.pem\"\ntls.client_auth = \"optional\"\n",
            "`tls.client_ca` is missing",
        ),
        (
            "[[listeners]]\naddress = \"127.0.0.1:1\"\ntls.key_exchange = \"pq-required\"\n",
            "`tls.certificate` is missing",
        ),
        ("tls.allow_plain_http = \"perhaps\"\n", "`true`, `false`"),
        (
            "[[listeners]]\naddress = \"127.0.0.1:1\"\nplain_http = true\ntls.key_exchange = \"pq-required\"\n",
            "exclude each other",
        ),
    ] {
        let error = load(file, &[]).into_config().expect_err("refused").to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// REF-100: plain HTTP is refused where others could reach it, unless it is said to be wanted.
#[test]
fn plain_http_is_for_loopback() {
    for (address, allowed, fits) in [
        ("127.0.0.1:1", "false", true),
        ("[::1]:1", "false", true),
        ("[::ffff:127.0.0.1]:1", "false", true),
        ("0.0.0.0:1", "false", false),
        ("[::]:1", "false", false),
        ("192.0.2.1:1", "false", false),
        ("0.0.0.0:1", "true", true),
    ] {
        for file in [
            format!("listen = \"{address}\"\n"),
            format!("[[listeners]]\naddress = \"{address}\"\n"),
        ] {
            let loaded = load(&file, &[("TRENT_TLS_ALLOW_PLAIN_HTTP", allowed)]);
            assert_eq!(loaded.for_serving().into_config().is_ok(), fits, "{file} {allowed}");
        }
    }
}
