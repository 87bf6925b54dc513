//! Connections that nobody can listen to: TLS by rustls, with a certificate that can be exchanged.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a connection that speaks TLS begins with: the type of a handshake record.
const HANDSHAKE: u8 = 22;

/// Where a certificate and its key are, both in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and behind it those that vouch for it.
    pub certificate: PathBuf,
    /// The private key of the first certificate: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of the certificates.
    #[error("{} holds no certificate that can be read: {problem}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The file of the key.
    #[error("{} holds no private key that can be read: {problem}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Both can be read, and do not go together.
    #[error("the key of {} does not belong to the certificate of {}: {problem}",
        files.key.display(), files.certificate.display())]
    Pair {
        /// Both files.
        files: TlsFiles,
        /// What is wrong with them.
        problem: rustls::Error,
    },
}

/// What a listener proves itself with. Its clones share the certificate that holds: one that
/// replaces it serves the connections that come from then on.
#[derive(Clone, Debug)]
pub struct Tls {
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Reads a certificate and its key.
    ///
    /// # Errors
    /// When a file cannot be read, or the two do not go together.
    pub fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let config = Arc::new(server_config(files)?);
        Ok(Self {
            current: Arc::new(RwLock::new(config)),
        })
    }

    /// Reads a certificate and its key in place of those that hold.
    ///
    /// # Errors
    /// When a file cannot be read, or the two do not go together: what held goes on.
    pub fn replace(&self, files: &TlsFiles) -> Result<(), TlsError> {
        let config = Arc::new(server_config(files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Agrees with the other end on keys.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream).await
    }
}

/// Whether the other end begins to speak TLS; what it says stays to be read.
pub(crate) async fn is_spoken(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let octets = stream.peek(&mut first).await?;
    Ok(octets == 1 && first == [HANDSHAKE])
}

fn server_config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let certificates = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|problem| TlsError::Key {
        path: files.key.clone(),
        problem: sentence(problem),
    })?;
    let unfit = |problem| TlsError::Pair {
        files: files.clone(),
        problem,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The certificates of a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |problem| TlsError::Certificate {
        path: path.to_owned(),
        problem: sentence(problem),
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable)?;
    if certificates.is_empty() {
        return Err(unreadable(pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

fn sentence(problem: pem::Error) -> String {
    match problem {
        pem::Error::Io(problem) => problem.to_string(),
        pem::Error::NoItemsFound => "it has no such section (-----BEGIN ...)".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
