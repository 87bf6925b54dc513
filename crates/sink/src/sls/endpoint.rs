//! Where the service is reached, and how a Project is named there.

use std::net::IpAddr;
use std::str::FromStr;

/// `https://cn-hangzhou.log.aliyuncs.com`, `http://127.0.0.1:9082`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    secure: bool,
    /// An IPv6 address in brackets.
    host: String,
    port: Option<u16>,
}

/// A text that is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no endpoint; write https://HOST or http://HOST:PORT, without a path")]
pub struct InvalidEndpoint(String);

/// How a Project is addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Addressed {
    /// Scheme, host and port to connect to.
    pub(super) origin: String,
    /// `Host`.
    pub(super) host: String,
    /// `x-log-project`, where the host cannot carry the Project.
    pub(super) project: Option<String>,
}

impl Endpoint {
    /// Whether connections are TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// A Project is a part of the host's name, which then resolves by itself; an address or
    /// `localhost` is connected to as it stands.
    pub(super) fn of_project(&self, project: &str) -> Addressed {
        let scheme = if self.secure { "https" } else { "http" };
        let port = self
            .port
            .map_or_else(String::new, |port| format!(":{port}"));
        let own = format!("{}{port}", self.host);
        let address = self.host.trim_matches(['[', ']']);
        if address.parse::<IpAddr>().is_ok() {
            return Addressed {
                origin: format!("{scheme}://{own}"),
                host: own,
                project: Some(project.to_owned()),
            };
        }
        let host = format!("{project}.{own}");
        let reached = if self.host.eq_ignore_ascii_case("localhost") {
            &own
        } else {
            &host
        };
        Addressed {
            origin: format!("{scheme}://{reached}"),
            host,
            project: None,
        }
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let invalid = || InvalidEndpoint(text.to_owned());
        let (scheme, authority) = text.split_once("://").ok_or_else(invalid)?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(invalid()),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, Some(port.parse().map_err(|_| invalid())?))
            }
            _ => (authority, None),
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let is_host = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => is_name(host),
        };
        if !is_host || port == Some(0) {
            return Err(invalid());
        }
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
        })
    }
}

fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addressed(endpoint: &str) -> (String, String, Option<String>) {
        let endpoint: Endpoint = endpoint.parse().unwrap();
        let Addressed {
            origin,
            host,
            project,
        } = endpoint.of_project("proj");
        (origin, host, project)
    }

    #[test]
    fn a_project_stands_before_a_name_and_beside_an_address() {
        let named = |origin: &str, host: &str| (origin.to_owned(), host.to_owned(), None);
        assert_eq!(
            addressed("https://cn-hangzhou.log.aliyuncs.com"),
            named(
                "https://proj.cn-hangzhou.log.aliyuncs.com",
                "proj.cn-hangzhou.log.aliyuncs.com"
            )
        );
        assert_eq!(
            addressed("http://localhost:9082/"),
            named("http://localhost:9082", "proj.localhost:9082")
        );
        let by_header = |own: &str| {
            let project = Some("proj".to_owned());
            (format!("http://{own}"), own.to_owned(), project)
        };
        assert_eq!(
            addressed("http://127.0.0.1:9082"),
            by_header("127.0.0.1:9082")
        );
        assert_eq!(addressed("http://[::1]"), by_header("[::1]"));
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_a_remedy() {
        for text in [
            "",
            "cn-hangzhou.log.aliyuncs.com",
            "ftp://host",
            "https://",
            "https://host/path",
            "https://user@host",
            "https://host:0",
            "https://host:99999",
            "https://[1.2.3.4]",
            "https://::1",
        ] {
            let refused = text.parse::<Endpoint>().unwrap_err();
            assert!(refused.to_string().contains("write https://HOST"), "{text}");
        }
        let shown = |text: &str| text.parse::<Endpoint>().unwrap().to_string();
        assert_eq!(shown("https://h.example:8443/"), "https://h.example:8443");
    }
}
