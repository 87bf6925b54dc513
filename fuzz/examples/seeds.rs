//! Writes the seeds of the fuzz targets.
//!
//! `seeds corpus` makes the committed ones out of nothing but this project's own Exporters;
//! `seeds captures FROM TO` makes others of captured datagrams, which stay where they are made.
//! Both give the same files every time, and leave other files alone.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use flowlog_exporter_sim::{Fleet, FleetConfig, Hostile, TimeEncoding};
use flowlog_record::{EnterpriseNumber, InformationElementId, Timestamp, Version};
use flowlog_sls::log_group::{EncodedKey, LogGroupWriter, append_log_group};
use flowlog_wire::lists::Semantic;
use flowlog_wire::{
    FieldSpecifier, TemplateId, VARIABLE_LENGTH, emit, ipfix, message_version, netflow9,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a script of `partition` and `differential` is made of: Exporter, milliseconds, payload.
type Arrival = (u8, i64, Vec<u8>);

/// When simulated Exporters begin, seconds.
const START: u32 = 1_700_000_000;
/// Octets of a script: longer ones only make the targets slow.
const MOST_OCTETS: usize = 6_000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["corpus"] => corpus(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")),
        ["captures", from, to] => captures(Path::new(from), Path::new(to)),
        _ => Err("usage: seeds corpus | seeds captures FROM TO".into()),
    }
}

/// Files of seeds, a directory for each target.
struct Seeds(PathBuf);

impl Seeds {
    fn write(&self, target: &str, name: &str, octets: &[u8]) -> Outcome<()> {
        let directory = self.0.join(target);
        std::fs::create_dir_all(&directory)?;
        Ok(std::fs::write(directory.join(name), octets)?)
    }

    /// A datagram for the target of its version.
    fn datagram(&self, name: &str, octets: &[u8]) -> Outcome<()> {
        match message_version(octets) {
            Ok(Version::V5) => self.write("wire_v5", name, octets),
            Ok(Version::V9) => self.write("wire_v9", name, octets),
            Ok(Version::Ipfix) => self.write("wire_ipfix", name, octets),
            Err(_) => Ok(()),
        }
    }

    /// Arrivals for the targets that take scripts.
    fn script(&self, name: &str, head: [u8; 3], start: u32, arrivals: &[Arrival]) -> Outcome<()> {
        let script = script(head, start, arrivals);
        self.write("partition", name, &script)?;
        self.write("differential", name, &script)?;
        let damage = [4, 0, 90, 0xff, 0xff, 0xff, 0x7f];
        self.write("saved_state", name, &[&damage[..], &script].concat())
    }
}

/// The container of `bodies/script.rs`.
fn script(head: [u8; 3], start: u32, arrivals: &[Arrival]) -> Vec<u8> {
    let mut out = head.to_vec();
    out.extend(start.to_be_bytes());
    let mut now = i64::from(start) * 1000;
    for (first, at, octets) in arrivals {
        let delta = at.saturating_sub(now).max(0);
        let (unit, delta) = match u16::try_from(delta) {
            Ok(millis) => (0, millis),
            Err(_) => (4, u16::try_from(delta / 1000).unwrap_or(u16::MAX)),
        };
        now += i64::from(delta) * if unit == 0 { 1 } else { 1000 };
        out.push(first | unit);
        out.extend(delta.to_be_bytes());
        out.extend(
            u16::try_from(octets.len())
                .unwrap_or(u16::MAX)
                .to_be_bytes(),
        );
        out.extend(octets);
    }
    out
}

