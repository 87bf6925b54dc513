//! The older `GetLogs`, histograms, topics, SQL of a Project.

use flowlog_sls::log_group::LogGroupWriter;
use serde_json::json;

use super::{Sent, served};
use crate::sample::{LOGSTORE, NOW};

fn period() -> String {
    format!("from={NOW}&to={}", NOW + 1000)
}

#[test]
fn the_older_answer_is_an_array_with_its_meta_in_headers() {
    served(|port| {
        let ask = |query: &str| {
            let target = format!("/logstores/{LOGSTORE}?type=log&{}&query={query}", period());
            Sent::new("GET", &target).ask(port)
        };
        let reply = ask("bytes+%3C+3&topic=&line=2&offset=1&reverse=false");
        let bytes: Vec<_> = reply
            .value()
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["bytes"].clone())
            .collect();
        assert_eq!(bytes, ["1", "2"]);
        for (name, value) in [
            ("x-log-progress", "Complete"),
            ("x-log-count", "2"),
            ("x-log-has-sql", "false"),
            ("x-log-where-query", "bytes < 3"),
            ("x-log-agg-query", ""),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
        let info: serde_json::Value =
            serde_json::from_str(reply.header("x-log-query-info").unwrap()).unwrap();
        assert_eq!(info["mode"], 0);
        let reply = ask("*%7Cselect+count(*)+as+n");
        assert_eq!(reply.value(), json!([{ "n": "300" }]));
        assert_eq!(reply.header("x-log-has-sql"), Some("true"));
    });
}

#[test]
fn histograms_have_two_addresses() {
    served(|port| {
        for path in [
            format!("/logstores/{LOGSTORE}"),
            format!("/logstores/{LOGSTORE}/index"),
        ] {
            let target = format!(
                "{path}?type=histogram&{}&query=protocol:6&interval=500",
                period()
            );
            let reply = Sent::new("GET", &target).ask(port);
            let interval = |from, to, count| json!({ "from": from, "to": to, "count": count, "progress": "Complete" });
            let wanted = json!([
                interval(NOW, NOW + 500, 150),
                interval(NOW + 500, NOW + 1000, 0)
            ]);
            assert_eq!(reply.value(), wanted);
            assert_eq!(reply.header("x-log-count"), Some("150"));
            assert_eq!(reply.header("x-log-progress"), Some("Complete"));
        }
        let code = |query: &str| {
            let target = format!("/logstores/{LOGSTORE}?type=histogram&{query}");
            Sent::new("GET", &target).ask(port).code()
        };
        assert_eq!(code("from=5&to=5"), "400 ParameterInvalid");
        assert_eq!(
            code(&format!("{}&query=nokey:1", period())),
            "400 ParameterInvalid"
        );
    });
}

#[test]
fn topics_come_page_by_page() {
    served(|port| {
        let put = |topic: &str| {
            let body = json!({ "__topic__": topic, "__logs__": [{ "__time__": NOW, "a": "b" }] });
            let target = format!("/logstores/{LOGSTORE}/shards/lb");
            Sent::new("POST", &target).json(&body).ask(port).is_done();
        };
        for topic in ["", "a b", "\u{6d41}", "%41"] {
            put(topic);
        }
        let list = |query: &str| {
            let target = format!("/logstores/{LOGSTORE}?type=topic&{query}");
            Sent::new("GET", &target).ask(port)
        };
        let all = list("token=&line=100");
        assert_eq!(
            all.value(),
            json!(["", "%41", "a b", "flow_log", "\u{6d41}"])
        );
        assert_eq!(
            (all.header("x-log-count"), all.header("x-log-nexttoken")),
            (Some("5"), Some(""))
        );
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = list(&format!("line=1&token={}", token.replace('%', "%25")));
            seen.extend(page.value().as_array().unwrap().clone());
            match page.header("x-log-nexttoken") {
                Some("") => break,
                next => token = next.unwrap().to_owned(),
            }
        }
        assert_eq!(json!(seen), all.value());
    });
}

#[test]
fn sql_of_a_project_names_its_logstore() {
    served(|port| {
        let ask = |query: &str| Sent::new("GET", &format!("/logs?query={query}")).ask(port);
        let reply = ask(&format!(
            "select+sum(bytes)+as+b+from+{LOGSTORE}+where+bytes+%3C+3"
        ));
        assert_eq!(reply.value(), json!([{ "b": "3" }]));
        assert_eq!(reply.header("x-log-progress"), Some("Complete"));
        assert_eq!(reply.header("x-log-has-sql"), Some("true"));
        let from = format!(
            "select+count(*)+as+n+from+%22{LOGSTORE}%22&from={}&to={}",
            NOW,
            NOW + 10
        );
        assert_eq!(ask(&from).value(), json!([{ "n": "10" }]));
        assert_eq!(ask("select+1").code(), "400 ParameterInvalid");
        assert_eq!(ask("select+1+from+nothing").code(), "404 LogStoreNotExist");
    });
}

