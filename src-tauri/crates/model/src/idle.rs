//! Sessions where the vendor names none: what one actor did from one address and device until it went idle.
//!
//! Owns: the rule by which an event continues a session. Never touches: events, SQL. Numbers of values begin at 1; 0 is
//! absent.
//!
//! Many logs name address and device only on sign-ins. An event without them is given to the session of its actor that was
//! active last, if that is not idle yet; such an event is said to be taken on trust. It may belong to every other session
//! of the actor that is open, so it keeps all of them open: else what an intruder did would be no part of his session once
//! the owner of the account signs in.

use std::collections::HashMap;

use crate::mixed::Mixed;

/// Nanoseconds without an event after which a session is over, if the person chose nothing else: half an hour.
pub const IDLE: i64 = 30 * 60 * 1_000_000_000;

/// Sessions of one actor that are kept open by nothing but events on trust, at most: what more there are, the longest
/// quiet ones, have ended.
const KEPT: usize = 64;

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
    /// Its last own event.
    last: i64,
    /// Events on trust of the actor before it began, and those that were given to it.
    before: u32,
    given: u32,
}

/// The open sessions of an actor.
#[derive(Default)]
struct Of {
    /// The one that was active last at the end.
    open: Vec<Open>,
    /// The last event on trust. Every session of the list that had begun was open then.
    trust: Option<i64>,
    trusted: u32,
}

/// What may belong to a session after, or beside, its own events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// Nanoseconds since 1970 of the last event that may be of the session.
    pub until: i64,
    /// Events on trust that were given to other sessions while it was open.
    pub events: u32,
}

impl Of {
    fn end(&self, session: &Open) -> Option<Beyond> {
        let events = self.trusted - session.before - session.given;
        let until = session.last.max(self.trust.unwrap_or(session.last));
        (events > 0).then_some(Beyond { until, events })
    }

    /// Takes the sessions away that are over at a moment.
    fn close(&mut self, at: i64, idle: i64, beyond: &mut HashMap<u32, Beyond, Mixed>) {
        let quiet = self
            .open
            .partition_point(|o| at.saturating_sub(o.last) > idle);
        let kept = match self.trust {
            Some(trust) if at.saturating_sub(trust) <= idle => quiet.min(KEPT),
            _ => 0,
        };
        for at in 0..quiet - kept {
            if let Some(found) = self.end(&self.open[at]) {
                beyond.insert(self.open[at].session, found);
            }
        }
        self.open.drain(..quiet - kept);
    }
}

/// Cuts events in order of time into sessions.
pub struct Sessions {
    idle: i64,
    next: u32,
    actors: HashMap<u32, Of, Mixed>,
    beyond: HashMap<u32, Beyond, Mixed>,
}

impl Sessions {
    /// Sessions that end after so many nanoseconds without an event.
    #[must_use]
    pub fn new(idle: i64) -> Self {
        Self {
            idle,
            next: 0,
            actors: HashMap::default(),
            beyond: HashMap::default(),
        }
    }

    /// Places the next event. Times must not go backwards.
    pub fn next(&mut self, step: &Step) -> Placed {
        let of = self.actors.entry(step.actor).or_default();
        of.close(step.at, self.idle, &mut self.beyond);
        let on_trust = step.address == 0 && step.device == 0;
        // A value that one of the two lacks cannot speak against it.
        let fits = |a: u32, b: u32| a == 0 || b == 0 || a == b;
        let found = (of.open.iter())
            .rposition(|o| fits(o.address, step.address) && fits(o.device, step.device));
        let contested = on_trust && of.open.len() > 1;
        let mut session = match found {
            Some(at) => of.open.remove(at),
            None => {
                self.next += 1;
                Open {
                    session: self.next - 1,
                    address: 0,
                    device: 0,
                    last: step.at,
                    before: of.trusted,
                    given: 0,
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
        if on_trust {
            of.trust = Some(step.at);
            of.trusted += 1;
            session.given += 1;
        }
        let placed = Placed {
            session: session.session,
            on_trust,
            contested,
        };
        of.open.push(session);
        placed
    }

    /// Of every session to which events of others may belong as well: how far that reaches.
    #[must_use]
    pub fn beyond(mut self) -> HashMap<u32, Beyond, Mixed> {
        for of in self.actors.values() {
            let ends = of.open.iter().filter_map(|o| Some((o.session, of.end(o)?)));
            self.beyond.extend(ends);
        }
        self.beyond
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
    #[test]
    fn an_event_on_trust_keeps_every_session_open_that_it_may_belong_to() {
        let mut sessions = Sessions::new(IDLE);
        let steps = [
            // Two sign-ins, then acts without an address: the last is more than the limit after the first sign-in.
            step(0, 1, 1),
            step(5, 2, 2),
            step(25, 0, 0),
            step(50, 0, 0),
            // The first address again: still the first session, which was never known to be idle.
            step(70, 1, 1),
            // Both are over.
            step(101, 1, 1),
            step(102, 0, 0),
        ];
        let placed = steps.map(|s| sessions.next(&s));
        assert_eq!(placed.map(|p| p.session), [0, 1, 1, 1, 0, 2, 2]);
        assert_eq!(
            placed.map(|p| p.contested),
            [false, false, true, true, false, false, false]
        );
        let beyond = sessions.beyond();
        let first = Beyond {
            until: 70 * MINUTE,
            events: 2,
        };
        assert_eq!((beyond.len(), beyond.get(&0)), (1, Some(&first)));
    }

    #[test]
    fn sessions_that_only_trust_keeps_open_are_few() {
        let mut sessions = Sessions::new(IDLE);
        for address in 1..=200 {
            sessions.next(&step(0, address, address));
        }
        for minute in 1..=4 {
            assert!(sessions.next(&step(minute * 20, 0, 0)).contested);
        }
        // The last of the two hundred took the events; of the others the latest are kept, and none is lost.
        let beyond = sessions.beyond();
        assert_eq!(beyond.len(), 199);
        let until = |n: u32| beyond[&n].until / MINUTE;
        assert_eq!([0, 134, 135, 198].map(until), [20, 20, 80, 80]);
    }
}