fn corpus(directory: &Path) -> Outcome<()> {
    let seeds = Seeds(directory.to_owned());
    for (name, settings, config) in fleets() {
        let (arrivals, datagrams) = arrivals(&config)?;
        seeds.script(&format!("fleet-{name}"), [settings, 9, 3], START, &arrivals)?;
        let mut seen = BTreeMap::new();
        for octets in datagrams {
            let version = message_version(&octets).ok();
            let count: &mut u8 = seen.entry(version).or_default();
            *count += 1;
            if *count <= 2 {
                seeds.datagram(&format!("fleet-{name}-{count}"), &octets)?;
            }
        }
    }
    let mut broken = Hostile::new(7);
    let lists = lists();
    seeds.datagram("lists", &lists)?;
    for n in 0..12 {
        let octets = broken.datagram(&lists);
        if octets.len() < 1000 {
            seeds.datagram(&format!("hostile-{n}"), &octets)?;
        }
    }
    seeds.datagram("options", &options())?;
    let totals: Vec<Arrival> = [lists, options()].map(|octets| (2, 0, octets)).into();
    seeds.script("lists-and-options", [1, 1, 2], START, &totals)?;
    scripts_of_calls(&seeds)?;
    damaged_journals(&seeds)?;
    queries(&seeds)?;
    log_groups(&seeds)?;
    requests(&seeds)?;
    files(&seeds)
}

/// Small fleets that differ in what they send and in what goes wrong.
fn fleets() -> Vec<(&'static str, u8, FleetConfig)> {
    let mut plain = FleetConfig {
        exporters: 3,
        ..FleetConfig::default()
    };
    plain.traffic.connections_per_minute = 8;
    plain.traffic.long_lived = 2;
    plain.export.max_datagram = 512;
    plain.export.hold_ms = 20_000;
    let mut sampled = plain.clone();
    sampled.seed = 2;
    sampled.export.sampling = 100;
    sampled.export.time = TimeEncoding::SysUptime;
    sampled.export.uptime_ms = u32::MAX - 60_000;
    sampled.traffic.connections_per_minute = 300;
    let mut unreliable = plain.clone();
    unreliable.seed = 3;
    unreliable.impairments.loss_ppm = 50_000;
    unreliable.impairments.duplicate_ppm = 100_000;
    unreliable.impairments.reorder_ppm = 200_000;
    unreliable.impairments.reorder_ms = 40_000;
    unreliable.impairments.restart_every_ms = Some(120_000);
    unreliable.impairments.outage_ms = 5_000;
    unreliable.impairments.skew_ms = 300_000;
    let mut hostile = plain.clone();
    hostile.seed = 4;
    hostile.impairments.hostile_ppm = 700_000;
    let mut v9 = plain.clone();
    v9.seed = 5;
    v9.versions = vec![Version::V9];
    v9.export.templates_every_datagrams = 2;
    vec![
        ("plain", 1, plain),
        ("sampled", 1, sampled),
        ("unreliable", 6, unreliable),
        ("hostile", 5, hostile),
        ("v9", 2, v9),
    ]
}

/// Six minutes of a fleet, with ticks and changes between the datagrams; and the datagrams alone.
fn arrivals(config: &FleetConfig) -> Outcome<(Vec<Arrival>, Vec<Vec<u8>>)> {
    let start = Timestamp(i64::from(START) * 1000);
    let end = start.plus(360_000);
    let mut fleet = Fleet::new(config, start)?;
    let mut exporters: Vec<IpAddr> = Vec::new();
    let (mut arrivals, mut datagrams) = (Vec::new(), Vec::new());
    let mut octets = 0;
    while let Some(datagram) = fleet.poll(end) {
        if datagram.octets.len() > 2000 || octets > MOST_OCTETS {
            continue;
        }
        octets += datagram.octets.len();
        let known = exporters
            .iter()
            .position(|exporter| *exporter == datagram.from);
        let exporter = known.unwrap_or_else(|| {
            exporters.push(datagram.from);
            exporters.len() - 1
        });
        let at = datagram.at.millis();
        match arrivals.len() % 16 {
            7 => arrivals.push((0x10, at, Vec::new())),
            11 => arrivals.push((
                0x20 | u8::try_from(arrivals.len() / 16 % 4)?,
                at,
                Vec::new(),
            )),
            15 => arrivals.push((0x30, at, Vec::new())),
            _ => {}
        }
        arrivals.push((u8::try_from(exporter % 4)?, at, datagram.octets.clone()));
        datagrams.push(datagram.octets);
    }
    arrivals.push((0x10, end.plus(600_000).millis(), Vec::new()));
    Ok((arrivals, datagrams))
}

