use super::*;
use crate::config::Sources;
use crate::run::Numbered;

const CONFIG: &str = r#"
regions = ["cn-hangzhou", "cn-shanghai"]
[sls.region.cn-shanghai]
endpoint = "https://cn-shanghai.log.aliyuncs.com"
id = "a"
secret = "b"
[[flow_log]]
name = "here"
[[flow_log]]
name = "real"
region = "cn-shanghai"
project = "far"
[[flow_log]]
name = "elsewhere"
output = "netflow"
netflow = { server = "192.0.2.9:9995" }
[[flow_log]]
name = "gone"
region = "cn-shanghai"
product = "sag"
resource = []
status = "Inactive"
"#;

fn numbered() -> (Config, Numbered) {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::io::Write::write_all(&mut file, CONFIG.as_bytes()).unwrap();
    let config = Sources::default().file(Some(file.path())).load().unwrap();
    let numbered = Numbered::new(&config, Vec::new(), Vec::new()).unwrap();
    (config, numbered)
}

#[test]
fn rows_are_written_into_their_logstore_where_it_is_embedded_and_into_a_spool_elsewhere() {
    let (config, numbered) = numbered();
    let places = numbered.flow_logs.iter().map(|it| place(&config, it));
    let places: Vec<(String, String)> = places
        .map(|(project, logstore)| (project.to_string(), logstore.to_string()))
        .collect();
    let wanted = [
        ("flow-logs", "default"),
        (SPOOL, "real"),
        (SPOOL, "elsewhere"),
        (SPOOL, "gone"),
    ];
    let wanted = wanted.map(|(project, logstore)| (project.to_owned(), logstore.to_owned()));
    assert_eq!(places, wanted);
}

#[test]
fn a_flow_log_of_a_real_region_has_a_stream_unless_it_is_gone() {
    let (config, numbered) = numbered();
    let specs = streams(&config, &numbered.flow_logs);
    let real = specs.iter().find(|it| &*it.flow_log == "real").unwrap();
    assert_eq!((&*real.project, &*real.logstore), (SPOOL, "real"));
    let to = Destination::Sls {
        region: "cn-shanghai".to_owned(),
        project: "far".to_owned(),
        logstore: "default".to_owned(),
    };
    assert_eq!(real.to, to);
    assert!(
        !specs
            .iter()
            .any(|it| &*it.flow_log == "gone" || &*it.flow_log == "here")
    );
    let elsewhere = specs.iter().find(|it| &*it.flow_log == "elsewhere");
    let collector = Collector {
        server: "192.0.2.9:9995".parse().unwrap(),
        speech: Speech::V9,
        domain: 3,
        layout: Layout::Sag,
    };
    assert_eq!(elsewhere.unwrap().to, Destination::Netflow(collector));
}
