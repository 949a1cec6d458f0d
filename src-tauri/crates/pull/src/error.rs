//! What can go wrong on the way to a remote log, each with what it happened to.
//!
//! Owns: the closed list. Never touches: codes of the outside world (the engine maps them). No text here holds a secret:
//! what a server said is cut, made visible and cleaned before it comes here.

/// Result of everything in this crate.
pub type Result<T> = std::result::Result<T, PullError>;

/// What kind of thing went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connector or a setting of it cannot be used.
    Connector,
    /// The address may not be asked: another origin, no TLS, a private or reserved address.
    Address,
    /// The server does not take the credentials.
    Credentials,
    /// No connection, a broken one, or none that can be trusted.
    Connection,
    /// The server asked to wait longer than a run may wait, or goes on refusing.
    Limited,
    /// The server fails or takes too long for what is asked; a shorter span may do.
    Busy,
    /// The answer is not what the connector describes.
    Shape,
    /// The answer is larger than a page may be.
    Size,
    /// The pages go round in circles.
    Loop,
    /// The person stopped it.
    Cancelled,
    /// The pages could not be kept.
    Sink,
}

/// A failure of a pull. What was committed before stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PullError {
    /// For programs.
    pub fault: Fault,
    /// What happened to which object, for people.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The status of the answer that refused the request, where one did.
    pub status: Option<u16>,
}

impl PullError {
    pub(crate) fn new(fault: Fault, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
            hint: hint.into(),
            status: None,
        }
    }

    pub(crate) fn answered(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Whether the server says that what was asked for is not there, or not any more.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.status, Some(400 | 404 | 410))
    }

    pub(crate) fn connector(message: impl Into<String>) -> Self {
        Self::new(
            Fault::Connector,
            message,
            "Correct the connector or its settings.",
        )
    }
}
