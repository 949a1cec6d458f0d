//! What can go wrong while a package is written. Owns the closed list; never touches codes of the outside world.

/// Result of everything in this crate.
pub type Result<T> = std::result::Result<T, PackageError>;

/// A failure to write a package. Nothing that was written by then is a package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The sink refused.
    #[error("the package cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// The archive refused.
    #[error("the package cannot be packed: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// What should go in could not be read; the error is that of the material's owner.
    #[error("{0}")]
    Material(Box<dyn std::error::Error + Send + Sync>),
    /// What the case holds does not fit together, so a package of it would prove nothing.
    #[error("{0}")]
    Inconsistent(String),
    /// A redaction policy that cannot be understood or followed.
    #[error("{0}")]
    Policy(String),
    /// The signature could not be made.
    #[error("the package cannot be signed: {0}")]
    Sign(String),
    /// The report could not be set.
    #[error("the report cannot be set: {0}")]
    Report(String),
    /// The person stopped it.
    #[error("stopped")]
    Cancelled,
}