const fn field(id: u16, length: u16) -> FieldSpecifier {
    let enterprise = EnterpriseNumber::IANA;
    FieldSpecifier {
        enterprise,
        id: InformationElementId(id),
        length,
    }
}

fn template_id(id: u16) -> Outcome<TemplateId> {
    TemplateId::new(id).ok_or_else(|| "a Template ID is 256 or more".into())
}

/// An IPFIX message with a vendor's field, values of variable length and every kind of list.
fn lists() -> Vec<u8> {
    build_lists().expect("a message with lists")
}

fn build_lists() -> Outcome<Vec<u8>> {
    let mut out = Vec::new();
    let header = ipfix::Header {
        export_time: START,
        observation_domain: 1,
        ..Default::default()
    };
    let mut message = emit::MessageBuilder::ipfix(&mut out, &header, 1400);
    let (flows, inner) = (template_id(300)?, template_id(301)?);
    let vendor = FieldSpecifier {
        enterprise: EnterpriseNumber(9),
        ..field(12_232, 4)
    };
    let reverse = FieldSpecifier {
        enterprise: EnterpriseNumber::REVERSE,
        ..field(1, 8)
    };
    let fields = [
        field(8, 4),
        field(12, 4),
        field(1, 8),
        field(2, 8),
        vendor,
        reverse,
        field(82, VARIABLE_LENGTH),
        field(291, VARIABLE_LENGTH),
        field(292, VARIABLE_LENGTH),
        field(293, VARIABLE_LENGTH),
    ];
    message.template(flows, &fields)?;
    message.template(inner, &[field(7, 2), field(11, 2)])?;
    for n in 1..=3_u8 {
        let mut record = vec![10, 0, 0, n, 192, 0, 2, n];
        record.extend(1500_u64.to_be_bytes());
        record.extend(3_u64.to_be_bytes());
        record.extend([0, 0, 0, n]);
        record.extend(40_u64.to_be_bytes());
        emit::variable_length(&mut record, b"eth0")?;
        let mut basic = Vec::new();
        let values: [&[u8]; 2] = [&[n; 4], &[9; 4]];
        emit::basic_list(&mut basic, Semantic::ALL_OF, field(10, 4), values)?;
        emit::variable_length(&mut record, &basic)?;
        let mut list = Vec::new();
        emit::sub_template_list(
            &mut list,
            Semantic::ORDERED,
            inner,
            &[0, 80, 1, 187, 0, 53, 2, 2],
        );
        emit::variable_length(&mut record, &list)?;
        let mut list = Vec::new();
        let entries: [(TemplateId, &[u8]); 2] = [(inner, &[0, 22, 0, 23]), (inner, &[])];
        emit::sub_template_multi_list(&mut list, Semantic::UNDEFINED, entries)?;
        emit::variable_length(&mut record, &list)?;
        message.record(flows, &record)?;
    }
    message.withdrawal(inner)?;
    message.withdraw_all_options()?;
    message.finish();
    Ok(out)
}

/// A V9 packet with totals, and a sampling rate in options data.
fn options() -> Vec<u8> {
    build_options().expect("a packet with options")
}

