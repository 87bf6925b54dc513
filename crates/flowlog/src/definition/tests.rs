extern crate std;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use flowlog_record::{Action, Window};

use super::{
    ActiveAging, Aging, AllowedLateness, CaptureWindow, Definition, FlowLog, Hold, InactiveAging,
    IpVersion, NetflowVersion, Output, Product, Status, TimeSource, TrafficPath, TrafficPaths,
    TrafficType, Transport,
};
use crate::{DefinitionError, FlowLogId, Inventory, Resource, ResourceId, ResourceKind};

fn definition(text: &str) -> Definition {
    toml::from_str(&format!("name = \"x\"\n{text}")).unwrap()
}

fn unread(text: &str) -> String {
    let text = format!("name = \"x\"\n{text}");
    toml::from_str::<Definition>(&text).unwrap_err().to_string()
}

fn inventory() -> Inventory {
    let resource = |id: &str, kind| Resource::new(ResourceId::new(id).unwrap(), kind);
    let resources = [
        resource("my-vpc", ResourceKind::Vpc),
        resource("my-cen", ResourceKind::Cen),
        resource("sag-1", ResourceKind::Sag),
        resource("sag-2", ResourceKind::Sag),
    ];
    Inventory::new(resources.into()).unwrap()
}

fn valid(text: &str) -> FlowLog {
    definition(text).validate(&inventory()).unwrap()
}

fn invalid(text: &str) -> DefinitionError {
    definition(text).validate(&inventory()).unwrap_err()
}

fn aging(active: u64, inactive: u64) -> Aging {
    Aging {
        active: ActiveAging::from_seconds(active).unwrap(),
        inactive: InactiveAging::from_seconds(inactive).unwrap(),
    }
}

#[test]
fn the_flow_log_of_the_manual_is_the_built_in_one() {
    let written: Definition = toml::from_str(
        r#"
        name = "default"
        resource = "sag-default"
        project = "flow-logs"
        logstore = "default"
        window = "1m"
        active_aging = "300s"
        inactive_aging = "15s"
        hold = "auto"
        allowed_lateness = "2h"
        time_source = "corrected"
        "#,
    )
    .unwrap();
    let built_in = FlowLog::built_in();
    assert_eq!(written.validate(&Inventory::default()).unwrap(), built_in);
    assert_eq!(built_in.id().as_str(), "default");
    assert_eq!(
        built_in.resources(),
        [ResourceId::new("sag-default").unwrap()]
    );
    assert_eq!(built_in.product(), Product::Sag);
    assert_eq!(built_in.window(), Some(Window::OneMinute));
    assert_eq!(built_in.aging(), Some(aging(300, 15)));
    assert_eq!(built_in.hold(), Hold::Auto);
    assert_eq!(built_in.allowed_lateness().millis(), 7_200_000);
    assert_eq!(built_in.time_source(), TimeSource::Corrected);
    assert!(!built_in.per_record() && !built_in.events());
}

#[test]
fn what_is_left_out_has_its_default() {
    let read = definition("");
    assert_eq!(read, Definition::new(FlowLogId::new("x").unwrap()));
    assert_eq!(read.traffic_type, TrafficType::All);
    assert_eq!(read.ip_version, IpVersion::DualStack);
    assert!(read.traffic_path.is_all());
    assert_eq!(read.status, Status::Active);
    assert_eq!(
        (read.project.as_str(), read.logstore.as_str()),
        ("flow-logs", "default")
    );
}

#[test]
fn absent_aging_is_none_beside_a_window_and_300_15_without_one() {
    assert_eq!(
        (valid("").window(), valid("").aging()),
        (None, Some(aging(300, 15)))
    );
    let windowed = valid("window = \"10m\"");
    assert_eq!(
        (windowed.window(), windowed.aging()),
        (Some(Window::TenMinutes), None)
    );
    let both = valid("window = \"5m\"\nactive_aging = 60");
    assert_eq!(
        (both.window(), both.aging()),
        (Some(Window::FiveMinutes), Some(aging(60, 15)))
    );
    assert_eq!(
        valid("inactive_aging = \"10m\"").aging(),
        Some(aging(300, 600))
    );
    let per_record = valid("window = \"none\"");
    assert!(per_record.per_record());
    assert_eq!((per_record.window(), per_record.aging()), (None, None));
}

