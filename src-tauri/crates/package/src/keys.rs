//! Signing keys in minisign's format.
//!
//! Owns: making, opening and using them. Never touches: where they are kept. A key is a text as `minisign -G` writes it:
//! Ed25519, protected with scrypt when there is a passphrase. Making one takes randomness of the operating system inside
//! the library; nothing else in this crate is random.

use minisign::{KeyPair, PublicKey, SecretKeyBox};

use crate::error::{PackageError, Result};

/// What can be wrong with a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The passphrase does not open it.
    #[error("the passphrase does not open this key")]
    WrongPassphrase,
    /// It is no minisign key.
    #[error("this is no minisign secret key")]
    NotAKey,
    /// The library refused.
    #[error("{0}")]
    Library(String),
}

/// A key that is open.
pub struct SigningKey {
    secret: minisign::SecretKey,
    public: PublicKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

/// A new key: text of the secret key, text of the public key. Without a passphrase the secret key is not protected.
///
/// # Errors
/// When there is no randomness or too little memory.
pub fn make_key(
    passphrase: Option<&str>,
    comment: &str,
) -> std::result::Result<(String, String), KeyError> {
    let library = |e: minisign::PError| KeyError::Library(e.to_string());
    let pair = match passphrase {
        Some(word) => KeyPair::generate_encrypted_keypair(Some(word.to_owned())),
        None => KeyPair::generate_unencrypted_keypair(),
    }
    .map_err(library)?;
    let secret = pair.sk.to_box(Some(comment)).map_err(library)?;
    let public = pair.pk.to_box().map_err(library)?;
    Ok((secret.to_string(), public.to_string()))
}

impl SigningKey {
    /// Opens the text of a secret key.
    ///
    /// # Errors
    /// When it is no key, or the passphrase does not fit.
    pub fn open(text: &str, passphrase: Option<&str>) -> std::result::Result<Self, KeyError> {
        let boxed = SecretKeyBox::from_string(text).map_err(|_| KeyError::NotAKey)?;
        let secret = match passphrase {
            Some(word) => boxed.into_secret_key(Some(word.to_owned())),
            // The library would ask at the terminal when a protected key comes without its passphrase.
            None => boxed.into_unencrypted_secret_key(),
        }
        .map_err(|_| KeyError::WrongPassphrase)?;
        let public =
            PublicKey::from_secret_key(&secret).map_err(|e| KeyError::Library(e.to_string()))?;
        Ok(Self { secret, public })
    }

    /// The public key as one word, such as `RWQ…`: what is compared by telephone.
    #[must_use]
    pub fn public(&self) -> String {
        self.public.to_base64()
    }

    /// The public key as a file.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn public_file(&self) -> Result<String> {
        public_key_text(&self.public())
    }

    /// A detached signature in minisign's format; the trusted comment is signed too.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn sign(&self, content: &[u8], trusted: &str) -> Result<String> {
        let made = minisign::sign(
            Some(&self.public),
            &self.secret,
            content,
            Some(trusted),
            Some("signature of a Witnessmark package over tagmanifest-sha256.txt"),
        );
        Ok(made
            .map_err(|e| PackageError::Sign(e.to_string()))?
            .to_string())
    }
}

/// The file of a public key that is given as one word.
///
/// # Errors
/// When it is none.
pub fn public_key_text(word: &str) -> Result<String> {
    let key = PublicKey::from_base64(word).map_err(|e| PackageError::Sign(e.to_string()))?;
    Ok(key
        .to_box()
        .map_err(|e| PackageError::Sign(e.to_string()))?
        .to_string())
}