fn build_options() -> Outcome<Vec<u8>> {
    let mut out = Vec::new();
    let header = netflow9::Header {
        sys_uptime: 3_600_000,
        unix_secs: START,
        source_id: 1,
        ..Default::default()
    };
    let mut message = emit::MessageBuilder::netflow9(&mut out, &header, 1400);
    let (rates, flows) = (template_id(257)?, template_id(258)?);
    message.options_template(rates, &[field(1, 4), field(48, 1), field(50, 4)], 1)?;
    message.record(rates, &[0, 0, 0, 1, 1, 0, 0, 0, 100])?;
    message.template(
        flows,
        &[
            field(8, 4),
            field(12, 4),
            field(4, 1),
            field(48, 1),
            field(61, 1),
            field(10, 2),
            field(85, 8),
            field(86, 8),
            field(22, 4),
            field(21, 4),
        ],
    )?;
    for n in 0..3_u8 {
        let mut record = vec![10, 0, 0, 1, 192, 0, 2, 1, 6, 1, n & 1, 0, 5];
        record.extend((5000 * u64::from(n)).to_be_bytes());
        record.extend((7 * u64::from(n)).to_be_bytes());
        record.extend(3_500_000_u32.to_be_bytes());
        record.extend((3_560_000 + 1000 * u32::from(n)).to_be_bytes());
        message.record(flows, &record)?;
    }
    message.finish();
    Ok(out)
}

fn scripts_of_calls(seeds: &Seeds) -> Outcome<()> {
    let call = |version: u8, limit: u16, pads: u8, calls: &[u8]| {
        let [high, low] = limit.to_be_bytes();
        [&[version, high, low, pads], calls].concat()
    };
    let templates = [
        0, 1, 2, 0, 0, 8, 0, 4, 9, 0, 1, 0, 8, // a Template, one field of a vendor
        6, 1, 0, 7, 1, 0, 6, 40, 0, // data records
        2, 3, 2, 0, 0, 1, 0, 4, 0, 0, 34, 0, 4, // an Options Template
        5, 0, 0, 6, 3, 0, // closed, another record
        3, 1, 0, 0x83, 3, 0, 4, 0, 0, 0x84, 0, 0, // withdrawals
    ];
    seeds.write("emit_parse", "ipfix", &call(2, 1400, 0, &templates))?;
    seeds.write(
        "emit_parse",
        "ipfix-unpadded-small",
        &call(2, 64, 1, &templates),
    )?;
    seeds.write("emit_parse", "v9", &call(1, 1400, 0, &templates))?;
    seeds.write("emit_parse", "v9-small", &call(1, 60, 0, &templates))?;
    seeds.write("emit_parse", "v5", &call(0, 0, 0, &[0x5a; 31 * 48 + 5]))
}

fn damaged_journals(seeds: &Seeds) -> Outcome<()> {
    let scripts: [(&str, &[u8]); 9] = [
        ("untouched", &[]),
        ("torn-tail", &[0, 4, 0, 200, 0]),
        ("short-header", &[0, 4, 0, 20, 0]),
        ("flipped", &[1, 1, 0, 70, 2, 0xff, 0]),
        ("appended", &[2, 4, 0, 0, 9, 60, 0, 0, 0, 1, 2, 3, 4, 5]),
        ("replaced", &[3, 2, 0, 0, 4, b'f', b'l', b'o', b'w']),
        ("removed", &[4, 2, 0, 0, 0, 4, 0, 0, 0, 0]),
        ("added", &[5, 9, 0, 0, 2, 1, 0, 5, 1, 0, 0, 1, 17]),
        (
            "last-position",
            &[5, 9, 0, 0, 8, 255, 255, 255, 255, 255, 255, 255, 255],
        ),
    ];
    for (name, script) in scripts {
        seeds.write("journal_recovery", name, script)?;
    }
    Ok(())
}

fn queries(seeds: &Seeds) -> Outcome<()> {
    let queries = [
        "",
        "*",
        "accept and long: 443 | select count(*) as n group by word",
        "not (word: accept or word: drop) text: qui?k*",
        "long in [1 1024) and double > -1.5e3 or other: *",
        "#\"quick brown\" \"a \\\" | b\" \\\\",
        "__tag__:region: \"\" and __topic__: x",
        "long >= 0x10 long = 9223372036854775807",
        "((((a)))) not not b AND c Or d",
        "text: 狐狸 and \"AND\": \"or\"",
    ];
    for (n, query) in queries.iter().enumerate() {
        seeds.write("search_query", &format!("query-{n}"), query.as_bytes())?;
    }
    Ok(())
}

