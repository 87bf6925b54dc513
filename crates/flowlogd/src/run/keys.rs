//! The keys that count: of the account, of its users, temporary ones.

use std::sync::Arc;

use flowlog_access::{AccessKey, Keyring, TemporaryKey, User};
use tracing::{info, warn};

use crate::config::{Config, Expiry, Token};
use crate::data_directory::{DataDirectory, DataDirectoryError, RootKey};

/// Reads them; without any in the configuration the account's is made at the first start.
///
/// # Errors
/// What the data directory says.
pub(super) fn keyring(
    data: &DataDirectory,
    config: &Config,
) -> Result<Arc<Keyring>, DataDirectoryError> {
    let root = data.root_key(config)?;
    if let RootKey::Generated(_, path) = &root {
        info!(path = %path.display(), "a root access key was generated");
    }
    let mut keyring = Keyring::new(root.key().clone());
    for key in config.root_keys().filter(|key| key.id != root.key().id) {
        // Its id is new here: the configuration has each once.
        drop(keyring.add(key.clone()));
    }
    add_temporary(&mut keyring, config);
    add_users(&mut keyring, config);
    Ok(Arc::new(keyring))
}

fn add_temporary(keyring: &mut Keyring, config: &Config) {
    for temporary in &config.access_key {
        let Some(Ok(token)) = temporary.security_token.as_ref().map(Token::checked) else {
            continue;
        };
        let key = TemporaryKey {
            key: temporary.key.clone(),
            token,
            expires: temporary.expires.as_ref().map(Expiry::at),
        };
        if let Err(error) = keyring.add_temporary(key) {
            // Only a generated key can have its id; that one goes on to count.
            warn!(%error, "a temporary access key is left out");
        }
    }
}

fn add_users(keyring: &mut Keyring, config: &Config) {
    for user in &config.user {
        let user = User {
            name: user.name.clone(),
            key: AccessKey {
                id: user.id.clone(),
                secret: user.secret.clone(),
            },
            active: user.active,
            // The configuration was checked when it was read.
            policies: (user.policies.iter())
                .filter_map(|text| serde_json::from_str(text).ok())
                .collect(),
        };
        // Its id is new here: the configuration has each once.
        drop(keyring.add_user(user));
    }
}