#[test]
fn durations_have_the_limits_of_the_api() {
    for (text, said) in [
        ("active_aging = 59", "`59s`: 60s to 6000s"),
        ("active_aging = \"6001s\"", "`6001s`: 60s to 6000s"),
        ("inactive_aging = 9", "`9s`: 10s to 600s"),
        ("inactive_aging = \"11m\"", "`660s`: 10s to 600s"),
        ("allowed_lateness = \"8d\"", "`691200s`: 0s to 7d"),
        (
            "hold = \"2h\"",
            "`7200s`: \"auto\", or a duration of 0s to 1h",
        ),
        ("hold = \"never\"", "`never`: \"auto\", or a duration"),
        ("window = \"2m\"", "`2m`: \"1m\", \"5m\", \"10m\", \"none\""),
        ("window = 61", "`61s`: \"1m\", \"5m\", \"10m\", \"none\""),
        (
            "window = \"auto\"",
            "`auto`: \"1m\", \"5m\", \"10m\", \"none\"",
        ),
        ("window = true", "invalid type: boolean"),
    ] {
        let error = unread(text);
        assert!(error.contains(said), "{text}: {error}");
    }
    for seconds in [60, 6000] {
        assert_eq!(
            ActiveAging::from_seconds(seconds).unwrap().millis(),
            seconds * 1000
        );
    }
    for seconds in [10, 600] {
        assert_eq!(
            InactiveAging::from_seconds(seconds).unwrap().millis(),
            seconds * 1000
        );
    }
    assert!(AllowedLateness::from_seconds(604_800).is_ok());
    assert_eq!(valid("hold = 0").hold(), Hold::Fixed(0));
    assert_eq!(valid("hold = \"1h\"").hold(), Hold::Fixed(3_600_000));
    assert_eq!(
        CaptureWindow::from_seconds(60),
        Ok(CaptureWindow::Of(Window::OneMinute))
    );
}

#[test]
fn words_are_those_of_the_api_or_of_the_configuration() {
    for (written, is) in [
        ("All", TrafficType::All),
        ("allow", TrafficType::Allow),
        ("Drop", TrafficType::Drop),
    ] {
        assert_eq!(
            valid(&format!("traffic_type = \"{written}\"")).traffic_type(),
            is
        );
    }
    for written in ["IPv4", "IPV4", "ipv4"] {
        assert_eq!(
            valid(&format!("ip_version = \"{written}\"")).ip_version(),
            IpVersion::Ipv4
        );
    }
    assert_eq!(
        valid("time_source = \"arrival\"").time_source(),
        TimeSource::Arrival
    );
    assert_eq!(valid("status = \"inactive\"").status(), Status::Inactive);
    let error = unread("traffic_type = \"some\"");
    assert!(
        error.contains("unknown variant `some`, expected"),
        "{error}"
    );
    let error = unread("windw = \"1m\"");
    assert!(error.contains("unknown field `windw`"), "{error}");
}

#[test]
fn traffic_types_take_their_actions() {
    let takes = |t: TrafficType| (t.takes(Action::Accept), t.takes(Action::Reject));
    assert_eq!(takes(TrafficType::All), (true, true));
    assert_eq!(takes(TrafficType::Allow), (true, false));
    assert_eq!(takes(TrafficType::Drop), (false, true));
}

#[test]
fn traffic_paths_are_all_or_each_once() {
    let paths = |names: &[&str]| TrafficPaths::new(names.iter().map(ToString::to_string));
    assert!(paths(&["all"]).unwrap().is_all());
    assert_eq!(
        paths(&["natGateway", "virtualBorderRouter"])
            .unwrap()
            .paths(),
        [TrafficPath::NatGateway, TrafficPath::Vbr]
    );
    assert_eq!(
        paths(&["natGateway", "internetGateway"]).unwrap().mask(),
        Some(1 << 7 | 1 << 14 | 1 << 15)
    );
    for (names, value, remedy) in [
        (&["all", "ecr"][..], "all", "`all` stands alone"),
        (&["vbr", "vbr"], "vbr", "name each path once"),
        (
            &["vbr", "virtualBorderRouter"],
            "virtualBorderRouter",
            "name each path once",
        ),
        (&["nat"], "nat", "all, internetGateway"),
    ] {
        let error = paths(names).unwrap_err();
        assert_eq!(error.value, value);
        assert!(error.remedy.starts_with(remedy), "{error}");
    }
    assert_eq!(
        definition("resource = \"my-vpc\"\ntraffic_path = \"all\"").traffic_path,
        TrafficPaths::ALL
    );
    let error = invalid("traffic_path = [\"ecr\"]");
    assert_eq!((error.field, error.value.as_str()), ("traffic_path", "sag"));
}

