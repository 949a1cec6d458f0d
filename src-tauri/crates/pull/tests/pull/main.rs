//! Pulls against servers of ours that behave as vendors' do, and as they must not.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod hostile;
mod paging;
mod resume;
mod server;
mod support;
mod tls;
mod truth;
