//! The official clients of Simple Log Service against the running daemon: the Python SDK under both
//! versions of signatures, its consumer library, the command line `aliyunlog`, the SDKs for Rust,
//! Java and npm. Behind them those of VPC, CEN and SAG against the control API, and requests to it that
//! no client would write.
//!
//! What each client does and compares is written in its own language under `tests/sdk`; here a
//! daemon is started, and killed where that is the question. Needs what `tests/sdk/install` installs.
//! Without it a test says so and passes, but fails under `CI=true`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use flowlog_tests::daemon::{Daemon, installed, ports};

const KEY: &str = "sdk-key";
const SECRET: &str = "sdk-secret";
const CONFIG: &str = r#"
[[access_key]]
id = "sdk-key"
secret = "sdk-secret"
[[access_key]]
id = "sts-key"
secret = "sdk-secret"
security_token = "tok/en=="
expires = "2100-01-01T00:00:00Z"
[[access_key]]
id = "old-key"
secret = "sdk-secret"
security_token = "tok/en=="
expires = "2020-01-01T00:00:00Z"
"#;
/// How long a client may take, on a machine that builds at the same time.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn the_python_sdk_does_everything_under_both_signatures() {
    let Some(python) = python() else { return };
    let daemon = Daemon::start(CONFIG);
    for version in ["v1", "v4"] {
        let mut command = client(&python, &daemon);
        succeeds(command.arg(script("conformance.py")).arg(version));
    }
    daemon.stop();
}

#[test]
fn three_workers_of_a_consumer_group_see_every_row() {
    let Some(python) = python() else { return };
    let daemon = Daemon::start(CONFIG);
    succeeds(client(&python, &daemon).arg(script("group.py")));
    daemon.stop();
}

#[test]
fn a_killed_daemon_keeps_what_it_acknowledged_and_shows_nothing_twice() {
    let Some(python) = python() else { return };
    let mut daemon = Daemon::start(CONFIG);
    // The second daemon has what the first one left, and what it has written itself.
    for version in ["v1", "v4"] {
        let state = daemon.dir().join(format!("{version}.json"));
        let crash = |what: &str, daemon: &Daemon| {
            let mut command = client(&python, daemon);
            command.arg(script("crash.py")).args([what, version]);
            command.arg(&state);
            command
        };
        let mut writer = crash("write", &daemon)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(writer.stdout.take().unwrap()).lines();
        let enough = said.by_ref().map(Result::unwrap).any(|line| {
            let count = line.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
            count >= 200
        });
        assert!(enough, "the writer ended early: {:?}", writer.wait());
        let dir = daemon.kill();
        // It goes on to speak until its last request has failed.
        said.for_each(drop);
        assert!(writer.wait().unwrap().success());
        daemon = Daemon::start_again(dir);
        succeeds(&mut crash("verify", &daemon));
    }
    daemon.stop();
}

#[test]
fn the_command_line_makes_copies_asks_and_pulls() {
    let Some(python) = python() else { return };
    let daemon = Daemon::start(CONFIG);
    let mut command = client(Path::new("bash"), &daemon);
    succeeds(command.arg(script("cli.sh")).env("SLS_PYTHON", python));
    daemon.stop();
}

#[test]
fn the_rust_sdk_puts_pulls_and_asks() {
    let Some(program) = installed("rust/debug/flowlog-sdk-rust") else {
        return;
    };
    let daemon = Daemon::start(CONFIG);
    let proxy = format!("http://127.0.0.1:{}", port(&daemon));
    succeeds(client(&program, &daemon).env("http_proxy", proxy));
    daemon.stop();
}

#[test]
fn the_java_sdk_puts_pulls_and_asks_under_both_signatures() {
    let Some(classes) = installed("java/SdkClient.class") else {
        return;
    };
    let classes = classes.parent().unwrap();
    let daemon = Daemon::start(CONFIG);
    let mut command = client(Path::new("java"), &daemon);
    let jars = classes.join("jars/*");
    let path = format!("{}:{}", classes.display(), jars.display());
    succeeds(command.args(["-cp", &path, "SdkClient"]));
    daemon.stop();
}

#[test]
fn the_npm_sdk_puts_and_asks() {
    let Some(modules) = installed("npm/node_modules") else {
        return;
    };
    let daemon = Daemon::start(CONFIG);
    let program = sources().join("node/client.js");
    let mut command = client(Path::new("node"), &daemon);
    succeeds(command.arg(program).env("SLS_MODULES", modules));
    daemon.stop();
}

#[test]
fn the_python_sdks_of_the_control_api_do_everything_in_three_generations() {
    let clients = ["v3", "v1", "core", "terraform"];
    python_against_control("daemon", &clients);
}

#[test]
fn requests_of_the_control_api_that_no_sdk_writes_are_answered_as_documented() {
    python_against_control("daemon", &["wire"]);
}

#[test]
fn a_control_api_that_allows_little_says_so_to_every_generation() {
    let clients = ["v3", "v1", "core", "terraform"];
    python_against_control("closed", &clients);
    python_against_control("locked", &clients);
    python_against_control("shut", &["terraform", "wire", "v3"]);
}

#[test]
fn the_npm_sdks_of_the_control_api_do_everything_in_both_generations() {
    let Some(modules) = installed("npm/node_modules") else {
        return;
    };
    let daemon = Daemon::start(&control_config("daemon"));
    for generation in ["get", "post", "v3", "v1"] {
        let mut command = client(Path::new("node"), &daemon);
        command.env("CONTROL_PORT", daemon.control().to_string());
        command.env("SLS_MODULES", &modules);
        succeeds(
            command
                .arg(sources().join("node/control.js"))
                .arg(generation),
        );
    }
    daemon.stop();
}

/// The clients of `control/clients.py` against a daemon with one of the configurations there.
fn python_against_control(config: &str, generations: &[&str]) {
    let Some(python) = installed("control/bin/python") else {
        return;
    };
    let daemon = Daemon::start(&control_config(config));
    for generation in generations {
        let mut command = client(&python, &daemon);
        command.env("CONTROL_PORT", daemon.control().to_string());
        command.arg(sources().join("control/conformance.py"));
        succeeds(command.args([generation, config]));
    }
    daemon.stop();
}

fn control_config(name: &str) -> String {
    fs::read_to_string(sources().join("control").join(name).with_extension("toml")).unwrap()
}

fn python() -> Option<PathBuf> {
    installed("python/bin/python")
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk")
}

fn script(name: &str) -> PathBuf {
    sources().join("python").join(name)
}

/// The port of the Logstore.
fn port(daemon: &Daemon) -> u16 {
    ports(daemon.dir()).2
}

/// A client that is told where the daemon is, and nothing of any proxy but that.
fn client(program: &Path, daemon: &Daemon) -> Command {
    let mut command = Command::new(program);
    for of in ["http", "all", "no"] {
        let name = format!("{of}_proxy");
        command.env_remove(name.to_uppercase()).env_remove(name);
    }
    command
        .env("SLS_PORT", port(daemon).to_string())
        .env("SLS_KEY", KEY)
        .env("SLS_SECRET", SECRET)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null());
    command
}

/// Runs a client to its end; fails with all it has said unless it ended well.
fn succeeds(command: &mut Command) {
    let out = tempfile::NamedTempFile::new().unwrap();
    let output = fs::File::options().append(true).open(out.path()).unwrap();
    let mut child = command
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let said = || fs::read_to_string(out.path()).unwrap_or_default();
    let until = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > until {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} does not end:\n{}", said());
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "{command:?}: {status}\n{}", said());
    print!("{}", said());
}
