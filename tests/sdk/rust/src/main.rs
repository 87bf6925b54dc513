//! What the official Rust SDK does, done against the Logstore; panics at the first difference.
//!
//! `http_proxy` must be the server itself: that needs no name service, and sends request lines in
//! absolute form.

use std::{
    collections::HashMap,
    env,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aliyun_log_rust_sdk::{
    Client, Config, Error, FieldIndex, FromConfig, FullTextIndex, Index, IndexKeyLong,
    IndexKeyText, get_cursor_models::CursorPos, token_list,
};
use aliyun_log_sdk_protobuf::{Log, LogGroup};

const LOGSTORE: &str = "rows";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let secret = env::var("SLS_SECRET").unwrap();
    let sls = client(&secret);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let project = format!("rust-{}", now.as_nanos());
    make(&sls, &project).await;
    let now = u32::try_from(now.as_secs()).unwrap();
    write(&sls, &project, now).await;
    read(&sls, &project).await;
    query(&sls, &project, i64::from(now)).await;
    group(&sls, &project).await;
    refusals(&sls, &project).await;
    println!("ok     Rust SDK");
}

fn client(secret: &str) -> Client {
    let config = Config::builder()
        .endpoint("http://localhost")
        .access_key(env::var("SLS_KEY").unwrap(), secret)
        .build();
    Client::from_config(config.unwrap()).unwrap()
}

async fn make(sls: &Client, project: &str) {
    let made = sls.create_project(project).description("the Rust SDK");
    made.send().await.unwrap();
    let got = sls.get_project(project).send().await.unwrap();
    assert_eq!(got.get_body().description(), "the Rust SDK");
    let made = sls.create_logstore(project, LOGSTORE).shard_count(1).ttl(7);
    made.send().await.unwrap();
    let got = sls.get_logstore(project, LOGSTORE).send().await.unwrap();
    assert_eq!(
        (*got.get_body().ttl(), *got.get_body().shard_count()),
        (7, 1)
    );
    let line = FullTextIndex {
        case_sensitive: false,
        chn: false,
        token: token_list![",", " ", "/"],
    };
    let long = || {
        FieldIndex::Long(IndexKeyLong {
            alias: None,
            doc_value: true,
        })
    };
    let note = FieldIndex::Text(IndexKeyText {
        case_sensitive: false,
        alias: None,
        chn: false,
        token: token_list![",", " "],
        doc_value: true,
    });
    let keys = [("n", long()), ("bytes", long()), ("note", note)];
    let keys = keys.map(|(key, index)| (key.to_owned(), index));
    let index = Index::builder()
        .line(line)
        .keys(HashMap::from(keys))
        .build();
    let made = sls.create_index(project, LOGSTORE, index);
    made.send().await.unwrap();
    sls.get_index(project, LOGSTORE).send().await.unwrap();
}

async fn write(sls: &Client, project: &str, now: u32) {
    for group in 0..5 {
        let mut logs = LogGroup::new();
        logs.set_topic(format!("topic-{group}"));
        logs.set_source("192.0.2.8");
        logs.add_log_tag_kv("host", "exp-1");
        for n in 4 * group..4 * group + 4 {
            let mut log = Log::from_unixtime(now);
            log.add_content_kv("n", n.to_string());
            log.add_content_kv("bytes", (100 * n).to_string());
            log.add_content_kv("note", if n % 2 == 0 { "plain" } else { "Größe 流" });
            logs.add_log(log);
        }
        let put = sls.put_logs(project, LOGSTORE).log_group(logs);
        put.send().await.unwrap();
    }
}

async fn read(sls: &Client, project: &str) {
    let shards = sls.list_shards(project, LOGSTORE).send().await.unwrap();
    let shard = *shards.get_body().shards()[0].shard_id();
    let cursor = async |at| {
        let asked = sls.get_cursor(project, LOGSTORE, shard).cursor_pos(at);
        asked.send().await.unwrap().get_body().cursor().to_owned()
    };
    let end = cursor(CursorPos::End).await;
    let (mut at, mut seen) = (cursor(CursorPos::Begin).await, Vec::new());
    while at != end {
        let pull = sls.pull_logs(project, LOGSTORE, shard).cursor(&at).count(2);
        let answer = pull.send().await.unwrap();
        for group in answer.get_body().log_group_list() {
            assert_eq!(group.source().as_deref(), Some("192.0.2.8"));
            for log in group.logs() {
                let first = &log.contents()[0];
                assert_eq!(first.key(), "n");
                seen.push(first.value().parse::<u32>().unwrap());
            }
        }
        at.clone_from(answer.get_body().next_cursor());
    }
    assert_eq!(seen, (0..20).collect::<Vec<_>>());
}

async fn query(sls: &Client, project: &str, now: i64) {
    let ask = async |query: &str| {
        let asked = sls.get_logs(project, LOGSTORE);
        let asked = asked.from(now - 600).to(now + 600).query(query);
        let answer = asked.send().await.unwrap();
        assert!(answer.get_body().is_complete());
        answer.take_body().take_logs()
    };
    let until = Instant::now() + Duration::from_secs(60);
    while ask("*").await.len() < 20 {
        assert!(Instant::now() < until, "never: 20 rows are found");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let found = ask("n: 7").await;
    assert_eq!(found.len(), 1);
    for (key, value) in [
        ("n", "7"),
        ("bytes", "700"),
        ("note", "Größe 流"),
        ("__topic__", "topic-1"),
        ("__source__", "192.0.2.8"),
        ("__tag__:host", "exp-1"),
    ] {
        assert_eq!(found[0].get(key).map(String::as_str), Some(value), "{key}");
    }
    assert_eq!(ask("note: \"流\" and n < 6").await.len(), 3);
    let counted = ask("* | select count(*) as c, sum(bytes) as b").await;
    let wanted = [("c", "20"), ("b", "19000")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(counted, [HashMap::from(wanted)]);
}

async fn group(sls: &Client, project: &str) {
    let made = sls.create_consumer_group(project, LOGSTORE, "readers");
    let made = made.timeout(60).order(false);
    made.send().await.unwrap();
    let listed = sls.list_consumer_groups(project, LOGSTORE).send().await;
    assert_eq!(listed.unwrap().get_body().consumer_groups().len(), 1);
}

async fn refusals(sls: &Client, project: &str) {
    let again = sls.create_project(project).description("").send().await;
    assert_eq!(code(again), (400, "ProjectAlreadyExist".to_owned()));
    let nothing = sls.get_logstore(project, "nothing").send().await;
    assert_eq!(code(nothing), (404, "LogStoreNotExist".to_owned()));
    let stranger = client("wrong").get_project(project).send().await;
    assert_eq!(code(stranger), (401, "SignatureNotMatch".to_owned()));
}

fn code<T>(outcome: Result<T, Error>) -> (u32, String) {
    match outcome {
        Err(Error::Server {
            http_status,
            error_code,
            request_id: Some(_),
            ..
        }) => (http_status, error_code),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not refused"),
    }
}
