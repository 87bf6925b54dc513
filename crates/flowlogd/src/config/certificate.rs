//! The certificate that a configuration names, read.

use flowlog_http::{Tls, TlsError};

use super::Config;

/// Reads certificate and key, when there are any.
///
/// # Errors
/// One sentence with key, file and remedy.
pub fn certificate(config: &Config) -> Result<Option<Tls>, String> {
    let files = config.tls.files();
    let read = files.map(|files| Tls::read(&files)).transpose();
    read.map_err(|problem| unfit(&problem))
}

/// Reads them again: they may be new under the same names.
///
/// # Errors
/// One sentence with key, file and remedy; what held goes on.
pub fn renew(tls: &Tls, config: &Config) -> Result<(), String> {
    match config.tls.files() {
        Some(files) => tls.replace(&files).map_err(|problem| unfit(&problem)),
        None => Ok(()),
    }
}

fn unfit(problem: &TlsError) -> String {
    let (key, remedy) = match problem {
        TlsError::Certificate { .. } => (
            "tls.certificate",
            "name a file in PEM that begins with the certificate",
        ),
        TlsError::Key { .. } => (
            "tls.key",
            "name a file in PEM with a private key that the daemon may read",
        ),
        TlsError::Pair { .. } => ("tls.key", "name the key that the certificate was made for"),
    };
    format!("{key}: {problem}; {remedy}")
}
