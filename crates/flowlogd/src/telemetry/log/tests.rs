use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(format: LogFormat, say: impl FnOnce()) -> String {
    let paper = Paper::default();
    let to = paper.clone();
    let subscriber =
        Registry::default()
            .with(filter(LogLevel::Info))
            .with(layer(format, false, move || to.clone()));
    tracing::subscriber::with_default(subscriber, say);
    let octets = paper.0.lock().unwrap().clone();
    String::from_utf8(octets).unwrap()
}

#[test]
fn text_has_an_rfc_3339_time_the_level_and_the_fields() {
    let line = written(LogFormat::Text, || {
        tracing::warn!(exporter = "192.0.2.1", "data set without template");
        tracing::debug!("not this");
    });
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(
        time.ends_with('Z') && time.parse::<Timestamp>().is_ok(),
        "{line}"
    );
    assert!(
        rest.contains("WARN") && rest.contains("exporter=\"192.0.2.1\""),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn json_is_one_object_per_line() {
    let line = written(LogFormat::Json, || {
        tracing::info!(rows = 7, "sealed a segment");
    });
    let object: serde_json::Value = serde_json::from_str(line.trim_end()).unwrap();
    assert_eq!(object["level"], "INFO");
    assert_eq!(object["message"], "sealed a segment");
    assert_eq!(object["rows"], 7);
    assert!(
        object["timestamp"]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .is_ok()
    );
}
