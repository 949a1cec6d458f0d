//! The places that the documents of one source have in common: what their keys hash to, and where the paths of a
//! profile end in the document at hand.
//!
//! Owns: a bounded tree of keys, grown as documents come. Never touches: values. It changes no result: what is not in the
//! tree is worked out from the document itself.

use super::{leaves::IdentityKey, sip::Seeded};
use crate::{
    json::{Kind, Value},
    profile::path::{Path, Step},
};
use std::cell::RefCell;

/// Places that are remembered beside those of the profile's paths.
const MOST: usize = 8_192;
/// Keys that one object may add; an object whose keys are ids is no layout.
const KEYS: usize = 64;
/// Elements of a list that have places.
const ITEMS: usize = 16;
const NONE: u32 = u32::MAX;
const ROOT: u32 = 0;

/// Where a path leads in the document at hand.
pub(crate) enum Lookup<'e> {
    /// To this value, by so many of its steps.
    Value(Value<'e>, usize),
    /// Nowhere.
    Nowhere,
    /// That must be found out by walking.
    Unknown,
}

#[derive(Debug)]
struct Place {
    key: Box<str>,
    hash: u64,
    seeded: Seeded,
    children: Vec<u32>,
    items: Vec<u32>,
    /// The child that came first, and the sibling that came next, the last time: documents keep their order.
    first: u32,
    next: u32,
    /// The document in which the place was last met, outside of lists, and the node of its value there.
    met: u32,
    node: u32,
    /// Which table knows what its texts gave before; absent for most.
    memory: Option<u32>,
}

/// The places along the keys that a path begins with, and the document at which they were noted.
#[derive(Debug)]
struct Way {
    places: Vec<u32>,
    since: u32,
}

#[derive(Debug)]
struct Tree {
    places: Vec<Place>,
    ways: Vec<Option<Way>>,
    first_path: Option<u32>,
    document: u32,
    /// Whether the document at hand was taken in, so that a place that was not met is not in it.
    taken_in: bool,
}

/// The tree of one source and profile.
#[derive(Debug)]
pub(crate) struct Places(RefCell<Tree>);

impl Places {
    pub(crate) fn new(keys: &IdentityKey) -> Self {
        let mut tree = Tree {
            places: Vec::new(),
            ways: Vec::new(),
            first_path: None,
            document: 0,
            taken_in: false,
        };
        tree.add("", 0, keys);
        Self(RefCell::new(tree))
    }

    /// Says that another document is at hand, of which nothing is known.
    pub(crate) fn turn(&self) {
        let mut tree = self.0.borrow_mut();
        tree.taken_in = false;
        tree.document = tree.document.wrapping_add(1);
    }

    /// Gives the texts at the end of a path of keys a table, the one with this number if none was given before; gives its
    /// number and the seeded hash of the path. Absent for a path that is not of keys alone.
    pub(crate) fn remember(
        &self,
        path: &Path,
        number: u32,
        keys: &IdentityKey,
    ) -> Option<(u32, Seeded)> {
        if path.relative || path.keys().is_none_or(|keys| keys.is_empty()) {
            return None;
        }
        let mut tree = self.0.borrow_mut();
        let last = *tree.way(path, keys).last()?;
        let place = &mut tree.places[last as usize];
        Some((*place.memory.get_or_insert(number), place.seeded))
    }

    /// Takes in the document at hand: calls `leaf` with the seeded hash of the path to each leaf, the number of its table
    /// if it has one, and its text.
    pub(crate) fn take_in(
        &self,
        root: Value<'_>,
        keys: &IdentityKey,
        leaf: &mut dyn FnMut(Seeded, Option<u32>, &str),
    ) {
        let mut tree = self.0.borrow_mut();
        // With a key twice the first counts, which a tree of places cannot tell of what lies below.
        tree.taken_in = !root.duplicate_key();
        let remembers = tree.taken_in;
        let mut walk = Walk {
            keys,
            leaf,
            remembers,
        };
        walk.known(&mut tree, ROOT, root, true);
    }