fn log_groups(seeds: &Seeds) -> Outcome<()> {
    let mut writer = LogGroupWriter::new();
    let key = EncodedKey::new("srcaddr");
    for n in 0..3 {
        writer.log(START, (n > 0).then_some(n * 1000), |contents| {
            contents.text(&key, b"10.0.0.1");
            contents.pair(b"bytes", b"1500");
            contents.integer(&EncodedKey::new("start"), -1);
        });
    }
    writer.topic(b"flow-log");
    writer.source(b"192.0.2.1");
    writer.tag(b"__pack_id__", b"0123456789ABCDEF-1");
    seeds.write("log_group", "group", writer.octets())?;
    let mut list = Vec::new();
    append_log_group(&mut list, writer.octets());
    append_log_group(&mut list, &[]);
    seeds.write("log_group", "list", &list)?;
    // Fields that are not known: a varint, fixed 64, octets, fixed 32.
    let unknown = [
        0x78, 0x80, 1, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 1, 0, 0x7d, 1, 2, 3, 4,
    ];
    seeds.write(
        "log_group",
        "unknown-fields",
        &[&unknown[..], writer.octets()].concat(),
    )
}

/// Requests of every kind, some of them with the bodies of `PutLogs`.
fn requests(seeds: &Seeds) -> Outcome<()> {
    let heads = [
        "GET /?offset=0&size=10&projectName=a\nhost: localhost",
        "POST /\n\n{\"projectName\":\"flow-logs\",\"description\":\"d\"}",
        "GET http://flow-logs.localhost/logstores?logstoreName=a\nx-log-project: p",
        "POST /logstores\n\n{\"logstoreName\":\"default\",\"ttl\":30,\"shardCount\":2,\"appendMeta\":true}",
        "PUT /logstores/a/index\n\n{\"line\":{\"token\":[\",\"]},\"keys\":{\"b\":{\"type\":\"long\"}}}",
        "GET /logstores/a?type=log&from=1&to=2&query=%E6%B5%81+and+b%3A1&line=&reverse=True",
        "GET /logstores/a/index?type=histogram&from=1&to=2&interval=1",
        "POST /logstores/a/logs\n\n{\"from\":1,\"to\":2,\"query\":\"* | select 1\",\"line\":null}",
        "GET /logstores/a/shards/0?type=logs&cursor=MTcwMDAwMDAwMA==&count=10&end_cursor=MTcwMDAwMDAwMQ==",
        "POST /logstores/a/shards/0?action=split&key=80000000000000000000000000000000",
        "POST /logstores/a/consumergroups/g?type=heartbeat&consumer=c\n\n[0,1]",
        "POST /logstores/a/consumergroups/g?type=checkpoint&consumer=&forceSuccess=True\n\n{\"shard\":0,\"checkpoint\":\"MA==\"}",
        "POST /logstores/a\ncontent-type: application/json\n\n{\"__topic__\":\"t\",\"__tags__\":{\"a\":1},\"__logs__\":[{\"__time__\":1700000000,\"b\":\"c\"}]}",
    ];
    for (n, request) in heads.iter().enumerate() {
        seeds.write("http_request", &format!("request-{n}"), request.as_bytes())?;
    }
    let mut writer = LogGroupWriter::new();
    writer.log(START, Some(1), |contents| {
        contents.pair(b"srcaddr", b"10.0.0.1")
    });
    writer.tag(b"host", b"exp-1");
    let raw = writer.octets();
    let literal = [&[0xf0, u8::try_from(raw.len() - 15)?][..], raw].concat();
    let package = [&[0x0a, u8::try_from(raw.len())?][..], raw, &[0x18, 0]].concat();
    let list = [&[0x0a, u8::try_from(package.len())?][..], &package].concat();
    // A zlib stream and a Zstandard frame of one block that is not compressed.
    let length = u16::try_from(raw.len())?;
    let [low, high] = length.to_le_bytes();
    let (mut a, mut b) = (1_u32, 0_u32);
    for octet in raw {
        a = (a + u32::from(*octet)) % 65_521;
        b = (b + a) % 65_521;
    }
    let zlib = [
        &[0x78, 1, 1, low, high, !low, !high][..],
        raw,
        &((b << 16) | a).to_be_bytes(),
    ];
    let block = ((u32::from(length) << 3) | 1).to_le_bytes();
    let magic = [0x28, 0xb5, 0x2f, 0xfd, 0x20, low];
    let zstd = [&magic[..], &block[..3], raw];
    let bodies = [
        ("plain", "", raw.to_vec()),
        ("lz4", "\nx-log-compresstype: lz4", literal),
        ("deflate", "\nx-log-compresstype: deflate", zlib.concat()),
        ("zstd", "\nx-log-compresstype: zstd", zstd.concat()),
    ];
    for (name, compression, body) in bodies {
        let size = raw.len();
        let head = format!(
            "POST /logstores/a/shards/lb\ncontent-type: application/x-protobuf\n\
             x-log-bodyrawsize: {size}{compression}\n\n"
        );
        let request = [head.as_bytes(), &body].concat();
        seeds.write("http_request", &format!("put-{name}"), &request)?;
    }
    let head = "POST /logstores/a/shards/lb\ncontent-type: application/x-protobuf\n\
                x-log-bodyrawsize: 0\nx-log-mode: batch_group\n\n";
    let request = [head.as_bytes(), &list].concat();
    seeds.write("http_request", "put-packages", &request)
}

