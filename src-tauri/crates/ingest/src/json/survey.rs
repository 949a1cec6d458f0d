//! What the first bytes of a JSON document tell: where its arrays of objects stand, and what stands beside them.
//!
//! Owns: looking at a document that may be cut off anywhere. Never touches: the stream.

use super::framer::string_end;

/// Objects below the root through which arrays are looked for.
const DEEPEST: usize = 6;
/// Nesting beyond which nothing more is looked at; a hostile document can be nested without end.
const NESTED: usize = 256;
/// Keys that are remembered.
const KEYS: usize = 1_000;

/// An array of objects that can be reached from the root through objects alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Keys from the root.
    pub(crate) path: Vec<String>,
    /// Elements seen.
    pub(crate) elements: usize,
    /// Bytes from its bracket to the last byte seen of it.
    pub(crate) bytes: usize,
    /// Keys of its first element.
    pub(crate) keys: Vec<String>,
    /// Elements seen that are no objects.
    pub(crate) others: usize,
}

/// The first root object of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    /// Arrays of objects, and empty arrays, in document order.
    pub(crate) arrays: Vec<Found>,
    /// Keys of the root, and of objects below it with a dot between, that lead to no such array.
    pub(crate) keys: Vec<String>,
    /// Bytes of the root that were seen.
    pub(crate) bytes: usize,
    /// Whether the root ends in the text.
    pub(crate) closed: bool,
}

struct Level {
    object: bool,
    expects_key: bool,
    /// The array of [`Survey::arrays`] that this level is, or is an element of.
    array: Option<usize>,
    start: usize,
}

/// Looks at the object that the text begins with.
pub(crate) fn survey(text: &[u8]) -> Survey {
    let mut seen = Survey::default();
    let mut levels: Vec<Level> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let depth = levels.len();
        if depth > NESTED {
            break;
        }
        // Whether the innermost level is one of the lists, and not a list inside an element of one.
        let list_itself = depth > 0
            && levels[..depth - 1]
                .iter()
                .all(|level| level.array.is_none());
        match byte {
            b'"' => {
                let Some(end) = string_end(text, at) else {
                    break;
                };
                let value = String::from_utf8_lossy(&text[at + 1..end - 1]).into_owned();
                // The element whose key this is stands right below its array.
                let of_element = depth
                    .checked_sub(2)
                    .and_then(|outer| levels.get(outer))
                    .filter(|level| !level.object)
                    .and_then(|level| level.array);
                if let Some(level) = levels.last_mut() {
                    let array = level.array;
                    if level.object && level.expects_key {
                        level.expects_key = false;
                        if array.is_none() && depth <= DEEPEST && seen.keys.len() < KEYS {
                            path.truncate(depth - 1);
                            path.push(value);
                            seen.keys.push(path.join("."));
                        } else if array == of_element
                            && let Some(found) = array.and_then(|i| seen.arrays.get_mut(i))
                            && found.elements == 1
                        {
                            found.keys.push(value);
                        }
                    } else if !level.object
                        && list_itself
                        && let Some(found) = array.and_then(|i| seen.arrays.get_mut(i))
                    {
                        found.others += 1;
                    }
                }
                at = end;
                continue;
            }
            b'{' | b'[' => {
                let parent = levels.last();
                let mut array = parent.and_then(|level| level.array);
                let in_objects = levels.iter().all(|level| level.object);
                if byte == b'[' && array.is_none() && in_objects && (1..=DEEPEST).contains(&depth) {
                    array = Some(seen.arrays.len());
                    seen.arrays.push(Found {
                        path: path.clone(),
                        ..Found::default()
                    });
                    if seen.keys.last() == Some(&path.join(".")) {
                        seen.keys.pop();
                    }
                } else if let Some(level) = parent
                    && !level.object
                    && let Some(i) = level.array
                    && levels
                        .iter()
                        .position(|l| l.array == Some(i))
                        .is_some_and(|first| first + 1 == depth)
                    && let Some(found) = seen.arrays.get_mut(i)
                {
                    if byte == b'{' {
                        found.elements += 1;
                    } else {
                        found.others += 1;
                    }
                }
                levels.push(Level {
                    object: byte == b'{',
                    expects_key: byte == b'{',
                    array,
                    start: at,
                });
            }
            b'}' | b']' => {
                let Some(level) = levels.pop() else { break };
                close(&mut seen, &levels, &level, at + 1);
                path.truncate(levels.len());
                if levels.is_empty() {
                    seen.closed = true;
                    at += 1;
                    break;
                }
            }
            b',' => {
                if let Some(level) = levels.last_mut() {
                    level.expects_key = level.object;
                }
            }
            b':' | b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => {
                let begins =
                    at == 0 || matches!(text[at - 1], b'[' | b',' | b' ' | b'\t' | b'\n' | b'\r');
                if begins
                    && let Some(level) = levels.last()
                    && !level.object
                    && list_itself
                    && let Some(found) = level.array.and_then(|i| seen.arrays.get_mut(i))
                {
                    found.others += 1;
                }
            }
        }
        at += 1;
    }
    while let Some(level) = levels.pop() {
        close(&mut seen, &levels, &level, text.len());
    }
    seen.bytes = at;
    seen
}

