use proptest::prelude::*;

use super::*;

fn project(host: &str, header: Option<&str>) -> Option<String> {
    Endpoints::new(["Logs.Example.net", "example.net"])
        .project(host, header)
        .unwrap()
}

#[test]
fn the_project_stands_before_a_name() {
    for host in [
        "proj.localhost",
        "proj.localhost:8080",
        "PROJ.LOCALHOST:80",
        "proj.localhost.",
        "proj.127.0.0.1",
        "proj.127.0.0.1:9082",
        "proj.[::1]:9082",
        "proj.logs.example.net",
        "proj.example.net:1",
    ] {
        assert_eq!(
            project(host, Some("other")).as_deref(),
            Some("proj"),
            "{host}"
        );
    }
}

#[test]
fn a_name_alone_has_the_project_of_the_header_or_none() {
    for host in [
        "localhost",
        "localhost:8080",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[2001:db8::1]:443",
        "logs.example.net",
        "Example.NET",
    ] {
        assert_eq!(project(host, None), None, "{host}");
        assert_eq!(project(host, Some("")), None, "{host}");
        assert_eq!(
            project(host, Some("proj")).as_deref(),
            Some("proj"),
            "{host}"
        );
    }
}

#[test]
fn an_unknown_host_has_the_project_of_the_header_or_its_first_label() {
    assert_eq!(project("proj.collector", None).as_deref(), Some("proj"));
    assert_eq!(
        project("collector.lan:9082", Some("proj")).as_deref(),
        Some("proj")
    );
}

#[test]
fn what_is_no_host_is_refused() {
    let endpoints = Endpoints::new([]);
    for host in [
        "a b",
        "a/b",
        "a:b",
        "a:123456",
        "[::1",
        "é.localhost",
        "a@b",
        "a::1",
    ] {
        let code = endpoints.project(host, None).unwrap_err().code;
        assert_eq!(code, ErrorCode::InvalidHost, "{host}");
    }
    for host in ["", " ", ":80", "."] {
        let code = endpoints.project(host, None).unwrap_err().code;
        assert_eq!(code, ErrorCode::MissingHost, "{host:?}");
    }
}

#[test]
fn a_target_is_origin_form_or_absolute_form() {
    let target = Target::parse("/logstores/a%20b?x=1?2").unwrap();
    assert_eq!(
        target,
        Target {
            authority: None,
            path: "/logstores/a%20b",
            query: "x=1?2"
        }
    );
    let target = Target::parse("HTTP://proj.localhost:8080?x").unwrap();
    assert_eq!(
        target,
        Target {
            authority: Some("proj.localhost:8080"),
            path: "/",
            query: "x"
        }
    );
    let target = Target::parse("http://proj.localhost/a").unwrap();
    assert_eq!(
        target,
        Target {
            authority: Some("proj.localhost"),
            path: "/a",
            query: ""
        }
    );
    for target in ["", "*", "a", "ftp://x/", "localhost:80"] {
        assert_eq!(
            Target::parse(target).unwrap_err().code,
            ErrorCode::ParameterInvalid
        );
    }
}

proptest! {
    #[test]
    fn any_host_is_survived(host: String, header: Option<String>) {
        let _ = Endpoints::new(["example.net"]).project(&host, header.as_deref());
        let _ = Target::parse(&host);
    }
}
