//! The regions of the real Log Service that a configuration names, with their secrets read.

use std::fs;
use std::path::Path;

use flowlog_access::{AccessKey, Secret};
use flowlog_sink::SlsRegion;

use super::Config;
use super::targets::{Columns, Region, Routing, Signature};

/// Reads what clients of the real service need.
///
/// # Errors
/// One sentence with key, file and remedy.
pub fn regions(config: &Config) -> Result<Vec<SlsRegion>, String> {
    let regions = config.sls.region.iter();
    regions.map(|(name, region)| read(name, region)).collect()
}

fn read(name: &str, region: &Region) -> Result<SlsRegion, String> {
    let secret = match (&region.secret, &region.secret_file) {
        (Some(secret), _) => secret.clone(),
        (None, Some(path)) => secret_in(path)
            .map_err(|problem| format!("sls.region.{name}.secret_file: {problem}"))?,
        (None, None) => return Err(format!("sls.region.{name}: no secret")),
    };
    let endpoint = region.endpoint.parse();
    Ok(SlsRegion {
        name: name.to_owned(),
        endpoint: endpoint.map_err(|problem| format!("sls.region.{name}.endpoint: {problem}"))?,
        key: AccessKey {
            id: region.id.clone(),
            secret,
        },
        token: region.security_token.clone(),
        signature: match region.signature {
            Signature::V1 => flowlog_sink::Signature::V1,
            Signature::V4 => flowlog_sink::Signature::V4,
        },
        columns: match region.columns {
            Columns::Documented => flowlog_sink::Columns::Documented,
            Columns::All => flowlog_sink::Columns::All,
        },
        routing: match region.routing {
            Routing::Key => flowlog_sink::Routing::Key,
            Routing::Balanced => flowlog_sink::Routing::Balanced,
        },
        ca: region.ca.clone(),
    })
}

/// The secret that a file holds, alone.
pub(super) fn secret_in(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|problem| {
        format!("{shown} cannot be read: {problem}; name a file that the daemon may read")
    })?;
    Secret::new(text.trim_end())
        .map_err(|_| format!("{shown} holds no secret; write it alone into the file"))
}