/// Captures in every format: Ethernet, VLAN, raw IP; whole and in fragments.
fn files(seeds: &Seeds) -> Outcome<()> {
    let text = "192.0.2.1 40000 9995 1700000000000000 00050001\n\n# nothing\n2001:db8::1 1 2 3 -\n";
    seeds.write("capture", "text", text.as_bytes())?;
    let udp = [&[0x9c, 0x40, 0x27, 0x0b, 0, 12, 0, 0][..], b"abcd"].concat();
    let ipv4 = |flags: u16, body: &[u8]| {
        let [length_high, length] = u16::try_from(20 + body.len()).unwrap_or(0).to_be_bytes();
        let [fragment_high, fragment] = flags.to_be_bytes();
        let header = [
            0x45,
            0,
            length_high,
            length,
            0,
            7,
            fragment_high,
            fragment,
            64,
            17,
            0,
            0,
            192,
            0,
            2,
            1,
            192,
            0,
            2,
            9,
        ];
        [&header[..], body].concat()
    };
    let mut ipv6 = vec![0x60, 0, 0, 0, 0, 12, 17, 64];
    ipv6.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].repeat(2));
    ipv6.extend(&udp);
    let whole = ipv4(0, &udp);
    let ethernet = |kind: &[u8], packet: &[u8]| [&[2; 12][..], kind, packet].concat();
    let frames = [
        ethernet(&[8, 0], &whole),
        ethernet(&[0x81, 0, 0, 5, 8, 0], &whole),
        ethernet(&[0x86, 0xdd], &ipv6),
        ethernet(&[8, 0], &ipv4(0x2000, &udp[..8])),
        ethernet(&[8, 0], &ipv4(1, &udp[8..])),
        ethernet(&[8, 6], &[0; 28]),
    ];
    seeds.write("capture", "ethernet.pcap", &pcap(1, &frames))?;
    seeds.write("capture", "raw.pcap", &pcap(101, &[whole.clone(), ipv6]))?;
    seeds.write("capture", "ethernet.pcapng", &pcapng(&frames))
}