#[test]
fn the_product_follows_from_the_resource() {
    for (text, product) in [
        ("resource = \"my-vpc\"", Product::Vpc),
        ("resource = \"my-cen\"", Product::Cen),
        ("resource = \"sag-1\"", Product::Sag),
        ("resource = [\"sag-1\", \"sag-2\"]", Product::Sag),
        ("resource = \"vpc-unknown\"", Product::Vpc),
        ("resource = \"vsw-unknown\"", Product::Vpc),
        ("resource = \"eni-unknown\"", Product::Vpc),
        ("resource = \"cen-unknown\"", Product::Cen),
        ("resource = \"tr-unknown\"", Product::Cen),
        ("resource = \"tr-attach-unknown\"", Product::Cen),
        ("resource = \"unknown\"\nproduct = \"cen\"", Product::Cen),
        ("resource = []\nproduct = \"sag\"", Product::Sag),
        ("resource = \"my-vpc\"\nproduct = \"vpc\"", Product::Vpc),
    ] {
        assert_eq!(valid(text).product(), product, "{text}");
    }
}

#[test]
fn resources_that_do_not_fit_are_refused() {
    for (text, field, value) in [
        ("resource = \"my-vpc\"\nproduct = \"sag\"", "product", "sag"),
        ("resource = \"unknown\"", "resource", "unknown"),
        ("resource = []", "resource", ""),
        ("resource = []\nproduct = \"vpc\"", "resource", "0 ids"),
        ("resource = [\"my-vpc\", \"vpc-2\"]", "resource", "2 ids"),
        ("resource = [\"sag-1\", \"my-vpc\"]", "resource", "my-vpc"),
        ("resource = [\"sag-1\", \"sag-1\"]", "resource", "sag-1"),
    ] {
        let error = invalid(text);
        assert_eq!(
            (error.field, error.value.as_str()),
            (field, value),
            "{text}: {error}"
        );
    }
    let error = unread("resource = \"a b\"");
    assert!(error.contains("`a b`: 1 to 128 printable"), "{error}");
}

#[test]
fn a_valid_definition_says_its_product() {
    let flow_log = valid("resource = \"my-vpc\"");
    assert_eq!(flow_log.definition().product, Some(Product::Vpc));
}

#[test]
fn an_inactive_flow_log_stays_valid_whatever_became_of_its_resources() {
    for (resource, product) in [
        ("\"gone\"", Product::Cen),
        ("\"my-vpc\"", Product::Cen),
        ("[\"sag-1\", \"my-vpc\"]", Product::Sag),
    ] {
        let word = product.as_str();
        let text = format!("resource = {resource}\nproduct = \"{word}\"\nstatus = \"inactive\"");
        assert_eq!(valid(&text).product(), product);
    }
}

#[test]
fn a_row_per_record_has_no_aging() {
    for (text, field, value) in [
        ("active_aging = 300", "active_aging", "300s"),
        ("inactive_aging = 15", "inactive_aging", "15s"),
    ] {
        let error = invalid(&format!("window = \"none\"\n{text}"));
        assert_eq!((error.field, error.value.as_str()), (field, value));
        assert!(error.remedy.contains("leave aging out"));
    }
}

#[test]
fn log_formats_name_columns_of_cen() {
    let format = |text: &str| format!("resource = \"my-cen\"\nlog_format = \"{text}\"");
    assert!(
        valid(&format("${srcaddr}${dstaddr}${bytes}${log-status}"))
            .log_format()
            .is_some()
    );
    for (text, value, said) in [
        ("", "", "begin with ${srcaddr}${dstaddr}${bytes}"),
        (
            "${srcaddr}${bytes}${dstaddr}",
            "${srcaddr}${bytes}${dstaddr}",
            "begin with",
        ),
        ("${srcaddr}${dstaddr}", "${srcaddr}${dstaddr}", "begin with"),
        (
            "${srcaddr} ${dstaddr}${bytes}",
            "${srcaddr} ${dstaddr}${bytes}",
            "without separators",
        ),
        ("srcaddr", "srcaddr", "a run of ${name}"),
        ("${srcaddr", "${srcaddr", "a run of ${name}"),
        (
            "${srcaddr}${dstaddr}${bytes}${color}",
            "color",
            "one of srcaddr, dstaddr, bytes, account-id",
        ),
        (
            "${srcaddr}${dstaddr}${bytes}${bytes}",
            "bytes",
            "name each field once",
        ),
    ] {
        let error = invalid(&format(text));
        assert_eq!(
            (error.field, error.value.as_str()),
            ("log_format", value),
            "{text}"
        );
        assert!(error.remedy.contains(said), "{error}");
    }
    assert_eq!(invalid("log_format = \"${srcaddr}\"").field, "log_format");
    let vpc = valid("resource = \"my-vpc\"\nlog_format = \"whatever\"");
    assert_eq!(vpc.definition().log_format.as_deref(), Some("whatever"));
    assert!(vpc.log_format().is_none());
}