    /// Where a path leads from the root of the document at hand.
    pub(crate) fn lookup<'e>(
        &self,
        path: &Path,
        root: Value<'e>,
        keys: &IdentityKey,
    ) -> Lookup<'e> {
        let mut tree = self.0.borrow_mut();
        if !tree.taken_in {
            return Lookup::Unknown;
        }
        // Ids rise in the order of reading; nothing of this profile stands far below the first path asked for.
        let first = *tree
            .first_path
            .get_or_insert_with(|| path.id.saturating_sub(4_096));
        let slot = path.id.checked_sub(first).map(|slot| slot as usize);
        let Some(slot) = slot.filter(|slot| *slot < 65_536) else {
            return Lookup::Unknown;
        };
        if slot >= tree.ways.len() {
            tree.ways.resize_with(slot + 1, || None);
        }
        let now = tree.document;
        let Some(way) = &tree.ways[slot] else {
            let places = tree.way(path, keys);
            tree.ways[slot] = Some(Way { places, since: now });
            return Lookup::Unknown;
        };
        if way.since == now {
            return Lookup::Unknown;
        }
        let met = |place: &u32| {
            let place = &tree.places[*place as usize];
            (place.met == now).then(|| root.at_node(place.node))
        };
        let Some((last, before)) = way.places.split_last() else {
            return Lookup::Unknown;
        };
        if let Some(value) = met(last) {
            return Lookup::Value(value, way.places.len());
        }
        // A list or a text on the way may still hold it.
        match before.iter().rev().find_map(met) {
            Some(value) if matches!(value.kind(), Kind::Array | Kind::String) => Lookup::Unknown,
            _ => Lookup::Nowhere,
        }
    }
}

impl Tree {
    fn add(&mut self, key: &str, hash: u64, keys: &IdentityKey) -> u32 {
        self.places.push(Place {
            key: key.into(),
            hash,
            seeded: keys.seeded(hash),
            children: Vec::new(),
            items: Vec::new(),
            first: NONE,
            next: NONE,
            met: 0,
            node: 0,
            memory: None,
        });
        self.places.len() as u32 - 1
    }

    fn find(&self, at: u32, key: &str) -> Option<u32> {
        let children = &self.places[at as usize].children;
        let same = |place: &&u32| *self.places[**place as usize].key == *key;
        children.iter().find(same).copied()
    }

    fn add_child(&mut self, at: u32, key: &str, keys: &IdentityKey) -> u32 {
        let hash = keys.hash(self.places[at as usize].hash, key.as_bytes());
        let child = self.add(key, hash, keys);
        self.places[at as usize].children.push(child);
        child
    }

    /// The place of a key, which most often is the one that came after `before` in the last document.
    fn child(&mut self, at: u32, before: u32, key: &str, keys: &IdentityKey) -> Option<u32> {
        let expected = match before {
            NONE => self.places[at as usize].first,
            before => self.places[before as usize].next,
        };
        if let Some(place) = self.places.get(expected as usize)
            && *place.key == *key
        {
            return Some(expected);
        }
        let found = match self.find(at, key) {
            Some(found) => found,
            None => {
                let full = self.places[at as usize].children.len() >= KEYS;
                if full || self.places.len() >= MOST {
                    return None;
                }
                self.add_child(at, key, keys)
            }
        };
        match before {
            NONE => self.places[at as usize].first = found,
            before => self.places[before as usize].next = found,
        }
        Some(found)
    }

    fn item(&mut self, at: u32, position: usize, keys: &IdentityKey) -> Option<u32> {
        let items = &self.places[at as usize].items;
        if let Some(item) = items.get(position) {
            return Some(*item);
        }
        if items.len() != position || position >= ITEMS || self.places.len() >= MOST {
            return None;
        }
        let hash = item_hash(self.places[at as usize].hash, position);
        let item = self.add("", hash, keys);
        self.places[at as usize].items.push(item);
        Some(item)
    }

    /// The places along the keys that a path begins with, made where they are missing.
    fn way(&mut self, path: &Path, keys: &IdentityKey) -> Vec<u32> {
        let mut at = ROOT;
        let mut way = Vec::new();
        for step in &path.steps {
            let Step::Key(key) = step else { break };
            at = match self.find(at, key) {
                Some(found) => found,
                None => self.add_child(at, key, keys),
            };
            way.push(at);
        }
        way
    }
}

/// The position counts: a list is not a set.
const fn item_hash(list: u64, position: usize) -> u64 {
    list.wrapping_add(1 + position as u64)
}

struct Walk<'k, 'f> {
    keys: &'k IdentityKey,
    leaf: &'f mut dyn FnMut(Seeded, Option<u32>, &str),
    /// Whether a place outside of lists has one text at most.
    remembers: bool,
}

impl Walk<'_, '_> {
    fn known(&mut self, tree: &mut Tree, at: u32, value: Value<'_>, direct: bool) {
        match value.kind() {
            Kind::Object => {
                let mut before = NONE;
                for (key, child) in value.members() {
                    let Some(place) = tree.child(at, before, key, self.keys) else {
                        let hash = tree.places[at as usize].hash;
                        self.unknown(self.keys.hash(hash, key.as_bytes()), child);
                        continue;
                    };
                    before = place;
                    if direct {
                        let now = tree.document;
                        let place = &mut tree.places[place as usize];
                        (place.met, place.node) = (now, child.node());
                    }
                    self.known(tree, place, child, direct);
                }
            }
            Kind::Array => {
                for (i, child) in value.items().enumerate() {
                    match tree.item(at, i, self.keys) {
                        Some(item) => self.known(tree, item, child, false),
                        None => {
                            self.unknown(item_hash(tree.places[at as usize].hash, i), child);
                        }
                    }
                }
            }
            _ => {
                if let Some(text) = value.text() {
                    let place = &tree.places[at as usize];
                    let memory = place.memory.filter(|_| direct && self.remembers);
                    (self.leaf)(place.seeded, memory, text);
                }
            }
        }
    }

