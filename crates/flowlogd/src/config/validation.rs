//! What is wrong with values that have the right type, and what to do about those that have not.

mod access;
mod targets;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use flowlog_flowlog::Inventory;

use super::path::Path;
use super::{Config, Octets};

/// A value that cannot stay.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) path: Path,
    pub(super) wrong: String,
    pub(super) remedy: String,
}

/// What values look like, by key (`section.key` before `key`).
const FORMS: &[(&str, &str)] = &[
    (
        "collect.listen",
        "write a list of addresses with ports, such as [\"[::]:9995\"]",
    ),
    (
        "listen",
        "write an address with a port, such as \"127.0.0.1:9082\" or \"[::]:9082\"",
    ),
    ("data", "write the path of a directory"),
    (
        "account",
        "write the account id in quotes, such as \"1000000000000001\"",
    ),
    (
        "regions",
        "write a list of names, such as [\"cn-hangzhou\"]",
    ),
    (
        "endpoints",
        "write a list of host names, such as [\"localhost\"]",
    ),
    (
        "id",
        "write 1 to 128 letters, digits and any of . _ - @ in quotes",
    ),
    (
        "secret",
        "write 1 to 256 visible ASCII characters in quotes",
    ),
    (
        "security_token",
        "write 1 to 4096 visible ASCII characters in quotes",
    ),
    (
        "expires",
        "write a time as RFC 3339 in quotes, such as \"2026-12-31T00:00:00Z\"",
    ),
    (
        "policies",
        "write a list of policies, each as JSON text in quotes",
    ),
    ("access_key", "write [[access_key]] above its keys"),
    ("user", "write [[user]] above its keys"),
    ("resource", "write [[resource]] above its keys"),
    ("flow_log", "write [[flow_log]] above its keys"),
];

impl Problem {
    pub(super) fn new(path: &str, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::at(Path::parse(path), wrong, remedy)
    }

    fn at(path: Path, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            path,
            wrong: wrong.into(),
            remedy: remedy.into(),
        }
    }

    /// From what serde says of the value at `path`.
    pub(super) fn of_serde(path: Path, message: &str) -> Self {
        let message = message.lines().next().unwrap_or_default();
        let mut quoted = message.split('`').skip(1).step_by(2);
        if message.starts_with("unknown field") {
            let given = quoted.next().unwrap_or_default();
            let remedy = nearest(given, &quoted.collect::<Vec<_>>(), "the keys here are");
            return Self::at(path, "unknown key", remedy);
        }
        if message.starts_with("unknown variant") {
            let given = quoted.next().unwrap_or_default();
            let remedy = nearest(given, &quoted.collect::<Vec<_>>(), "write one of");
            return Self::at(path, "unknown value", remedy);
        }
        if message.starts_with("missing field") {
            let name = quoted.next().unwrap_or_default();
            let problem = format!("{name} is missing");
            return Self::at(path, problem, format!("add {name} = …"));
        }
        // what types of ours say: `VALUE`: what it should be
        if let Some((_, remedy)) = message
            .strip_prefix('`')
            .and_then(|text| text.split_once("`: "))
        {
            return Self::at(path, "not a value for this key", remedy);
        }
        let remedy = form(&path);
        let problem = if is_secret(&path) {
            // serde's words may hold the value
            "not a secret"
        } else {
            message
        };
        Self::at(path, problem, remedy)
    }
}

/// Whether the value of a key is shown to nobody.
pub(super) fn is_secret(path: &Path) -> bool {
    matches!(path.last_key(), "secret" | "security_token")
}

/// The nearest of the known names, or all of them.
fn nearest(given: &str, known: &[&str], otherwise: &str) -> String {
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match near {
        Some((_, name)) => format!("did you mean {name}?"),
        None => format!("{otherwise} {}", known.join(", ")),
    }
}

fn form(path: &Path) -> String {
    let whole = path.to_string();
    let key = match path.last_key() {
        // an entry of a list is explained as the list
        "" => path.parent().map(|list| list.last_key().to_owned()),
        key => Some(key.to_owned()),
    }
    .unwrap_or_default();
    let known = FORMS
        .iter()
        .find(|(name, _)| whole.starts_with(name) || *name == key);
    if let Some((_, form)) = known {
        return (*form).to_owned();
    }
    let defaults = super::tree::of(&Config::default());
    match super::tree::get(&defaults, path) {
        Some(value) => format!("write a value like the default, {value}"),
        None => "see the comment of this key in config/flowlogd.toml".to_owned(),
    }
}

