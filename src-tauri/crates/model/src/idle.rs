//! Sessions where the vendor names none: what one actor did from one address and device until it went idle.
//!
//! Owns: the rule by which an event continues a session. Never touches: events, SQL. Numbers of values begin at 1; 0 is
//! absent.
//!
//! Many logs name address and device only on sign-ins. An event without them continues the session of its actor that was
//! active last, if that is not idle yet; such an event is said to be taken on trust.

use std::collections::HashMap;

use crate::mixed::Mixed;

/// Nanoseconds without an event after which a session is over, if the person chose nothing else: half an hour.
pub const IDLE: i64 = 30 * 60 * 1_000_000_000;

/// One event of an actor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: u32,
    /// Address; 0 when the event names none.
    pub address: u32,
    /// Device; 0 when the event names none.
    pub device: u32,
}

/// Where an event belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Number of the session, from 0 in order of their first events.
    pub session: u32,
    /// Whether the event names neither address nor device, so that only actor and time place it.
    pub on_trust: bool,
    /// Whether another session of the actor, from another address or device, was open as well: an event on trust may
    /// belong to that one.
    pub contested: bool,
}

struct Open {
    session: u32,
    address: u32,
    device: u32,
    last: i64,
}

/// Cuts events in order of time into sessions.
pub struct Sessions {
    idle: i64,
    next: u32,
    /// Open sessions of each actor, the one that was active last at the end.
    open: HashMap<u32, Vec<Open>, Mixed>,
}

impl Sessions {
    /// Sessions that end after so many nanoseconds without an event.
    #[must_use]
    pub fn new(idle: i64) -> Self {
        Self {
            idle,
            next: 0,
            open: HashMap::default(),
        }
    }

    /// Places the next event. Times must not go backwards.
    pub fn next(&mut self, step: &Step) -> Placed {
        let idle = self.idle;
        let open = self.open.entry(step.actor).or_default();
        open.retain(|o| step.at - o.last <= idle);
        let on_trust = step.address == 0 && step.device == 0;
        // A value that one of the two lacks cannot speak against it.
        let fits = |a: u32, b: u32| a == 0 || b == 0 || a == b;
        let found = open
            .iter()
            .rposition(|o| fits(o.address, step.address) && fits(o.device, step.device));
        let contested = open.len() > 1;
        let mut session = match found {
            Some(at) => open.remove(at),
            None => {
                self.next += 1;
                Open {
                    session: self.next - 1,
                    address: 0,
                    device: 0,
                    last: step.at,
                }
            }
        };
        session.last = step.at;
        if session.address == 0 {
            session.address = step.address;
        }
        if session.device == 0 {
            session.device = step.device;
        }
        let placed = Placed {
            session: session.session,
            on_trust,
            contested: on_trust && contested,
        };
        open.push(session);
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * 1_000_000_000;

    fn step(minute: i64, address: u32, device: u32) -> Step {
        Step {
            at: minute * MINUTE,
            actor: 1,
            address,
            device,
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_for_longer_than_the_limit() {
        let mut sessions = Sessions::new(IDLE);
        let steps = [
            step(0, 1, 1),
            step(30, 1, 1),
            step(60, 1, 1),
            step(91, 1, 1),
        ];
        let placed = steps.map(|s| sessions.next(&s).session);
        assert_eq!(placed, [0, 0, 0, 1]);
    }

    #[test]
    fn events_without_an_address_are_taken_on_trust_and_told_when_contested() {
        let mut sessions = Sessions::new(IDLE);
        assert_eq!(sessions.next(&step(0, 1, 1)).session, 0);
        let on_trust = sessions.next(&step(1, 0, 0));
        assert_eq!(
            (on_trust.session, on_trust.on_trust, on_trust.contested),
            (0, true, false)
        );
        assert_eq!(sessions.next(&step(2, 2, 2)).session, 1);
        let contested = sessions.next(&step(3, 0, 0));
        assert_eq!((contested.session, contested.contested), (1, true));
        let back = sessions.next(&step(4, 1, 0));
        assert_eq!((back.session, back.contested), (0, false));
        let other = Step {
            actor: 2,
            ..step(4, 1, 1)
        };
        assert_eq!(sessions.next(&other).session, 2);
    }
}
