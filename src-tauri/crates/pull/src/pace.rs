//! What the streams of one pull share, because they ask one server with one secret: when it may be asked again, whether it takes
//! the secret, the token that it gave for it, and by how much its clock differs from ours.
//!
//! Owns: these four. Never touches: requests, the clock (moments are passed in). Until a server has answered one request, no
//! second one is under way: credentials that it does not take reach it once, however many streams there are.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant as Moment;
use witnessmark_model::Instant;

use crate::PullError;
use crate::auth::Secret;

/// Shared by all streams of a pull.
#[derive(Debug, Default)]
pub struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Before this moment nobody asks: the server said so.
    quiet: Option<Moment>,
    /// Before this moment nobody asks: the pause between two requests.
    next: Option<Moment>,
    proof: Proof,
    token: Option<Token>,
    /// Whether somebody asks for a token now.
    renewing: bool,
    /// By how many nanoseconds the clock of the server is ahead of ours.
    ahead: Option<i64>,
}

/// Whether the server takes the credentials.
#[derive(Debug, Default)]
enum Proof {
    /// Nobody asked yet.
    #[default]
    Open,
    /// One request is under way to find out.
    Asking,
    /// It answered.
    Taken,
    /// It refused them, for all.
    Refused(PullError),
}

/// A token and until when it can be used.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    pub(crate) until: Instant,
}

/// Whether a stream may ask now.
#[derive(Debug)]
pub(crate) enum Turn {
    Now,
    Wait(Duration),
    /// Another stream is finding out whether the credentials are taken.
    Other,
    Refused(PullError),
}

/// The token that there is.
#[derive(Debug)]
pub(crate) enum Held {
    Fresh(Secret),
    /// None: whoever is told this asks for one, and says what came of it with [`Pace::keep_token`].
    Absent,
    /// Another stream is asking for one.
    Asked,
}

impl Pace {
    fn state(&self) -> MutexGuard<'_, State> {
        // A stream that died here left plain values, each of them whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next place in the row of requests, if there is one now. `asking` is whether this very stream is the one that
    /// finds out whether the credentials are taken; it says so with [`Pace::answered`] or [`Pace::unanswered`].
    pub(crate) fn turn(&self, now: Moment, pause: Duration, asking: &mut bool) -> Turn {
        let mut state = self.state();
        let until = state.quiet.max(state.next);
        if let Some(wait) = until.and_then(|until| until.checked_duration_since(now))
            && !wait.is_zero()
        {
            return Turn::Wait(wait);
        }
        match &state.proof {
            Proof::Refused(error) => return Turn::Refused(error.clone()),
            Proof::Asking if !*asking => return Turn::Other,
            Proof::Open => {
                state.proof = Proof::Asking;
                *asking = true;
            }
            Proof::Asking | Proof::Taken => {}
        }
        state.next = Some(now + pause);
        Turn::Now
    }

    /// The server asked to be left alone for so long.
    pub(crate) fn quiet(&self, now: Moment, wait: Duration) {
        let mut state = self.state();
        state.quiet = state.quiet.max(now.checked_add(wait));
    }

    /// The server told its time. An answer that was long on its way makes its clock look late, so the latest time counts.
    pub(crate) fn told(&self, date: Instant, now: Instant) {
        let mut state = self.state();
        state.ahead = state.ahead.max(date.0.checked_sub(now.0));
    }

    /// By how many nanoseconds the clock of the server is ahead of ours; negative where it is behind.
    pub(crate) fn ahead(&self) -> Option<i64> {
        self.state().ahead
    }

    /// The server answered this stream, and not that it does not know who asks.
    pub(crate) fn answered(&self, asking: &mut bool) {
        self.settle(asking, Proof::Taken);
    }

    /// Nothing came of the request; another stream may find out.
    pub(crate) fn unanswered(&self, asking: &mut bool) {
        self.settle(asking, Proof::Open);
    }

    fn settle(&self, asking: &mut bool, proof: Proof) {
        let mut state = self.state();
        // A refusal stands, also when the stream that met it ends.
        if std::mem::take(asking) && matches!(state.proof, Proof::Asking) {
            state.proof = proof;
        }
    }

    /// The credentials are refused for all streams: none asks any more.
    pub(crate) fn refuse(&self, error: &PullError) {
        self.state().proof = Proof::Refused(error.clone());
    }