    fn unknown(&mut self, path: u64, value: Value<'_>) {
        let leaf = &mut |path: Seeded, text: &str| (self.leaf)(path, None, text);
        each_leaf(self.keys, path, value, None, leaf);
    }
}

/// Calls `leaf` with the seeded hash of the path to each leaf of a value, and its text; what lies under the key
/// `without` of the value itself is left out.
pub(crate) fn each_leaf(
    keys: &IdentityKey,
    path: u64,
    value: Value<'_>,
    without: Option<&str>,
    leaf: &mut dyn FnMut(Seeded, &str),
) {
    match value.kind() {
        Kind::Object => {
            for (key, child) in value.members() {
                if without != Some(key) {
                    each_leaf(keys, keys.hash(path, key.as_bytes()), child, None, leaf);
                }
            }
        }
        Kind::Array => {
            for (i, child) in value.items().enumerate() {
                each_leaf(keys, item_hash(path, i), child, None, leaf);
            }
        }
        _ => {
            if let Some(text) = value.text() {
                leaf(keys.seeded(path), text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{JsonLimits, Tape};

    const KEYS_OF_CASE: IdentityKey = IdentityKey(*b"sixteen  bytes !");

    fn leaves(places: Option<&Places>, text: &str) -> Vec<(Seeded, String)> {
        let mut tape = Tape::new();
        let value = tape.parse_str(text, &JsonLimits::default()).unwrap();
        let mut out = Vec::new();
        let mut leaf = |path: Seeded, text: &str| out.push((path, text.to_owned()));
        match places {
            Some(places) => {
                places.turn();
                let mut leaf = |path: Seeded, _: Option<u32>, text: &str| leaf(path, text);
                places.take_in(value, &KEYS_OF_CASE, &mut leaf);
            }
            None => each_leaf(&KEYS_OF_CASE, 0, value, None, &mut leaf),
        }
        out
    }

    #[test]
    fn leaves_are_the_same_with_and_without_places() {
        let wide: Vec<String> = (0..200).map(|i| format!("\"k{i}\":{i}")).collect();
        let wide = format!("{{{}}}", wide.join(","));
        let list = format!("{{\"l\":[{}]}}", vec!["{\"a\":1}"; 40].join(","));
        let places = Places::new(&KEYS_OF_CASE);
        for text in [
            r#"{"a":1,"b":{"c":"x","d":[1,[2],{"e":null,"f":true}]}}"#,
            r#"{"b":{"d":[],"c":"x"},"a":1,"z":{"a":{"a":"a"}}}"#,
            r#"{"a":1,"a":2,"b":{"c":1},"b":{"c":2}}"#,
            &wide,
            &list,
            &wide,
        ] {
            assert_eq!(leaves(Some(&places), text), leaves(None, text), "{text}");
        }
    }

    #[test]
    fn paths_lead_where_walking_leads() {
        let places = Places::new(&KEYS_OF_CASE);
        let path = Path::parse("b.c.d").unwrap();
        let ask = |text: &str| {
            let mut tape = Tape::new();
            let value = tape.parse_str(text, &JsonLimits::default()).unwrap();
            places.turn();
            places.take_in(value, &KEYS_OF_CASE, &mut |_, _, _| {});
            match places.lookup(&path, value, &KEYS_OF_CASE) {
                Lookup::Value(value, used) => format!("{} by {used}", value.compact()),
                Lookup::Nowhere => "nowhere".to_owned(),
                Lookup::Unknown => "unknown".to_owned(),
            }
        };
        for (text, expected) in [
            (r#"{"b":{"c":{"d":1}}}"#, "unknown"),
            (r#"{"b":{"c":{"d":1}}}"#, "1 by 3"),
            (r#"{"x":0,"b":{"c":{"x":0,"d":null}}}"#, "null by 3"),
            (r#"{"b":{"c":{}}}"#, "nowhere"),
            (r#"{"b":null}"#, "nowhere"),
            (r#"{}"#, "nowhere"),
            (r#"{"b":{"c":[{"d":1}]}}"#, "unknown"),
            (r#"{"b":"{}"}"#, "unknown"),
            (r#"{"b":1,"b":{"c":{"d":1}}}"#, "unknown"),
            (r#"{"b":{"c":{"d":[2]}}}"#, "[2] by 3"),
        ] {
            assert_eq!(ask(text), expected, "{text}");
        }
    }
}