fn close(seen: &mut Survey, outer: &[Level], level: &Level, end: usize) {
    let is_array_itself = !level.object && outer.iter().all(|l| l.array.is_none());
    if is_array_itself
        && let Some(i) = level.array
        && let Some(found) = seen.arrays.get_mut(i)
    {
        found.bytes = end - level.start;
    }
}

/// Keys in which programming interfaces hand out lists.
const WRAPPERS: &[&str] = &[
    "records",
    "record",
    "value",
    "values",
    "items",
    "entries",
    "result",
    "results",
    "data",
    "audit_logs",
    "auditlogs",
    "audit_events",
    "auditevents",
    "events",
    "logs",
    "log",
    "entities",
    "activities",
    "activity",
    "hits",
    "elements",
    "rows",
    "messages",
    "list",
    "response",
    "content",
    "objects",
    "logevents",
    "log_events",
    "auditrecords",
    "audit_records",
    "history",
    "edges",
    "nodes",
    "docs",
    "documents",
];

/// Words in keys of events, but not of wrappers.
const OF_EVENTS: &[&str] = &[
    "actor",
    "event",
    "event_ts",
    "operator",
    "user",
    "userid",
    "user_id",
    "username",
    "useridentity",
    "initiatedby",
    "eventname",
    "event_name",
    "eventtype",
    "event_type",
    "eventid",
    "event_id",
    "action",
    "operation",
    "operationname",
    "eventtime",
    "event_time",
    "published",
    "createdat",
    "created_at",
    "creationtime",
    "timestamp",
    "@timestamp",
    "ip",
    "ipaddress",
    "ip_address",
    "sourceipaddress",
    "clientip",
    "activitydisplayname",
    "activitydatetime",
    "outcome",
    "uuid",
    "ipaddress",
    "verb",
    "requestid",
    "userprincipalname",
    "actor.id",
    "actor.email",
    "id.time",
];

/// Whether a key is one of events.
pub(super) fn is_of_events(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    OF_EVENTS.contains(&key.as_str()) || key.contains("time") || key.contains("date")
}

/// The last part of a key that stands beside a list, or beside an object on the way to it: an event that holds a list has
/// such keys. Absent for one that stands elsewhere.
fn beside<'k>(key: &'k str, way: &[String]) -> Option<&'k str> {
    let Some((above, last)) = key.rsplit_once('.') else {
        return Some(key);
    };
    let above: Vec<&str> = above.split('.').collect();
    let on_the_way = above.len() <= way.len()
        && above
            .iter()
            .zip(way)
            .all(|(one, step)| *one == step.to_ascii_lowercase());
    on_the_way.then_some(last)
}