/// Checks what the types alone do not.
pub(super) fn check(config: &Config) -> Result<(), Problem> {
    check_account(config)?;
    check_collect(config)?;
    check_limits(config)?;
    check_logstore(config)?;
    check_addresses(config)?;
    check_control(config)?;
    check_tls(config)?;
    targets::check_sink(config)?;
    targets::check_regions(config)?;
    access::check_keys(config)?;
    access::check_users(config)?;
    check_flow_logs(config)
}

fn check_account(config: &Config) -> Result<(), Problem> {
    if config.data.as_os_str().is_empty() {
        return Err(Problem::new(
            "data",
            "no path",
            "write the path of a directory",
        ));
    }
    if config.account.is_empty() || !config.account.bytes().all(|c| c.is_ascii_digit()) {
        return Err(Problem::new(
            "account",
            "an account id has digits alone",
            "write one such as \"1000000000000001\"",
        ));
    }
    if config.regions.is_empty() {
        return Err(Problem::new("regions", "no region", "name at least one"));
    }
    let name_like = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let is_name = |name: &String| !name.is_empty() && name.bytes().all(name_like);
    if let Some(at) = config.regions.iter().position(|name| !is_name(name)) {
        let path = Path::parse("regions").item(at);
        let remedy = "write small letters, digits and hyphens, such as \"cn-hangzhou\"";
        return Err(Problem::at(path, "not the name of a region", remedy));
    }
    Ok(())
}

fn check_collect(config: &Config) -> Result<(), Problem> {
    let collect = &config.collect;
    if collect.listen.is_empty() {
        return Err(Problem::new(
            "collect.listen",
            "no address to receive on",
            "write at least one, such as [\"[::]:9995\"]",
        ));
    }
    let mut seen = BTreeSet::new();
    if let Some(at) = (collect.listen.iter()).position(|address| !seen.insert(address)) {
        let path = Path::parse("collect.listen").item(at);
        return Err(Problem::at(path, "written twice", "remove one of them"));
    }
    within("collect.workers", collect.workers.into(), 0..=1024)?;
    within(
        "collect.receive_batch",
        collect.receive_batch.into(),
        1..=1024,
    )?;
    sized(
        "collect.receive_buffer",
        collect.receive_buffer,
        64 << 10..=1 << 30,
    )
}

fn check_limits(config: &Config) -> Result<(), Problem> {
    let limits = &config.limits;
    within("limits.exporters", limits.exporters.into(), 1..=1 << 24)?;
    within("limits.templates", limits.templates.into(), 1..=65_536)?;
    within(
        "limits.live_flows",
        limits.live_flows.into(),
        1_000..=1_000_000_000,
    )?;
    sized("limits.memory", limits.memory, 64 << 20..=1 << 44)?;
    sized("limits.reserve", limits.reserve, 0..=1 << 44)
}

fn check_logstore(config: &Config) -> Result<(), Problem> {
    let logstore = &config.logstore;
    sized("logstore.seal_size", logstore.seal_size, 1 << 20..=1 << 30)?;
    spanned(
        "logstore.seal_after",
        logstore.seal_after.millis(),
        1_000..=86_400_000,
    )?;
    spanned(
        "logstore.sync_delay",
        logstore.sync_delay.millis(),
        0..=1_000,
    )?;
    spanned(
        "logstore.query_timeout",
        logstore.query_timeout.millis(),
        100..=3_600_000,
    )?;
    sized(
        "logstore.query_memory",
        logstore.query_memory,
        16 << 20..=1 << 44,
    )?;
    within(
        "logstore.retention_days",
        logstore.retention_days.into(),
        1..=3650,
    )?;
    within(
        "logstore.concurrent_queries",
        logstore.concurrent_queries.into(),
        1..=1024,
    )?;
    if logstore.disk_budget.0 != 0 {
        sized(
            "logstore.disk_budget",
            logstore.disk_budget,
            64 << 20..=1 << 60,
        )?;
    }
    let host_like = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_');
    let is_host = |name: &String| !name.is_empty() && name.bytes().all(host_like);
    if let Some(at) = logstore.endpoints.iter().position(|name| !is_host(name)) {
        let path = Path::parse("logstore.endpoints").item(at);
        let remedy = "write the name alone, without scheme and port, such as \"localhost\"";
        return Err(Problem::at(path, "not a host name", remedy));
    }
    if logstore.endpoints.is_empty() {
        let remedy = "write at least one, such as [\"localhost\"]";
        return Err(Problem::new("logstore.endpoints", "no name", remedy));
    }
    Ok(())
}

