use std::collections::BTreeSet;
use std::io::Write;

use super::*;

const SHIPPED: &str = include_str!("../../../../config/flowlogd.toml");

/// Every key of the shipped file without its `#`; prose has a blank behind it.
fn uncommented() -> String {
    let lines = SHIPPED.lines().map(|line| {
        line.strip_prefix('#')
            .filter(|rest| rest.starts_with(|c: char| !c.is_whitespace()))
            .unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn load(text: &str) -> Result<Config, String> {
    let file = file(text);
    (Sources::default().file(Some(file.path())).load()).map_err(|error| {
        error
            .to_string()
            .replace(&file.path().display().to_string(), "FILE")
    })
}

fn set(assignments: &[&str]) -> Result<Config, Box<ConfigError>> {
    let assignments: Vec<String> = assignments.iter().map(|&text| text.to_owned()).collect();
    Sources::default().set(&assignments)?.load()
}

fn environment(variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    (Sources::default().environment(variables).load()).map_err(|error| error.to_string())
}

#[test]
fn the_shipped_file_as_it_is_changes_nothing() {
    assert_eq!(load(SHIPPED).unwrap(), Config::default());
    assert!(
        SHIPPED
            .lines()
            .all(|line| line.is_empty() || line.starts_with('#'))
    );
}

#[test]
fn the_shipped_file_uncommented_is_exactly_the_defaults() {
    let table: toml::Table = uncommented().parse().unwrap();
    let mut defaults = tree::of(&Config::default());
    for empty in ["access_key", "user", "resource"] {
        assert_eq!(defaults.remove(empty), Some(toml::Value::Array(Vec::new())));
    }
    assert_eq!(paths(&table), paths(&defaults));
    assert_eq!(load(&uncommented()).unwrap(), Config::default());
}

/// The paths of all keys.
fn paths(table: &toml::Table) -> BTreeSet<String> {
    let text = toml::to_string(table).unwrap();
    let places = tree::Places::of(&text).unwrap();
    let paths = places.iter().map(|(path, _)| path.to_string());
    paths.collect()
}

/// The keys that a list's entries may have, by serde's own word.
fn keys_of<T: serde::de::DeserializeOwned + std::fmt::Debug>() -> BTreeSet<String> {
    let error = toml::from_str::<T>("no-such-key = 0").unwrap_err();
    error
        .message()
        .split('`')
        .skip(1)
        .step_by(2)
        .skip(1)
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_key_of_an_entry_is_shown_in_the_shipped_file() {
    let aliases = ["vm", "snid"];
    for (list, keys) in [
        ("[[access_key]]", keys_of::<Key>()),
        ("[[user]]", keys_of::<User>()),
        ("[[resource]]", keys_of::<Resource>()),
        ("[[flow_log]]", keys_of::<Definition>()),
        ("[sls.region.cn-hangzhou]", keys_of::<Region>()),
        ("[kafka.main]", keys_of::<Cluster>()),
    ] {
        let (_, entry) = SHIPPED.split_once(&format!("{list}\n")).unwrap();
        let entry = entry.split("[[").next().unwrap();
        assert!(keys.len() >= 2, "{keys:?}");
        for key in keys.iter().filter(|key| !aliases.contains(&key.as_str())) {
            let shown = entry.lines().any(|line| {
                line.trim_start_matches(['#', ' '])
                    .starts_with(&format!("{key} = "))
            });
            assert!(shown, "{list}: {key}");
        }
    }
}

#[test]
fn the_effective_configuration_can_be_read_again() {
    let config = Config::default();
    assert_eq!(load(&config.to_toml()).unwrap(), config);
}

#[test]
fn errors_name_file_line_key_value_and_remedy() {
    for (text, sentence) in [
        (
            "\n[collect]\nlisten = [\"[::]:9995\"]\nlisen = 5\n",
            "FILE:4: collect.lisen = 5: unknown key; did you mean listen?",
        ),
        (
            "[colect]\nworkers = 1\n",
            "FILE:1: colect: unknown key; did you mean collect?",
        ),
        (
            "[telemetry]\nzzz = \"a\"\n",
            "FILE:2: telemetry.zzz = \"a\": unknown key; the keys here are listen",
        ),
        (
            "[logstore]\nlisten = \"9082\"\n",
            "FILE:2: logstore.listen = \"9082\": invalid socket address syntax; write an address \
             with a port, such as \"127.0.0.1:9082\" or \"[::]:9082\"",
        ),
        (
            "[collect]\nlisten = [\n  \"[::]:9995\",\n  \"here\",\n]\n",
            "FILE:4: collect.listen[1] = \"here\": invalid socket address syntax; write a list of \
             addresses with ports, such as [\"[::]:9995\"]",
        ),
        (
            "[collect]\nworkers = \"many\"\n",
            "FILE:2: collect.workers = \"many\": invalid type: string \"many\", expected u16; write \
             a value like the default, 0",
        ),
        (
            "[logstore]\nseal_after = \"soon\"\n",
            "FILE:2: logstore.seal_after = \"soon\": not a duration such as \"300s\", \"5m\" or \
             \"2h\"; write a value like the default, \"5m\"",
        ),
        (
            "[log]\nlevel = \"warning\"\n",
            "FILE:2: log.level = \"warning\": unknown value; did you mean warn?",
        ),
    ] {
        assert_eq!(load(text).unwrap_err(), sentence);
    }
}

#[test]
fn values_out_of_place_are_errors_of_the_same_shape() {
    for (text, sentence) in [
        (
            "[collect]\nreceive_batch = 0\n",
            "FILE:2: collect.receive_batch = 0: out of range; write 1 to 1024",
        ),
        (
            "[logstore]\nseal_size = \"1KiB\"\n",
            "FILE:2: logstore.seal_size = \"1KiB\": out of range; write \"1MiB\" to \"1GiB\"",
        ),
        (
            "[logstore]\nsync_delay = \"2s\"\n",
            "FILE:2: logstore.sync_delay = \"2s\": out of range; write \"0s\" to \"1s\"",
        ),
        (
            "[control]\nlisten = \"127.0.0.1:9082\"\n",
            "defaults: logstore.listen = \"127.0.0.1:9082\": the address of control.listen as \
             well; give each a port of its own",
        ),
        (
            "[control]\nlisten = \"0.0.0.0:9081\"\n",
            "FILE:2: control.listen = \"0.0.0.0:9081\": reached from other machines without TLS; \
             listen on 127.0.0.1, give it a certificate (tls.certificate), or write plain_http = \
             true if something before it speaks TLS",
        ),
        (
            "[[user]]\nname = \"a\"\nid = \"a\"\nsecret = \"x\"\n\
             policies = ['{\"Version\":\"2\",\"Statement\":[]}']\n",
            "FILE:5: user[0].policies[0] = '{\"Version\":\"2\",\"Statement\":[]}': no RAM policy: \
             Version must be \"1\"; correct the policy",
        ),
        (
            "regions = []",
            "FILE:1: regions = []: no region; name at least one",
        ),
        (
            "account = 1000000000000001",
            "FILE:1: account = 1000000000000001: invalid type: integer `1000000000000001`, \
             expected a string; write the account id in quotes, such as \"1000000000000001\"",
        ),
        (
            "[[access_key]]\nid = \"a\"\n",
            "FILE:1: access_key[0]: secret is missing; add secret = …",
        ),
        (
            "[[access_key]]\nid = \"a\"\nsecret = \"x\"\n[[access_key]]\nid = \"a\"\nsecret = \"y\"\n",
            "FILE:5: access_key[1].id = \"a\": another key has this id; give every key an id of its own",
        ),
        (
            "[[access_key]]\nid = \"a\"\nsecret = \"x\"\nexpires = \"2026-12-31T00:00:00Z\"\n",
            "FILE:4: access_key[0].expires = \"2026-12-31T00:00:00Z\": only a key with a security \
             token can expire; add security_token = …",
        ),
        (
            "[[user]]\nname = \"u\"\nid = \"a\"\nsecret = \"s\"\npolicies = [\"{\"]\n",
            "FILE:5: user[0].policies[0] = \"{\": not JSON: EOF while parsing an object at line 1 \
             column 1; correct the JSON text",
        ),
    ] {
        assert_eq!(load(text).unwrap_err(), sentence);
    }
}

/// A region with these keys beside an endpoint and an id.
fn region(keys: &str) -> String {
    format!("[sls.region.cn-hangzhou]\nendpoint = \"https://h.example\"\nid = \"a\"\n{keys}")
}

#[test]
fn regions_of_the_real_service_are_whole_and_their_secrets_hidden() {
    for (text, sentence) in [
        (
            region(""),
            "FILE:1: sls.region.cn-hangzhou.secret: no secret; write secret = …, or secret_file = …",
        ),
        (
            region("secret = \"s\"\nsecret_file = \"f\"\n"),
            "FILE:5: sls.region.cn-hangzhou.secret_file = \"f\": secret is written as well; write one of them",
        ),
        (
            region("secret = \"s\"\n").replace("https://h.example", "h.example/path"),
            "FILE:2: sls.region.cn-hangzhou.endpoint = \"h.example/path\": no endpoint; write \
             https://HOST or http://HOST:PORT, without a path",
        ),
        (
            region("secret = \"s\"\n").replace("cn-hangzhou", "mars"),
            "FILE:1: sls.region.mars: no region of this configuration; name it in regions, or take it out",
        ),
        (
            "[sink]\nmax_backlog = \"1KiB\"\n".to_owned(),
            "FILE:2: sink.max_backlog = \"1KiB\": out of range; write \"1MiB\" to \"1024TiB\"",
        ),
    ] {
        assert_eq!(load(&text).unwrap_err(), sentence);
    }
    let config = load(&region(
        "secret = \"hunter2\"\nsecurity_token = \"hunter2\"\n",
    ))
    .unwrap();
    let printed = config.to_toml() + &format!("{config:?}");
    assert!(!printed.contains("hunter2"), "{printed}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    std::fs::write(&file, "hunter2\n").unwrap();
    let config = load(&region(&format!("secret_file = \"{}\"\n", file.display()))).unwrap();
    assert_eq!(regions(&config).unwrap()[0].key.secret.expose(), "hunter2");
    std::fs::remove_file(&file).unwrap();
    let missing = regions(&config).unwrap_err();
    assert!(
        missing.starts_with("sls.region.cn-hangzhou.secret_file: "),
        "{missing}"
    );
    assert!(
        missing.contains("name a file that the daemon may read"),
        "{missing}"
    );
}

#[test]
fn clusters_have_a_topic_that_kafka_takes_and_a_whole_user() {
    let cluster = |keys: &str| load(&format!("[kafka.main]\nbrokers = \"h:9092\"\n{keys}"));
    let config = cluster("topic = \"rows.{flow_log}\"\nflow_logs = [\"a\"]\n").unwrap();
    let [(name, settings)] = &clusters(&config).unwrap()[..] else {
        panic!("one cluster")
    };
    assert_eq!((&**name, &*settings.topic.of("a")), ("main", "rows.a"));
    assert!(config.kafka["main"].takes("a") && !config.kafka["main"].takes("b"));
    let whole = "topic = \"rows\"\nuser = \"u\"\nsecret = \"hunter2\"\nsasl = \"scram-sha-256\"\n";
    let config = cluster(whole).unwrap();
    let printed = config.to_toml() + &format!("{config:?} {:?}", clusters(&config).unwrap());
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(config.kafka["main"].takes("anything"));
    for (keys, sentence) in [
        (
            "topic = \"a b\"\n",
            "kafka.main.topic: a topic's name consists of letters",
        ),
        (
            "topic = \"rows\"\nuser = \"u\"\n",
            "kafka.main.secret: no password",
        ),
    ] {
        let problem = clusters(&cluster(keys).unwrap()).unwrap_err();
        assert!(problem.starts_with(sentence), "{problem}");
    }
}

#[test]
fn a_certificate_and_its_key_belong_together() {
    for (text, sentence) in [
        (
            "[tls]\ncertificate = \"a.pem\"\n",
            "FILE:1: tls.key = \"\": absent where its other half is given; name the file of the \
             certificate's private key",
        ),
        (
            "[tls]\nkey = \"a.key\"\n",
            "FILE:1: tls.certificate = \"\": absent where its other half is given; name the file of \
             the key's certificate",
        ),
    ] {
        assert_eq!(load(text).unwrap_err(), sentence);
    }
}

#[test]
fn errors_of_flow_logs_and_resources_name_their_entry() {
    for (text, sentence) in [
        (
            "[[flow_log]]\nname = \"a\"\nwindow = \"7m\"\n",
            "FILE:3: flow_log[0].window = \"7m\": not a value for this key; \"1m\", \"5m\", \"10m\", \"none\" (one row per record), or leave it out",
        ),
        (
            "[[flow_log]]\nwindow = \"1m\"\n",
            "FILE:1: flow_log[0]: name is missing; add name = …",
        ),
        (
            "[[flow_log]]\nname = \"a\"\nwindw = \"1m\"\n",
            "FILE:3: flow_log[0].windw = \"1m\": unknown key; did you mean window?",
        ),
        (
            "[[flow_log]]\nname = \"a\"\n[[flow_log]]\nname = \"a\"\n",
            "FILE:4: flow_log[1].name = \"a\": another flow log has this name; give every flow log a name of its own",
        ),
        (
            "[[flow_log]]\nname = \"a\"\nresource = \"what\"\n",
            "FILE:3: flow_log[0].resource = \"what\": a flow log cannot have this (what); not in the inventory: add it as a [[resource]], or state `product`",
        ),
        (
            "[[flow_log]]\nname = \"a\"\ncolumns = [\"nope\"]\n",
            "FILE:3: flow_log[0].columns = [\"nope\"]: a flow log cannot have this (nope); the name of an Information Element, such as bgpSourceAsNumber",
        ),
        (
            "[[resource]]\nid = \"sag-1\"\nkind = \"sgg\"\n",
            "FILE:3: resource[0].kind = \"sgg\": unknown value; write one of vpc, v-switch, vsw, vswitch, eni, network-interface, cen, tr, transit-router, transit_router, attachment, sag",
        ),
        (
            "[[resource]]\nid = \"sag-1\"\nkind = \"sag\"\nexporters = [\"1.2.3\"]\n",
            "FILE:4: resource[0].exporters[0] = \"1.2.3\": not a value for this key; an address or a prefix such as 192.0.2.0/24 or 2001:db8::/32",
        ),
        (
            "[[resource]]\nid = \"eni-1\"\nkind = \"eni\"\nparent = \"vsw-1\"\n",
            "FILE:4: resource[0].parent = \"vsw-1\": does not fit the rest of the inventory; no resource has the id `vsw-1`",
        ),
    ] {
        assert_eq!(load(text).unwrap_err(), sentence);
    }
}

#[test]
fn syntax_errors_name_the_line() {
    let error = load("data = \"x\"\n\n[collect\n").unwrap_err();
    assert!(
        error.starts_with("FILE:3: ") && error.ends_with("; correct the TOML there"),
        "{error}"
    );
    let error = load("data = \"x\"\ndata = \"y\"\n").unwrap_err();
    assert!(error.starts_with("FILE:2: duplicate key"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let missing = std::path::Path::new("no-such-file.toml");
    let error = Sources::default().file(Some(missing)).load().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no-such-file.toml: the configuration cannot be read: No such file or directory (os error \
         2); name a readable file with --config, or leave it out for the defaults"
    );
}

#[test]
fn secrets_are_never_printed() {
    let keys = "[[access_key]]\nid = \"a\"\nsecret = \"hunter2\"\n\
                [[user]]\nname = \"u\"\nid = \"b\"\nsecret = \"hunter2\"\n";
    let config = load(keys).unwrap();
    assert_eq!(
        config.root_keys().next().unwrap().secret.expose(),
        "hunter2"
    );
    let printed = config.to_toml() + &format!("{config:?}");
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(
        printed.contains("id = \"b\"\nsecret = \"********\""),
        "{printed}"
    );
    for broken in [
        "[[access_key]]\nid = \"a\"\nsecret = 424242\n",
        "[[access_key]]\nid = \"a\"\nsecret = \"424242 424242\"\n",
        "[[access_key]]\nid = \"a\"\nsecret = \"424242\"\nextra = 1\n",
        "[[access_key]]\nid = \"a\"\nsecret = \"x\"\nsecurity_token = 424242\n",
        "[[access_key]]\nid = \"a\"\nsecret = \"x\"\nsecurity_token = \"424242 424242\"\n",
    ] {
        let error = load(broken).unwrap_err();
        assert!(!error.contains("424242"), "{error}");
    }
}

#[test]
fn a_temporary_key_has_a_token_and_perhaps_an_end() {
    let entry = |more: &str| {
        let own = "[[access_key]]\nid = \"own\"\nsecret = \"s\"\n";
        load(&format!(
            "[[access_key]]\nid = \"STS.a\"\nsecret = \"x\"\n{more}\n{own}"
        ))
    };
    let config = entry("security_token = \"tok/en==\"\nexpires = \"2023-11-14T23:13:20+01:00\"");
    let config = config.unwrap();
    let own: Vec<&str> = config.root_keys().map(|key| key.id.as_str()).collect();
    assert_eq!(own, ["own"]);
    let temporary = &config.access_key[0];
    assert!(
        temporary
            .security_token
            .as_ref()
            .unwrap()
            .checked()
            .unwrap()
            .is("tok/en==")
    );
    let expires = temporary.expires.as_ref().unwrap();
    assert_eq!(expires.at(), flowlog_record::Timestamp(1_700_000_000_000));
    let printed = config.to_toml() + &format!("{config:?}");
    assert!(!printed.contains("tok/en"), "{printed}");
    assert!(
        printed.contains("security_token = \"********\"\nexpires = \"2023-11-14T23:13:20+01:00\"")
    );
    for (more, sentence) in [
        (
            "security_token = \"a b\"",
            "FILE:4: access_key[0].security_token = \"********\": not a secret; write 1 to 4096 \
             visible ASCII characters in quotes",
        ),
        (
            "security_token = \"a\"\nexpires = \"tomorrow\"",
            "write a time as RFC 3339 in quotes, such as \"2026-12-31T00:00:00Z\"",
        ),
        (
            "security_token = \"a\"\nexpires = 2026-12-31T00:00:00Z",
            "write a time as RFC 3339 in quotes, such as \"2026-12-31T00:00:00Z\"",
        ),
    ] {
        let error = entry(more).unwrap_err();
        assert!(error.ends_with(sentence), "{error}");
        assert!(error.contains("access_key[0]."), "{error}");
    }
}

#[test]
fn the_environment_goes_before_the_file() {
    let config = environment(&[
        ("FLOWLOGD_COLLECT__LISTEN", "127.0.0.1:2055,[::1]:4739"),
        ("FLOWLOGD_COLLECT__WORKERS", "3"),
        ("FLOWLOGD_ACCOUNT", "1000000000000002"),
        ("FLOWLOGD_LOG__LEVEL", "debug"),
        ("PATH", "/bin"),
    ])
    .unwrap();
    assert_eq!(config.collect.listen.len(), 2);
    assert_eq!(config.collect.workers, 3);
    assert_eq!(config.account, "1000000000000002");
    assert_eq!(config.log.level, LogLevel::Debug);

    let file = file("[collect]\nworkers = 7\nreceive_batch = 8\n");
    let config = Sources::default()
        .file(Some(file.path()))
        .environment([("FLOWLOGD_COLLECT__WORKERS".into(), "3".into())])
        .set(&["collect.workers=4".to_owned()])
        .unwrap()
        .load()
        .unwrap();
    assert_eq!(
        (config.collect.workers, config.collect.receive_batch),
        (4, 8)
    );
}

#[test]
fn errors_of_the_environment_name_the_variable() {
    assert_eq!(
        environment(&[("FLOWLOGD_COLECT__WORKERS", "3")]).unwrap_err(),
        "environment FLOWLOGD_COLECT__WORKERS: colect: unknown key; did you mean collect?"
    );
    assert_eq!(
        environment(&[("FLOWLOGD_COLLECT__WORKERS", "some")]).unwrap_err(),
        "environment FLOWLOGD_COLLECT__WORKERS: collect.workers = \"some\": invalid type: string \
         \"some\", expected u16; write a value like the default, 0"
    );
}

#[test]
fn what_kubernetes_sets_for_a_service_of_our_name_is_left_alone() {
    let config = environment(&[
        ("FLOWLOGD_PORT", "udp://10.0.0.1:9995"),
        ("FLOWLOGD_PORT_9995_UDP_ADDR", "10.0.0.1"),
        ("FLOWLOGD_SERVICE_HOST", "10.0.0.1"),
    ]);
    assert_eq!(config.unwrap(), Config::default());
}

#[test]
fn set_reaches_into_lists_by_place_and_by_name() {
    for key in [
        "flow_log.0.window",
        "flow_log[0].window",
        "flow_log.default.window",
    ] {
        let config = set(&[&format!("{key}=5m")]).unwrap();
        assert_eq!(
            tree::of(&config)["flow_log"][0]["window"].as_str(),
            Some("5m"),
            "{key}"
        );
    }
    let config = set(&["access_key.0.id=a", "access_key.0.secret=123"]);
    let error = config.unwrap_err().to_string();
    assert!(
        error.starts_with("--set: access_key[0].secret = \"********\": not a secret"),
        "{error}"
    );
    let config = set(&["access_key.0.id=a", "access_key.0.secret=\"123\""]).unwrap();
    assert_eq!(config.access_key.len(), 1);
}

#[test]
fn set_says_what_it_cannot_do() {
    for (assignment, sentence) in [
        ("data", "--set: data: no value; write --set key=value"),
        (
            "=1",
            "--set: not a key; write a key such as collect.listen or flow_log.0.window",
        ),
        (
            "flow_log.7.window=5m",
            "--set: flow_log.7.window: no such entry; write a key such as collect.listen or flow_log.0.window",
        ),
        (
            "data.x=1",
            "--set: data.x: a value that has no keys; write a key such as collect.listen or flow_log.0.window",
        ),
        (
            "collect.lisen=1",
            "--set: collect.lisen = 1: unknown key; did you mean listen?",
        ),
    ] {
        let error = set(&[assignment]).unwrap_err().to_string();
        assert_eq!(error, sentence);
    }
}

#[test]
fn a_reload_says_what_it_applies_and_what_it_cannot() {
    let now = Config::default();
    let next = load(
        "regions = [\"a\"]\n[collect]\nworkers = 2\n[log]\nlevel = \"debug\"\nformat = \"json\"\n\
         [[access_key]]\nid = \"a\"\nsecret = \"x\"\n",
    )
    .unwrap();
    let found = changes(&now, &next);
    assert_eq!(found.applied, ["access_key", "log.level", "regions"]);
    assert_eq!(found.needs_restart, ["collect.workers", "log.format"]);
    assert!(changes(&now, &now).is_empty());
    // only the secret differs
    let other = load("[[access_key]]\nid = \"a\"\nsecret = \"y\"\n").unwrap();
    let same = load("[[access_key]]\nid = \"a\"\nsecret = \"x\"\n").unwrap();
    assert_eq!(changes(&same, &other).applied, ["access_key"]);
    // nobody begins to speak TLS while it runs
    let private = load("[tls]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n").unwrap();
    assert_eq!(
        changes(&now, &private).needs_restart,
        ["tls.certificate", "tls.key"]
    );
    assert_eq!(reloaded(&now, private), now);
}

#[test]
fn after_a_reload_holds_what_was_said_to_be_applied_and_nothing_else() {
    let now = load("[tls]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n").unwrap();
    let next = load(
        "account = \"7\"\nregions = [\"a\"]\n[limits]\nmemory = \"1GiB\"\ntemplates = 9\n\
         [log]\nlevel = \"debug\"\nformat = \"json\"\n\
         [logstore]\nretention_days = 3\ndisk_budget = \"1GiB\"\n\
         [[resource]]\nid = \"sag-0123456789abcdefgh\"\nkind = \"sag\"\nregion = \"a\"\n\
         exporters = [\"192.0.2.1\"]\n\
         [[flow_log]]\nname = \"other\"\nproject = \"flow-logs\"\nlogstore = \"other\"\n\
         [control]\nlisten = \"127.0.0.1:9999\"\nplain_http = true\nresources = \"strict\"\n\
         create_logstores = false\nvpc_quota = 1\ncen_quota = 2\nsag_quota = 3\n\
         custom_traffic_paths = false\ndual_stack = false\nflow_log_service = false\n\
         locked = true\ncalls_per_minute = 600\n\
         [tls]\ncertificate = \"b.pem\"\nkey = \"b.key\"\n\
         [[access_key]]\nid = \"a\"\nsecret = \"x\"\n\
         [[user]]\nname = \"u\"\nid = \"b\"\nsecret = \"y\"\n",
    )
    .unwrap();
    let holds = reloaded(&now, next.clone());
    let promised = changes(&now, &next);
    assert_eq!(promised.applied, reload::RELOADABLE);
    assert_eq!(changes(&now, &holds).applied, promised.applied);
    assert_eq!(changes(&holds, &next).needs_restart, promised.needs_restart);
    assert!(changes(&holds, &next).applied.is_empty());
}

#[test]
fn every_reloadable_key_is_marked_in_the_shipped_file() {
    let marked = SHIPPED.matches("(reload)").count() - 1;
    assert_eq!(marked, reload::RELOADABLE.len());
}

#[test]
fn quantities_are_written_as_they_are_read() {
    for text in ["250ms", "1s", "90s", "5m", "2h", "1d", "0s"] {
        assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
    }
    for text in ["0", "1000", "64KiB", "64MiB", "10GiB", "1TiB"] {
        assert_eq!(text.parse::<Octets>().unwrap().to_string(), text);
    }
    assert_eq!("60s".parse::<Span>().unwrap().to_string(), "1m");
    assert_eq!("1 h".parse::<Span>().unwrap(), Span::from_seconds(3600));
    for text in [
        "",
        "5",
        "s",
        "1.5h",
        "-1s",
        "99999999999999999999s",
        "300 days",
        "18446744073709551615d",
    ] {
        text.parse::<Span>().unwrap_err();
    }
    for text in ["", "MiB", "1MB", "-1", "16777216TiB"] {
        text.parse::<Octets>().unwrap_err();
    }
}