#[test]
fn pages_are_those_of_one_order_whatever_the_shards() {
    served(|port| {
        let create = json!({ "logstoreName": "paged", "shardCount": 3 });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        let index = json!({ "keys": { "n": { "type": "long" } } });
        Sent::new("POST", "/logstores/paged/index")
            .json(&index)
            .ask(port)
            .is_done();
        for group in 0..6 {
            let log = |n: u32| json!({ "__time__": NOW, "n": (group * 10 + n).to_string() });
            let body = json!({ "__logs__": (0..10).map(log).collect::<Vec<_>>() });
            Sent::new("POST", "/logstores/paged/shards/lb")
                .json(&body)
                .ask(port)
                .is_done();
        }
        for (reverse, lines) in [(false, 7), (true, 7), (false, 1)] {
            let mut seen: Vec<u32> = Vec::new();
            loop {
                let query = json!({ "from": NOW, "to": NOW + 1, "query": "*", "line": lines,
                    "offset": seen.len(), "reverse": reverse });
                let page = Sent::new("POST", "/logstores/paged/logs")
                    .json(&query)
                    .ask(port)
                    .value();
                let page = page["data"].as_array().unwrap().clone();
                if page.is_empty() {
                    break;
                }
                let number =
                    |row: &serde_json::Value| row["n"].as_str().unwrap().parse::<u32>().unwrap();
                seen.extend(page.iter().map(number));
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..60).collect::<Vec<u32>>(), "{reverse}");
        }
    });
}

#[test]
fn a_context_without_its_log_is_refused_and_one_with_it_is_json() {
    served(|port| {
        let target = format!("/logstores/{LOGSTORE}?type=context_log");
        let ask = |more: &str| Sent::new("GET", &format!("{target}{more}")).ask(port);
        let reply = ask("&pack_id=5AB0-1&pack_meta=0%7CMA%3D%3D%7C1%7C1&back_lines=1");
        assert_eq!(reply.code(), "400 ParameterInvalid");
        assert_eq!(ask("&pack_id=5AB0-1").code(), "400 ParameterInvalid");
        let mut writer = LogGroupWriter::new();
        for n in 0..2 {
            writer.log(NOW + n, None, |contents| {
                contents.pair(b"n", n.to_string().as_bytes());
            });
        }
        writer.tag(b"__pack_id__", b"5AB0-1");
        let raw = writer.octets().to_vec();
        let put = Sent::new("POST", &format!("/logstores/{LOGSTORE}"));
        put.protobuf(raw.len(), None, &raw).ask(port).is_done();
        let query = "__tag__:__pack_id__: * | with_pack_meta";
        let found = Sent::get_logs(query).ask(port).value();
        let meta = found["data"][0]["__pack_meta__"].as_str().unwrap();
        let meta = flowlog_sls::percent::encode(meta.as_bytes());
        let reply = ask(&format!(
            "&pack_id=5AB0-1&pack_meta={meta}&forward_lines=100"
        ));
        let answer = reply.value();
        assert_eq!(answer["progress"], "Complete");
        assert_eq!(answer["total_lines"], 2);
        assert_eq!(
            (&answer["back_lines"], &answer["forward_lines"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(answer["logs"][1]["__index_number__"], "1");
        assert_eq!(answer["logs"][1]["n"], "1");
    });
}

#[test]
fn sql_of_a_project_may_join_several_logstores() {
    served(|port| {
        let create = json!({ "logstoreName": "names-of", "shardCount": 1 });
        Sent::new("POST", "/logstores")
            .json(&create)
            .ask(port)
            .is_done();
        let ask = |sql: &str| {
            let sql = flowlog_sls::percent::encode(sql.as_bytes());
            let target = format!("/logs?query={sql}&{}", period());
            Sent::new("GET", &target).ask(port)
        };
        let sql = format!(
            "select n.name, count(*) as c, sum({LOGSTORE}.bytes) as b from {LOGSTORE} \
             join \"names-of\" n on n.number = {LOGSTORE}.protocol group by n.name order by b"
        );
        assert_eq!(ask(&sql).code(), "400 IndexConfigNotExist");
        let index = json!({ "keys": {
            "number": { "type": "long" },
            "name": { "type": "text", "token": [","] },
        }});
        let target = "/logstores/names-of/index";
        Sent::new("POST", target).json(&index).ask(port).is_done();
        for (number, name) in [("6", "tcp"), ("17", "udp")] {
            let mut writer = LogGroupWriter::new();
            writer.log(NOW, None, |contents| {
                contents.pair(b"number", number.as_bytes());
                contents.pair(b"name", name.as_bytes());
            });
            let raw = writer.octets().to_vec();
            let put = Sent::new("POST", "/logstores/names-of");
            put.protobuf(raw.len(), None, &raw).ask(port).is_done();
        }
        let reply = ask(&sql);
        assert_eq!(
            reply.value(),
            json!([{ "name": "tcp", "c": "150", "b": "22350" }, { "name": "udp", "c": "150", "b": "22500" }])
        );
        assert_eq!(reply.header("x-log-has-sql"), Some("true"));
        let union = format!(
            "select count(*) c from {LOGSTORE} union all select count(*) from \"names-of\" order by c"
        );
        assert_eq!(ask(&union).value(), json!([{ "c": "2" }, { "c": "300" }]));
        let absent = format!("select 1 from {LOGSTORE} join nothing on 1 = 1");
        assert_eq!(ask(&absent).code(), "404 LogStoreNotExist");
        assert_eq!(
            ask("select x from log_2 join log_3").code(),
            "404 LogStoreNotExist"
        );
    });
}