/// The path of the array whose elements are the entries, when the document is an envelope and not itself an entry.
/// `several` says that more such documents follow, of which each would be an envelope of its own.
pub(crate) fn envelope(seen: &Survey, several: bool) -> Option<Vec<String>> {
    // A few elements that are no objects are rejected as entries; a list of which they are the most is no list of events.
    let candidates = seen
        .arrays
        .iter()
        .filter(|found| found.others == 0 || found.others <= found.elements);
    // A list of a name that interfaces give to lists goes before one that is only longer.
    let named = |found: &Found| {
        let last = found.path.last().map(|last| last.to_ascii_lowercase());
        found.elements > 0 && last.is_some_and(|last| WRAPPERS.contains(&last.as_str()))
    };
    let best = candidates.max_by_key(|found| {
        (
            named(found),
            found.bytes.min(usize::MAX / 2) * usize::from(found.elements > 0),
            usize::MAX - found.path.len(),
        )
    })?;
    let last = best.path.last()?.to_ascii_lowercase();
    let wrapper_name = WRAPPERS.contains(&last.as_str())
        // An empty list of such a name may be all that an answer says.
        || best.elements > 0
            && ["logs", "events", "records", "entries", "activities"]
                .iter()
                .any(|end| last.ends_with(end))
        || best
            .path
            .first()
            .is_some_and(|first| first.eq_ignore_ascii_case("_embedded"));
    // Under a name that says nothing, deep in a document, a list is one of events where its elements say so.
    let telling = |key: &&String| OF_EVENTS.contains(&key.to_ascii_lowercase().as_str());
    let tells = best.elements > 1 && best.keys.iter().filter(telling).count() > 1;
    if !wrapper_name && (several || best.path.len() > 1 && !tells) {
        return None;
    }
    let way = &best.path[..best.path.len() - 1];
    let event_like = seen
        .keys
        .iter()
        .filter(|key| {
            let whole = key.to_ascii_lowercase();
            OF_EVENTS.contains(&whole.as_str())
                || beside(&whole, way).is_some_and(|last| OF_EVENTS.contains(&last))
        })
        .count();
    let element_like = best
        .keys
        .iter()
        .filter(|key| {
            let key = key.to_ascii_lowercase();
            OF_EVENTS.contains(&key.as_str())
                || key.contains("time")
                || key.contains("date")
                || key == "id"
        })
        .count();
    let share = best.bytes * 100 / seen.bytes.max(1);
    let mut score = 0_i32;
    score += if wrapper_name { 2 } else { 0 };
    score += match event_like {
        0 => 2,
        1 => 0,
        2 => -2,
        _ => -5,
    };
    score += match element_like {
        0 => -1,
        1 => 1,
        _ => 2,
    };
    score += match share {
        90.. => 2,
        60.. => 1,
        30.. => 0,
        _ => -2,
    };
    score += i32::from(best.elements >= 3);
    if best.elements == 0 {
        // An empty list is an envelope only when nothing else is in the document.
        return (wrapper_name && event_like == 0 && seen.closed).then(|| best.path.clone());
    }
    (score >= if several { 5 } else { 3 }).then(|| best.path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<String> {
        envelope(&survey(text.as_bytes()), false).map(|p| p.join("."))
    }

    #[test]
    fn envelopes_are_seen() {
        for (text, expected) in [
            (
                r#"{"Records":[{"eventTime":"x","eventName":"y"}]}"#,
                "Records",
            ),
            (
                r#"{"@odata.context":"u","value":[{"id":"1","activityDateTime":"t","target":[{"id":1}]}]}"#,
                "value",
            ),
            (
                r#"{"_embedded":{"activities":[{"id":"1","recordedAt":"x"}]},"size":1}"#,
                "_embedded.activities",
            ),
            (
                r#"{"cursor":"x","has_more":false,"items":[{"uuid":"1","timestamp":"t"}]}"#,
                "items",
            ),
            (
                r#"{"ok":true,"entries":[{"id":"1","date_create":1},{"id":"2","date_create":1}],"response_metadata":{"next_cursor":""}}"#,
                "entries",
            ),
            (
                r#"{"anything":[{"when":"2024","who":"a","ip":"b"},{"when":"2024","who":"a","ip":"b"},{"when":"2024","who":"a","ip":"b"}]}"#,
                "anything",
            ),
            (
                r#"{"data":{"organization":{"auditLog":{"edges":[{"node":{"createdAt":"t","action":"a"},"cursor":"x"},{"node":{"createdAt":"t","action":"b"},"cursor":"y"}],"pageInfo":{"hasNextPage":false}}}}}"#,
                "data.organization.auditLog.edges",
            ),
            (
                r#"{"report":{"of":{"movements":[{"timestamp":"t","user":"a"},{"timestamp":"t","user":"b"}]}}}"#,
                "report.of.movements",
            ),
            (r#"{"value":[]}"#, "value"),
            (
                r#"{"Records":[{"eventTime":"x","eventName":"y","user"#,
                "Records",
            ),
        ] {
            assert_eq!(path(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_named_list_goes_before_a_longer_one() {
        let text = r#"{"Records":[{"eventTime":"x","eventName":"y"}],"more":[{"eventTime":"x","eventName":"y","note":"longer"}]}"#;
        assert_eq!(path(text).as_deref(), Some("Records"));
    }

    #[test]
    fn a_wrapped_event_with_a_list_inside_is_no_envelope() {
        for text in [
            r#"{"data":{"time":"t","user":"alice","action":"refund.create","items":[{"id":"i1","created_at":"c","sku":"A","price":"10"}]}}"#,
            r#"{"payload":{"created_at":"t","actor":"a","event":"order.refunded","ip":"1","items":[{"id":"i1","created_at":"c"},{"id":"i2","created_at":"c"}]}}"#,
        ] {
            assert_eq!(envelope(&survey(text.as_bytes()), true), None, "{text}");
        }
    }

    #[test]
    fn single_events_with_lists_inside_are_no_envelopes() {
        for text in [
            r#"{"published":"t","actor":{"id":"1"},"eventType":"user.session.start","target":[{"id":"1","type":"x"},{"id":"2","type":"y"}]}"#,
            r#"{"kind":"x","id":{"time":"t","applicationName":"admin"},"actor":{"email":"a"},"ipAddress":"1","events":[{"name":"A","parameters":[{"name":"x","value":"y"}]}]}"#,
            r#"{"eventTime":"t","eventName":"n","userIdentity":{},"resources":[{"ARN":"x"}]}"#,
            r#"{"log_id":"1","data":{"date":"t","type":"s","user_id":"u"}}"#,
            r#"{"a":1}"#,
            r#"{"numbers":[1,2,3]}"#,
        ] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
