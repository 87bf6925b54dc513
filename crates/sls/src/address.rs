//! Which project a request is for: the project is a part of the host name, or the header
//! `x-log-project` names it.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::{Error, ErrorCode};

/// The target of a request line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Host and port of an absolute-form target (RFC 9112 §3.2.2), which then stands for `Host`.
    pub authority: Option<&'a str>,
    /// The path as sent, beginning with `/`.
    pub path: &'a str,
    /// What follows the first `?`, without it; empty when there is none.
    pub query: &'a str,
}

impl<'a> Target<'a> {
    /// Takes apart `/path?query` or `http://authority/path?query`.
    ///
    /// # Errors
    /// `ParameterInvalid` for any other form.
    pub fn parse(target: &'a str) -> Result<Self, Error> {
        let (before, query) = target.split_once('?').unwrap_or((target, ""));
        if before.starts_with('/') {
            return Ok(Self {
                authority: None,
                path: before,
                query,
            });
        }
        let rest = strip_scheme(before)
            .ok_or_else(|| Error::parameter("the request target must begin with / or http://"))?;
        let path_at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(path_at).unwrap_or((rest, ""));
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self {
            authority: Some(authority),
            path,
            query,
        })
    }
}

fn strip_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    known.then_some(rest)
}

/// The names under which the service is reached. `localhost` and every IP literal are names too.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// Lower case, the longest first, so that `log.example.net` wins over `example.net`.
    names: Vec<String>,
}

impl Endpoints {
    /// Endpoints of these names, without a port; case and a final dot do not matter.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<String> = names.into_iter().map(folded).collect();
        names.push("localhost".to_owned());
        names.retain(|name| !name.is_empty());
        names.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        names.dedup();
        Self { names }
    }

    /// The project of a request, or `None` when it concerns no project.
    ///
    /// `host` is the `Host` header (or the authority of an absolute-form target) with or without a
    /// port; `header` is `x-log-project`. With an unknown host the first label is the project, so
    /// that a name which only the resolver knows works unconfigured.
    ///
    /// # Errors
    /// `MissingHost` for an empty host, `InvalidHost` for one that is no host name.
    pub fn project(&self, host: &str, header: Option<&str>) -> Result<Option<String>, Error> {
        let host = folded(without_port(host)?);
        if host.is_empty() {
            return Err(Error::new(
                ErrorCode::MissingHost,
                "Host does not exist in header.",
            ));
        }
        let header = header.map(str::trim).filter(|project| !project.is_empty());
        if is_ip_literal(&host) || self.names.contains(&host) {
            return Ok(header.map(ToOwned::to_owned));
        }
        if let Some(project) = self
            .before_a_name(&host)
            .or_else(|| before_an_address(&host))
        {
            return Ok(Some(project.to_owned()));
        }
        let first = host.split('.').next().unwrap_or_default();
        Ok(Some(header.unwrap_or(first).to_owned()))
    }

    fn before_a_name<'h>(&self, host: &'h str) -> Option<&'h str> {
        self.names.iter().find_map(|name| {
            let before = host.strip_suffix(name.as_str())?.strip_suffix('.')?;
            (!before.is_empty()).then_some(before)
        })
    }
}

/// `proj.127.0.0.1`: what a client makes of an endpoint that is an address.
fn before_an_address(host: &str) -> Option<&str> {
    host.match_indices('.').find_map(|(at, _)| {
        let (before, after) = (host.get(..at)?, host.get(at + 1..)?);
        (!before.is_empty() && is_ip_literal(after)).then_some(before)
    })
}

fn is_ip_literal(host: &str) -> bool {
    let v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    v6.map_or_else(
        || host.parse::<Ipv4Addr>().is_ok(),
        |literal| literal.parse::<Ipv6Addr>().is_ok(),
    )
}

/// Lower case, without the dot of the root.
fn folded(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// The host of `host:port` and `[v6]:port`.
fn without_port(authority: &str) -> Result<&str, Error> {
    let authority = authority.trim();
    let invalid = || Error::new(ErrorCode::InvalidHost, "Host is invalid.");
    let end = authority.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match authority.get(end..).and_then(|rest| rest.find(':')) {
        None => (authority, ""),
        Some(colon) => {
            let parts = authority
                .split_at_checked(end + colon)
                .ok_or_else(invalid)?;
            (parts.0, parts.1.strip_prefix(':').unwrap_or_default())
        }
    };
    let octet_fits = |c: u8| c.is_ascii_alphanumeric() || b".-_[]:".contains(&c);
    if host.len() > 255
        || host.contains('[') != host.ends_with(']')
        || !host.bytes().all(octet_fits)
        || port.len() > 5
        || !port.bytes().all(|c| c.is_ascii_digit())
    {
        return Err(invalid());
    }
    Ok(host)
}

#[cfg(test)]
mod tests;