fn pcap(link: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![
        0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
    ];
    out.extend(link.to_be_bytes());
    for frame in frames {
        let length = u32::try_from(frame.len()).unwrap_or(0).to_be_bytes();
        out.extend([START.to_be_bytes(), 5_u32.to_be_bytes(), length, length].concat());
        out.extend(frame);
    }
    out
}

fn pcapng(frames: &[Vec<u8>]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let length = u32::try_from(body.len() + 12).unwrap_or(0).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, &body, &length].concat()
    };
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0]);
    section.extend([0xff; 8]);
    let mut out = block(0x0a0d_0d0a, &section);
    out.extend(block(1, &[1, 0, 0, 0, 0, 0, 4, 0]));
    for frame in frames {
        let at = (u64::from(START) * 1_000_000).to_le_bytes();
        let length = u32::try_from(frame.len()).unwrap_or(0).to_le_bytes();
        let (low, high) = at.split_at(4);
        out.extend(block(
            6,
            &[&[0; 4][..], high, low, &length, &length, frame].concat(),
        ));
    }
    out
}

/// A script and the datagrams of each captured case: files of lines
/// `EXPORTER SRC-PORT DST-PORT TIME-US HEX`, `-` for no octets.
fn captures(from: &Path, to: &Path) -> Outcome<()> {
    let seeds = Seeds(to.to_owned());
    let directory = from.join("dgrams");
    let files = std::fs::read_dir(&directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut paths: Vec<PathBuf> = files
        .map(|entry| Ok(entry?.path()))
        .collect::<Outcome<_>>()?;
    paths.sort();
    for path in paths {
        let case = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&path)?;
        seeds.write(
            "capture",
            &case,
            text.get(..text.len().min(4096)).unwrap_or(&text).as_bytes(),
        )?;
        let datagrams: Vec<_> = text.lines().map(parse).collect::<Outcome<_>>()?;
        let first = datagrams
            .iter()
            .map(|(_, at, _)| *at)
            .min()
            .unwrap_or_default();
        let mut exporters: Vec<&str> = Vec::new();
        let mut arrivals = Vec::new();
        let mut octets = 0;
        for (n, (exporter, at, payload)) in datagrams.iter().enumerate() {
            if n < 4 || payload.len() < 200 {
                seeds.datagram(&format!("{case}-{n}"), payload)?;
            }
            octets += payload.len();
            if octets > MOST_OCTETS {
                continue;
            }
            let known = exporters.iter().position(|known| known == exporter);
            let number = known.unwrap_or_else(|| {
                exporters.push(exporter);
                exporters.len() - 1
            });
            arrivals.push((u8::try_from(number % 4)?, *at, payload.clone()));
        }
        let last = arrivals.last().map_or(first, |(_, at, _)| *at);
        arrivals.push((0x10, last + 900_000, Vec::new()));
        let start = u32::try_from(first.div_euclid(1000))?;
        seeds.script(&case, [1, 2, 3], start, &arrivals)?;
        let backwards: Vec<Arrival> = arrivals
            .iter()
            .zip(arrivals.iter().rev())
            .map(|((_, at, _), (exporter, _, octets))| (*exporter, *at, octets.clone()))
            .collect();
        seeds.script(&format!("{case}-backwards"), [6, 4, 1], start, &backwards)?;
    }
    Ok(())
}

/// The Exporter, the time in milliseconds and the payload of a line.
fn parse(line: &str) -> Outcome<(&str, i64, Vec<u8>)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [exporter, _, _, at_us, hex] = words[..] else {
        return Err(format!("not a datagram: {line}").into());
    };
    let digits = if hex == "-" { "" } else { hex };
    let octet = |at: usize| {
        let pair = digits.get(at..at + 2).ok_or("an odd digit")?;
        Ok(u8::from_str_radix(pair, 16)?)
    };
    let octets = (0..digits.len())
        .step_by(2)
        .map(octet)
        .collect::<Outcome<_>>()?;
    Ok((exporter, at_us.parse::<i64>()?.div_euclid(1000), octets))
}
