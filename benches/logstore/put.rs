//! `PutLogs` over HTTP, and how soon what was put is found.
//!
//! *Put*: clients on loopback send LogGroups of flow rows, compressed with LZ4 and signed once, to a
//! served Logstore; the floor decompresses as much and writes it to a file that it syncs as often as
//! there are clients. Beside criterion's wall time the processor time of the process, clients
//! included, is printed: that is the figure per core.
//! *Found*: while clients put as fast as they can, one more puts a LogGroup with a number and asks
//! for it until it is found; the slowest of a hundred is printed, and the memory of the process.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use flowlog_access::{AccessKey, AccessKeyId, Keyring, Secret};

use flowlog_logstore::{Access, Clock, Logstore, Settings, serve};
use flowlog_record::Timestamp;
use flowlog_sls::log_group::LogGroupWriter;
use flowlog_sls::signature::{RequestParts, content_md5, sign_v1};
use flowlog_sls::{Endpoints, GetLogsRequest, Headers, Parameters, date};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{LOGSTORE, Numbers, PROJECT, START, chosen, index};

/// Logs of a LogGroup.
const LOGS: u64 = 1000;
const CLIENTS: usize = 4;

/// A LogGroup as a sink of flow logs sends it; the octets before compression.
fn log_group(numbers: &mut Numbers) -> Vec<u8> {
    let mut writer = LogGroupWriter::new();
    for log in 0..LOGS {
        let time = START + u32::try_from(log / 100).unwrap();
        let (host, peer) = (numbers.skewed(4000), numbers.skewed(60_000));
        let ports = [443, 53, 80, 22, 8443];
        let port = ports[usize::try_from(numbers.skewed(5)).unwrap()];
        let pairs = [
            ("Instance_id", "sag-0123456789abcdefgh".to_owned()),
            ("snid", "sage6nniq3".to_owned()),
            ("ali-uid", "1000000000000001".to_owned()),
            ("start", (u64::from(time) - numbers.next() % 60).to_string()),
            ("end", time.to_string()),
            ("protocol", if log % 5 == 0 { "17" } else { "6" }.to_owned()),
            ("srcaddr", format!("10.1.{}.{}", host >> 8, host & 255)),
            ("srcport", (1024 + numbers.next() % 64_000).to_string()),
            ("dstaddr", format!("10.2.{}.{}", peer >> 8, peer & 255)),
            ("dstport", port.to_string()),
            ("packets", (1 + numbers.skewed(200)).to_string()),
            ("bytes", (64 + numbers.skewed(200_000)).to_string()),
            ("tcp-flags", "24".to_owned()),
            ("tos", "0".to_owned()),
            ("inport", (1 + numbers.next() % 4).to_string()),
            ("outport", "5".to_owned()),
        ];
        writer.log(time, None, |contents| {
            for (key, value) in &pairs {
                contents.pair(key.as_bytes(), value.as_bytes());
            }
        });
    }
    writer.topic(b"flow_log");
    writer.source(b"192.0.2.1");
    writer.tag(b"host", b"exp-1");
    writer.octets().to_vec()
}

/// A whole request on the wire, signed for the moment [`START`].
fn request(raw: &[u8]) -> Vec<u8> {
    let body = lz4_flex::block::compress(raw);
    let path = format!("/logstores/{LOGSTORE}/shards/lb");
    let headers = [
        ("host", format!("{PROJECT}.localhost")),
        ("x-log-apiversion", "0.6.0".to_owned()),
        ("x-log-bodyrawsize", raw.len().to_string()),
        ("x-log-compresstype", "lz4".to_owned()),
        ("x-log-signaturemethod", "hmac-sha1".to_owned()),
        ("content-type", "application/x-protobuf".to_owned()),
        ("content-md5", content_md5(&body)),
        ("date", date::http_date(Timestamp(i64::from(START) * 1000))),
        ("content-length", body.len().to_string()),
    ];
    let signed: Headers<'_> = headers
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let authorization = sign_v1(
        &RequestParts {
            method: "POST",
            path: &path,
            parameters: &Parameters::default(),
            headers: &signed,
        },
        &key(),
    );
    let mut octets = format!("POST {path} HTTP/1.1\r\n").into_bytes();
    for (name, value) in &headers {
        octets.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    octets.extend(format!("authorization: {authorization}\r\n\r\n").into_bytes());
    octets.extend(body);
    octets
}

fn key() -> AccessKey {
    AccessKey {
        id: AccessKeyId::new("testak").unwrap(),
        secret: Secret::new("testsk").unwrap(),
    }
}

fn settings() -> Settings {
    Settings {
        clock: Clock::new(|| Duration::from_secs(u64::from(START))),
        ..Settings::default()
    }
}

/// Sends a request and reads the answer, which is empty when all is well.
fn put(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).unwrap();
    let (mut answer, mut filled) = ([0; 4096], 0);
    while !answer[..filled].ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut answer[filled..]).unwrap();
        assert!(read > 0, "the server went away");
        filled += read;
    }
    let said = String::from_utf8_lossy(&answer[..filled]);
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
}