/// Two TCP listeners cannot share an address; port 0 lets the system choose.
fn check_addresses(config: &Config) -> Result<(), Problem> {
    let mut taken: Vec<(&str, SocketAddr)> = Vec::new();
    for (key, address) in [
        ("telemetry.listen", config.telemetry.listen),
        ("control.listen", config.control.listen),
        ("logstore.listen", config.logstore.listen),
    ] {
        let same = (taken.iter()).find(|(_, other)| *other == address && address.port() != 0);
        if let Some((other, _)) = same {
            let problem = format!("the address of {other} as well");
            return Err(Problem::new(key, problem, "give each a port of its own"));
        }
        taken.push((key, address));
    }
    Ok(())
}

fn check_control(config: &Config) -> Result<(), Problem> {
    let control = &config.control;
    let private = control.plain_http || config.tls.files().is_some();
    if !control.listen.ip().is_loopback() && !private {
        let remedy = "listen on 127.0.0.1, give it a certificate (tls.certificate), or write \
                      plain_http = true if something before it speaks TLS";
        return Err(Problem::new(
            "control.listen",
            "reached from other machines without TLS",
            remedy,
        ));
    }
    Ok(())
}

/// A certificate is of no use without its key.
fn check_tls(config: &Config) -> Result<(), Problem> {
    let tls = &config.tls;
    let given = [&tls.certificate, &tls.key].map(|path| !path.as_os_str().is_empty());
    let (key, remedy) = match given {
        [true, false] => ("tls.key", "name the file of the certificate's private key"),
        [false, true] => ("tls.certificate", "name the file of the key's certificate"),
        [true, true] | [false, false] => return Ok(()),
    };
    Err(Problem::new(
        key,
        "absent where its other half is given",
        remedy,
    ))
}

/// Inventory and flow logs, looked at together.
fn check_flow_logs(config: &Config) -> Result<(), Problem> {
    let inventory = Inventory::new(config.resource.clone()).map_err(|error| {
        let resources = config.resource.iter();
        let list = Path::parse("resource");
        let at = resources
            .clone()
            .rposition(|resource| resource.id.as_str() == error.resource);
        let path = at.map_or_else(|| list.clone(), |at| list.item(at).key(error.field));
        Problem::at(path, "does not fit the rest of the inventory", error.remedy)
    })?;
    let mut seen = BTreeSet::new();
    for (at, definition) in config.flow_log.iter().enumerate() {
        let path = Path::parse("flow_log").item(at);
        if !seen.insert(&definition.name) {
            let remedy = "give every flow log a name of its own";
            return Err(Problem::at(
                path.key("name"),
                "another flow log has this name",
                remedy,
            ));
        }
        if let Err(error) = definition.clone().validate(&inventory) {
            let wrong = format!("a flow log cannot have this ({})", error.value);
            return Err(Problem::at(path.key(error.field), wrong, error.remedy));
        }
    }
    Ok(())
}

fn within(key: &str, value: u64, range: std::ops::RangeInclusive<u64>) -> Result<(), Problem> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    Err(Problem::new(
        key,
        "out of range",
        format!("write {least} to {most}"),
    ))
}

fn sized(key: &str, value: Octets, range: std::ops::RangeInclusive<u64>) -> Result<(), Problem> {
    if range.contains(&value.0) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let remedy = format!("write \"{}\" to \"{}\"", Octets(least), Octets(most));
    Err(Problem::new(key, "out of range", remedy))
}

fn spanned(key: &str, millis: u64, range: std::ops::RangeInclusive<u64>) -> Result<(), Problem> {
    if range.contains(&millis) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let [least, most] = [least, most].map(super::Span::from_millis);
    let remedy = format!("write \"{least}\" to \"{most}\"");
    Err(Problem::new(key, "out of range", remedy))
}