#[test]
fn columns_are_information_elements() {
    let flow_log = valid("columns = [\"bgpSourceAsNumber\", \"vlanId\"]");
    let names: Vec<&str> = flow_log.elements().iter().map(|e| e.name).collect();
    assert_eq!(names, ["bgpSourceAsNumber", "vlanId"]);
    for (columns, value, said) in [
        ("\"srcAs\"", "srcAs", "the name of an Information Element"),
        ("\"vlanId\", \"vlanId\"", "vlanId", "name each element once"),
    ] {
        let error = invalid(&format!("columns = [{columns}]"));
        assert_eq!((error.field, error.value.as_str()), ("columns", value));
        assert!(error.remedy.contains(said));
    }
    let many: Vec<String> = (0..33).map(|_| String::from("\"vlanId\"")).collect();
    let error = invalid(&format!("columns = [{}]", many.join(",")));
    assert_eq!(
        (error.value.as_str(), error.remedy.as_ref()),
        ("33 names", "at most 32")
    );
}

#[test]
fn a_definition_is_written_as_it_is_read() {
    for text in [
        "",
        "resource = [\"sag-1\", \"sag-2\"]\nproduct = \"sag\"\nhold = \"250ms\"\nevents = true",
        "resource = \"my-vpc\"\nwindow = \"none\"\ntraffic_path = [\"vbr\", \"ecr\"]\nip_version = \"IPv4\"",
        "resource = \"my-cen\"\nlog_format = \"${srcaddr}${dstaddr}${bytes}\"\ncolumns = [\"vlanId\"]\nwindow = \"5m\"\nactive_aging = 60\nstatus = \"Inactive\"",
    ] {
        let read = definition(text);
        let written = toml::to_string(&read).unwrap();
        assert_eq!(
            toml::from_str::<Definition>(&written).unwrap(),
            read,
            "{written}"
        );
    }
}

#[test]
fn a_flow_log_is_switched_without_being_defined_anew() {
    let off = FlowLog::built_in().with_status(Status::Inactive);
    assert_eq!(off.status(), Status::Inactive);
    assert_eq!(off.with_status(Status::Active), FlowLog::built_in());
}

#[test]
fn an_error_names_field_value_and_remedy() {
    assert_eq!(
        invalid("resource = \"unknown\"").to_string(),
        "resource = `unknown`: not in the inventory: add it as a [[resource]], or state `product`"
    );
}

#[test]
fn rows_go_to_another_collector_where_it_is_named() {
    let both = valid(
        "output = \"all\"\nnetflow = { server = \"192.0.2.9:2055\", version = \"IPFIX\", transport = \"tcp\" }",
    );
    assert_eq!(both.output(), Output::All);
    let collector = both.collector().unwrap();
    assert_eq!(collector.server.to_string(), "192.0.2.9:2055");
    assert_eq!(
        (collector.version, collector.transport),
        (NetflowVersion::V10, Transport::Tcp)
    );
    let sls = valid("netflow = { server = \"[2001:db8::1]:9995\" }");
    assert_eq!((sls.output(), sls.collector()), (Output::Sls, None));
    let kept = sls.definition().netflow.unwrap();
    assert_eq!(
        (kept.version, kept.transport),
        (NetflowVersion::V9, Transport::Udp)
    );
}

#[test]
fn a_collector_that_cannot_be_one_is_refused_with_a_remedy() {
    let netflow = |text: &str| invalid(&format!("output = \"netflow\"\n{text}"));
    assert_eq!(netflow("").field, "netflow");
    for (server, remedy) in [
        ("0.0.0.0:9995", "neither multicast"),
        ("224.0.0.1:9995", "neither multicast"),
        ("255.255.255.255:9995", "neither multicast"),
        ("[ff02::1]:9995", "neither multicast"),
        ("[::ffff:224.0.0.1]:9995", "neither multicast"),
        ("192.0.2.1:0", "the port"),
    ] {
        let error = netflow(&format!("netflow = {{ server = \"{server}\" }}"));
        assert!(error.remedy.contains(remedy), "{server}: {}", error.remedy);
    }
    let tcp =
        netflow("netflow = { server = \"192.0.2.1:1\", version = \"V9\", transport = \"tcp\" }");
    assert!(tcp.remedy.contains("only IPFIX"));
    assert!(unread("netflow = { server = \"192.0.2.1:1\", port = 3 }").contains("port"));
}