/// Serves a Logstore while `f` runs.
fn served<T>(logstore: &Arc<Logstore>, f: impl FnOnce(u16) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = oneshot::channel::<()>();
    let access = Access::from(Arc::new(Keyring::new(key())));
    let server = serve(
        (listener, None),
        Arc::clone(logstore),
        access,
        Endpoints::new(["localhost"]),
        async {
            stopped.await.unwrap();
        },
    );
    let server = runtime.spawn(server);
    let outcome = f(port);
    stop.send(()).unwrap();
    runtime.block_on(server).unwrap().unwrap();
    outcome
}

fn open(dir: &std::path::Path) -> Arc<Logstore> {
    let (logstore, _) = Logstore::open(dir, settings()).unwrap();
    logstore
        .ensure_logstore(PROJECT, LOGSTORE, index())
        .unwrap();
    Arc::new(logstore)
}

/// Processor time of this process, seconds.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: u32 = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
    f64::from(ticks) / 100.0
}

/// A line of `/proc/self/status` in MiB.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        >> 10
}

pub(crate) fn through_http(criterion: &mut Criterion) {
    const EACH: usize = 50;
    if !chosen("put", false) {
        return;
    }
    let mut numbers = Numbers(7);
    let raws: Vec<Vec<u8>> = (0..8).map(|_| log_group(&mut numbers)).collect();
    let requests: Vec<Vec<u8>> = raws.iter().map(|raw| request(raw)).collect();
    let octets: usize = (0..EACH).map(|at| raws[at % raws.len()].len()).sum();
    let octets = u64::try_from(octets * CLIENTS).unwrap();
    let mut group = criterion.benchmark_group("logstore/put");
    group.sample_size(10).throughput(Throughput::Bytes(octets));

    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    served(&logstore, |port| {
        let all = || {
            std::thread::scope(|scope| {
                for _ in 0..CLIENTS {
                    scope.spawn(|| {
                        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
                        for at in 0..EACH {
                            put(&mut stream, &requests[at % requests.len()]);
                        }
                    });
                }
            });
        };
        let before = (processor_seconds(), logstore.stats().rows);
        let mut rounds = 0;
        group.bench_function("lz4, four clients", |bencher| {
            bencher.iter(|| {
                all();
                rounds += 1;
            });
        });
        let rows = logstore.stats().rows - before.1;
        assert_eq!(rows, rounds * LOGS * u64::try_from(CLIENTS * EACH).unwrap());
        let seconds = processor_seconds() - before.0;
        println!(
            "{:.0} MB/s of raw octets a core, clients, segments and syncs included; memory {} MiB, {} at most",
            octets as f64 * rounds as f64 / seconds / 1e6,
            memory("VmRSS"),
            memory("VmHWM"),
        );
    });
    drop(logstore);

    let bodies: Vec<Vec<u8>> = raws
        .iter()
        .map(|raw| lz4_flex::block::compress(raw))
        .collect();
    group.bench_function("floor: decompress, write, sync", |bencher| {
        bencher.iter_batched(
            || tempfile::tempdir().unwrap(),
            |dir| {
                let mut file = File::create(dir.path().join("floor")).unwrap();
                for at in 0..EACH * CLIENTS {
                    let place = at % bodies.len();
                    let raw = lz4_flex::block::decompress(&bodies[place], raws[place].len());
                    file.write_all(&raw.unwrap()).unwrap();
                    if at % CLIENTS == 0 {
                        file.sync_data().unwrap();
                    }
                }
                dir
            },
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

pub(crate) fn found(_: &mut Criterion) {
    const PROBES: u64 = 100;
    if !chosen("found", true) {
        // It takes half a minute, and is no matter of an average.
        return;
    }
    let mut numbers = Numbers(7);
    let load: Vec<Vec<u8>> = (0..8).map(|_| request(&log_group(&mut numbers))).collect();
    let probes: Vec<Vec<u8>> = (0..PROBES)
        .map(|number| {
            let mut writer = LogGroupWriter::new();
            writer.log(START, None, |contents| {
                contents.pair(b"row-id", format!("probe-{number}").as_bytes());
            });
            request(writer.octets())
        })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let logstore = open(dir.path());
    let ended = AtomicBool::new(false);
    served(&logstore, |port| {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
                    for request in load.iter().cycle() {
                        if ended.load(Ordering::Relaxed) {
                            break;
                        }
                        put(&mut stream, request);
                    }
                });
            }
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let mut took = Vec::new();
            for (number, probe) in probes.iter().enumerate() {
                std::thread::sleep(Duration::from_millis(200));
                let begun = Instant::now();
                put(&mut stream, probe);
                let query = format!("row-id: probe-{number}");
                let wanted = GetLogsRequest::new(i64::from(START), i64::from(START) + 900, query);
                while logstore
                    .query(PROJECT, LOGSTORE, &wanted)
                    .unwrap()
                    .data
                    .is_empty()
                {
                    std::thread::sleep(Duration::from_millis(1));
                }
                took.push(begun.elapsed());
            }
            ended.store(true, Ordering::Relaxed);
            took.sort();
            let rows = logstore.stats().rows;
            println!(
                "from PutLogs to found, {rows} rows being put meanwhile: median {:?}, the slowest two of \
                 a hundred {:?} and {:?}; memory {} MiB, {} at most",
                took[took.len() / 2],
                took[took.len() - 2],
                took[took.len() - 1],
                memory("VmRSS"),
                memory("VmHWM"),
            );
        });
    });
}
