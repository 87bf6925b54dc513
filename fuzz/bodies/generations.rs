//! The flow logs that the partitions of the fuzz targets have: four generations of the same seven,
//! with every kind of rules, and resources whose Exporters have habits.

use std::sync::LazyLock;

use flowlog_flowlog::{Definition, FlowLog, Inventory, Mode, Resource, Status};
use flowlog_pipeline::Generation;

/// Flow logs in each generation.
pub const FLOW_LOGS: u16 = 7;

/// The generations; a change leads to the one with the number of its Exporter.
pub static GENERATIONS: LazyLock<[Generation; 4]> = LazyLock::new(|| {
    let plain = Inventory::new(Vec::new()).expect("the built-in resource alone");
    let (rich_resources, rich_definitions) = read(RICH);
    let (changed_resources, changed_definitions) = read(CHANGED);
    let rich = plain.changed_to(rich_resources).expect("an inventory");
    let changed = rich.changed_to(changed_resources).expect("an inventory");
    let rich_logs = validated(rich_definitions, &rich);
    let off: Vec<FlowLog> = rich_logs
        .iter()
        .map(|flow_log| flow_log.clone().with_status(Status::Inactive))
        .chain([FlowLog::built_in()])
        .collect();
    let on = |logs: Vec<FlowLog>, status| -> Vec<FlowLog> {
        logs.into_iter()
            .chain([FlowLog::built_in().with_status(status)])
            .collect()
    };
    let changed_logs = validated(changed_definitions, &changed);
    let off_entirely: Vec<FlowLog> = off
        .iter()
        .map(|flow_log| flow_log.clone().with_status(Status::Inactive))
        .collect();
    [
        compile(&rich, &off),
        compile(&rich, &on(rich_logs, Status::Active)),
        compile(&changed, &on(changed_logs, Status::Active)),
        compile(&rich, &off_entirely),
    ]
});

fn compile(inventory: &Inventory, flow_logs: &[FlowLog]) -> Generation {
    assert_eq!(flow_logs.len(), usize::from(FLOW_LOGS));
    Generation::compile(inventory, flow_logs, Mode::Open).expect("they compile")
}

fn validated(definitions: Vec<Definition>, inventory: &Inventory) -> Vec<FlowLog> {
    let valid = |definition: Definition| definition.validate(inventory).expect("it is valid");
    definitions.into_iter().map(valid).collect()
}

/// The resources and the flow logs of a configuration.
fn read(text: &str) -> (Vec<Resource>, Vec<Definition>) {
    let mut table: toml::Table = toml::from_str(text).expect("a table");
    let resources = table.remove("resource").expect("resources");
    let definitions = table.remove("flow_log").expect("flow logs");
    (
        resources.try_into().expect("they are sound"),
        definitions.try_into().expect("they are sound"),
    )
}

const RICH: &str = r#"
[[resource]]
id = "vpc-a"
kind = "vpc"
exporters = ["192.0.2.0/24"]
prefixes = ["10.0.0.0/8", "2001:db8:1::/48"]
interfaces = [1, { index = 2, path = "natGateway" }]

[[resource]]
id = "sag-b"
kind = "sag"
exporters = ["2001:db8::1"]
active_timeout = 60
keeps_start = true
counts_egress = true
sampling = { rate = "3/2", force = true }

[[flow_log]]
name = "minute"
resource = "vpc-a"
window = "1m"

[[flow_log]]
name = "aged"
resource = ["sag-b", "sag-default"]
active_aging = 60
inactive_aging = 10
time_source = "arrival"

[[flow_log]]
name = "each"
resource = "sag-default"
window = "none"
events = true

[[flow_log]]
name = "both"
resource = "vpc-a"
window = "10m"
active_aging = 300
inactive_aging = 15
hold = 0
events = true
traffic_path = ["natGateway"]

[[flow_log]]
name = "late"
resource = "sag-default"
window = "5m"
hold = 0
allowed_lateness = 0
time_source = "exporter"

[[flow_log]]
name = "plain"
resource = "sag-b"
window = "1m"
"#;

const CHANGED: &str = r#"
[[resource]]
id = "vpc-a"
kind = "vpc"
exporters = ["192.0.2.1", { address = "203.0.113.0/24", relay = "192.0.2.2" }]
prefixes = ["10.1.0.0/16"]

[[resource]]
id = "sag-b"
kind = "sag"
exporters = ["2001:db8::1", "198.51.100.7"]
sampling = 1000

[[flow_log]]
name = "minute"
resource = "vpc-a"
window = "5m"

[[flow_log]]
name = "aged"
resource = ["sag-b", "sag-default"]
active_aging = 120
inactive_aging = 60

[[flow_log]]
name = "each"
resource = "sag-default"
window = "1m"

[[flow_log]]
name = "both"
resource = "vpc-a"
active_aging = 60

[[flow_log]]
name = "late"
resource = "sag-default"
window = "5m"
hold = "auto"
allowed_lateness = 7200
time_source = "exporter"

[[flow_log]]
name = "plain"
resource = "sag-b"
window = "10m"
ip_version = "IPv4"
"#;