    /// Whether the server does not take the credentials, for no stream.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.state().proof, Proof::Refused(_))
    }

    /// The token at hand, if it lasts beyond an instant.
    pub(crate) fn token(&self, beyond: Instant) -> Held {
        let mut state = self.state();
        match &state.token {
            Some(token) if token.until > beyond => Held::Fresh(token.secret.clone()),
            _ if state.renewing => Held::Asked,
            _ => {
                state.renewing = true;
                Held::Absent
            }
        }
    }

    /// What came of asking for a token.
    pub(crate) fn keep_token(&self, token: Option<Token>) {
        let mut state = self.state();
        state.renewing = false;
        if token.is_some() {
            state.token = token;
        }
    }

    /// Forgets a token that was refused, unless another stream has a newer one already.
    pub(crate) fn forget_token(&self, refused: &Secret) {
        let mut state = self.state();
        if state.token.as_ref().is_some_and(|t| t.secret == *refused) {
            state.token = None;
        }
    }

    /// A text without the token.
    pub(crate) fn clean(&self, text: String) -> String {
        match &self.state().token {
            Some(token) => token.secret.clean(&text),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    const PAUSE: Duration = Duration::from_millis(500);

    #[test]
    fn one_request_finds_out_whether_the_credentials_are_taken() {
        let (pace, now) = (Pace::default(), Moment::now());
        let (mut first, mut second) = (false, false);
        assert!(matches!(
            pace.turn(now, Duration::ZERO, &mut first),
            Turn::Now
        ));
        assert!(first);
        assert!(matches!(
            pace.turn(now, Duration::ZERO, &mut second),
            Turn::Other
        ));
        // A broken connection proves nothing: the other may try.
        pace.unanswered(&mut first);
        assert!(matches!(
            pace.turn(now, Duration::ZERO, &mut second),
            Turn::Now
        ));
        assert!(matches!(
            pace.turn(now, Duration::ZERO, &mut first),
            Turn::Other
        ));
        pace.answered(&mut second);
        for asking in [&mut first, &mut second] {
            assert!(matches!(pace.turn(now, Duration::ZERO, asking), Turn::Now));
            assert!(!*asking);
        }
        pace.refuse(&PullError::new(Fault::Credentials, "no", ""));
        assert!(matches!(
            pace.turn(now, Duration::ZERO, &mut first),
            Turn::Refused(error) if error.message == "no"
        ));
    }

    #[test]
    fn a_refusal_stands_when_the_stream_that_met_it_ends() {
        let (pace, now) = (Pace::default(), Moment::now());
        let (mut first, mut second) = (false, false);
        pace.turn(now, Duration::ZERO, &mut first);
        pace.refuse(&PullError::new(Fault::Credentials, "no", ""));
        pace.unanswered(&mut first);
        assert!(pace.is_refused());
        assert!(matches!(
            pace.turn(now, Duration::ZERO, &mut second),
            Turn::Refused(_)
        ));
    }

    #[test]
    fn pauses_and_waits_hold_for_all() {
        let (pace, now) = (Pace::default(), Moment::now());
        let mut asking = false;
        let mut turn =
            |after: u64| pace.turn(now + Duration::from_millis(after), PAUSE, &mut asking);
        assert!(matches!(turn(0), Turn::Now));
        assert!(matches!(turn(100), Turn::Wait(wait) if wait == Duration::from_millis(400)));
        assert!(matches!(turn(500), Turn::Now));
        pace.quiet(now, Duration::from_secs(9));
        // A shorter wait that another answer asks for does not undo it.
        pace.quiet(now, Duration::from_secs(1));
        assert!(matches!(turn(2_000), Turn::Wait(wait) if wait == Duration::from_secs(7)));
        assert!(matches!(turn(9_000), Turn::Now));
    }

    #[test]
    fn one_stream_asks_for_a_token_and_an_old_refusal_does_not_forget_a_new_one() {
        let pace = Pace::default();
        let token = |text: &str| Token {
            secret: Secret::new(text),
            until: Instant(100),
        };
        assert!(matches!(pace.token(Instant(0)), Held::Absent));
        assert!(matches!(pace.token(Instant(0)), Held::Asked));
        pace.keep_token(None);
        assert!(matches!(pace.token(Instant(0)), Held::Absent));
        pace.keep_token(Some(token("first_1")));
        assert!(matches!(pace.token(Instant(99)), Held::Fresh(_)));
        assert!(matches!(pace.token(Instant(100)), Held::Absent));
        pace.keep_token(Some(token("second_2")));
        pace.forget_token(&Secret::new("first_1"));
        assert!(matches!(pace.token(Instant(0)), Held::Fresh(_)));
        assert_eq!(pace.clean("is second_2".to_owned()), "is [secret]");
        pace.forget_token(&Secret::new("second_2"));
        assert!(matches!(pace.token(Instant(0)), Held::Absent));
    }
}
