//! Changed fields, in every layout in which vendors write them.
//!
//! Owns: the layouts. Never touches: which layout a log uses (its profile says).

use super::walk::{Found, Scope, unwrapped};
use crate::{
    json::{Kind, Value},
    profile::{ChangeLayout, ChangeRule},
};
use std::borrow::Cow;
use witnessmark_model::{Batch, ChangeKind, Field};

/// Changes that one event may have; an object of a million keys is not a million changes to look at.
const MOST: usize = 10_000;

/// Writes changes into the open row, numbered from 0.
pub(crate) struct Changes<'b> {
    pub(crate) batch: &'b mut Batch,
    pub(crate) count: u16,
}

impl Changes<'_> {
    fn push(
        &mut self,
        field: &str,
        kind: Option<ChangeKind>,
        old: Option<&str>,
        new: Option<&str>,
    ) {
        if usize::from(self.count) >= MOST || (field.is_empty() && old.is_none() && new.is_none()) {
            return;
        }
        let kind = kind.or(match (old, new) {
            (Some(_), Some(_)) => Some(ChangeKind::Updated),
            (None, Some(_)) => Some(ChangeKind::Added),
            (Some(_), None) => Some(ChangeKind::Deleted),
            (None, None) => None,
        });
        let n = self.count;
        self.batch.push(
            Field::ChangeField,
            n,
            if field.is_empty() { "value" } else { field },
        );
        if let Some(kind) = kind {
            self.batch.push(Field::ChangeKind, n, kind.as_str());
        }
        self.batch.push(Field::ChangeOld, n, old.unwrap_or(""));
        self.batch.push(Field::ChangeNew, n, new.unwrap_or(""));
        self.count += 1;
    }

    /// Applies one rule.
    pub(crate) fn apply<'e>(&mut self, rule: &ChangeRule, scope: &Scope<'e, '_>) {
        if let Some(condition) = &rule.when
            && !scope.holds(condition)
        {
            return;
        }
        match &rule.layout {
            ChangeLayout::List {
                each,
                field,
                old,
                new,
                kind,
            } => {
                let itself = each.is_none().then_some(None);
                let listed = each.as_ref().map(|path| scope.elements(path));
                let listed = listed.into_iter().flatten().map(Some);
                for element in itself.into_iter().chain(listed) {
                    let scope = element.map_or(*scope, |e| scope.at(e));
                    let (old, new) = (scope.eval(old), scope.eval(new));
                    let Some(name) = scope.eval(field) else {
                        continue;
                    };
                    if each.is_none() && old.is_none() && new.is_none() {
                        continue;
                    }
                    let kind = scope.eval(kind).and_then(|word| kind_of(&word));
                    self.values(&name, kind, old, new);
                }
            }
            ChangeLayout::Pair { old, new } => {
                let (mut before, mut after) = (None, None);
                let take = |found: Found<'e>| match found {
                    Found::Json(v) if v.kind() == Kind::String => {
                        v.text().and_then(|t| scope.nest.parse(t))
                    }
                    Found::Json(v) => Some(v),
                    Found::Text(t) => scope.nest.parse(t),
                };
                scope.visit(old, &mut |f| {
                    before = take(f);
                    before.is_some()
                });
                scope.visit(new, &mut |f| {
                    after = take(f);
                    after.is_some()
                });
                // Without the state before, the state after is the object itself and no change of it.
                if before.is_some() {
                    self.pair("", before, after);
                }
            }
            ChangeLayout::Tree(path) => scope.visit(path, &mut |found| {
                let value = match found {
                    Found::Json(v) if v.kind() == Kind::String => {
                        v.text().and_then(|t| scope.nest.parse(t))
                    }
                    Found::Json(v) => Some(v),
                    Found::Text(t) => scope.nest.parse(t),
                };
                if let Some(value) = value {
                    self.tree("", value, None);
                }
                false
            }),
            ChangeLayout::Object(path) => scope.visit(path, &mut |found| {
                let value = match found {
                    Found::Json(v) => Some(v),
                    Found::Text(t) => scope.nest.parse(t),
                };
                for (key, child) in value.iter().flat_map(Value::members) {
                    self.tree(key, child, None);
                }
                false
            }),
            ChangeLayout::Prefixed { prefix, path } => {
                let mut visit = |found: Found<'e>| {
                    if let Found::Json(object) = found {
                        for (key, old) in object.members() {
                            if let Some(name) = key.strip_prefix(prefix.as_str()) {
                                let new = object.get(name).and_then(|v| scope.text(Found::Json(v)));
                                let old = scope.text(Found::Json(old));
                                self.values(name, Some(ChangeKind::Updated), old, new);
                            }
                        }
                    }
                    false
                };
                match (path, scope.root) {
                    (Some(path), _) => scope.visit(path, &mut visit),
                    (None, super::walk::Root::Json(value)) => {
                        visit(Found::Json(value));
                    }
                    (None, super::walk::Root::Cells(cells)) => {
                        for (i, name) in cells.header().iter().enumerate() {
                            if let Some(field) = name.strip_prefix(prefix.as_str())
                                && let Some(old) = cells.get(i).filter(|t| !t.is_empty())
                            {
                                let new = cells.by_name(field).filter(|t| !t.is_empty());
                                self.push(field, Some(ChangeKind::Updated), Some(old), new);
                            }
                        }
                    }
                    (None, super::walk::Root::Parts(_)) => {}
                }
            }
            ChangeLayout::Text { value, pattern } => {
                if let Some(text) = scope.eval(value) {
                    for groups in pattern.captures_iter(&text) {
                        let group = |name| groups.name(name).map(|m| m.as_str().trim());
                        let (old, new) = (group("old"), group("new"));
                        let kind = if old.is_none() && new.is_none() {
                            Some(ChangeKind::Updated)
                        } else {
                            None
                        };
                        if let Some(field) = group("field") {
                            self.push(&field.to_lowercase(), kind, old, new);
                        }
                    }
                }
            }
        }
    }

    /// A change whose values may be JSON: texts are unwrapped, objects are compared leaf by leaf.
    fn values(
        &mut self,
        name: &str,
        kind: Option<ChangeKind>,
        old: Option<Cow<'_, str>>,
        new: Option<Cow<'_, str>>,
    ) {
        let plain =
            |v: &Option<Cow<'_, str>>| v.as_ref().is_none_or(|t| !t.starts_with(['{', '[', '"']));
        if plain(&old) && plain(&new) {
            self.push(name, kind, old.as_deref(), new.as_deref());
            return;
        }
        let (mut a, mut b) = (crate::json::Tape::new(), crate::json::Tape::new());
        let limits = crate::json::JsonLimits::default();
        let before = old.as_deref().and_then(|t| a.parse_str(t, &limits).ok());
        let after = new.as_deref().and_then(|t| b.parse_str(t, &limits).ok());
        let object = |v: Option<Value<'_>>| v.is_some_and(|v| v.is_object());
        if object(before) || object(after) {
            self.pair(
                name,
                before.filter(Value::is_object),
                after.filter(Value::is_object),
            );
            return;
        }
        let bare =
            |v: Option<Cow<'_, str>>| v.map(|t| unwrapped(&t).unwrap_or_else(|| t.into_owned()));
        let (old, new) = (bare(old), bare(new));
        let filled = |v: &Option<String>| v.clone().filter(|t| !t.is_empty());
        self.push(name, kind, filled(&old).as_deref(), filled(&new).as_deref());
    }

    /// Two objects compared leaf by leaf; equal leaves are no changes.
    fn pair(&mut self, prefix: &str, before: Option<Value<'_>>, after: Option<Value<'_>>) {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        if let Some(value) = before {
            flatten(prefix, value, &mut old);
        }
        if let Some(value) = after {
            flatten(prefix, value, &mut new);
        }
        for (path, value) in &old {
            match new.iter().find(|(p, _)| p == path) {
                Some((_, same)) if same == value => {}
                Some((_, other)) => self.push(path, None, Some(value), Some(other)),
                None => self.push(path, Some(ChangeKind::Deleted), Some(value), None),
            }
        }
        for (path, value) in &new {
            if !old.iter().any(|(p, _)| p == path) {
                self.push(path, Some(ChangeKind::Added), None, Some(value));
            }
        }
    }

    /// `{"added":{…},"updated":{"a":{"old":1,"new":2}},"deleted":{…}}`, nested, and lists of `{field, old, new}`.
    fn tree(&mut self, path: &str, value: Value<'_>, kind: Option<ChangeKind>) {
        match value.kind() {
            Kind::Object => {
                if let Some((old, new)) =
                    old_and_new(value).filter(|both| !are_fields(both, path.is_empty()))
                {
                    let stated = value
                        .get("kind")
                        .or_else(|| value.get("type"))
                        .or_else(|| value.get("op"))
                        .and_then(|v| v.text())
                        .and_then(kind_of);
                    let name = ["field", "path", "key", "name"]
                        .iter()
                        .find_map(|k| value.get(k).and_then(|v| v.text()))
                        .map_or_else(|| path.to_owned(), |name| joined(path, name));
                    let objects = [old, new].iter().flatten().any(Value::is_object);
                    if objects {
                        self.pair(
                            &name,
                            old.filter(Value::is_object),
                            new.filter(Value::is_object),
                        );
                    } else {
                        let (old, new) = (old.and_then(shown), new.and_then(shown));
                        // An update that clears a field still names it.
                        self.push(&name, stated.or(kind), old.as_deref(), new.as_deref());
                    }
                    return;
                }
                for (key, child) in value.members() {
                    match kind_of(key).filter(|_| {
                        kind.is_none() && (child.is_object() || child.kind() == Kind::Array)
                    }) {
                        Some(kind) => self.tree(path, child, Some(kind)),
                        None => self.tree(&joined(path, key), child, kind),
                    }
                }
            }
            Kind::Array if value.items().next().is_some_and(|v| v.is_object()) => {
                for item in value.items() {
                    if old_and_new(item).is_none()
                        && let Some(name) = ["field", "path", "key", "name"]
                            .iter()
                            .find_map(|k| item.get(k).and_then(|v| v.text()))
                    {
                        let given = item.get("value").and_then(shown);
                        let stated = item
                            .get("kind")
                            .or_else(|| item.get("type"))
                            .and_then(|v| v.text())
                            .and_then(kind_of);
                        self.leaf(&joined(path, name), stated.or(kind), given.as_deref());
                    } else {
                        self.tree(path, item, kind);
                    }
                }
            }
            // A list of names says which fields, without their values.
            Kind::Array if path.is_empty() => {
                for name in value.items().filter_map(|v| v.text()) {
                    self.push(name, kind, None, None);
                }
            }
            _ => self.leaf(path, kind, shown(value).as_deref()),
        }
    }

    fn leaf(&mut self, path: &str, kind: Option<ChangeKind>, value: Option<&str>) {
        match kind {
            Some(ChangeKind::Deleted) => self.push(path, kind, value, None),
            _ => self.push(path, kind, None, value),
        }
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn shown(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::Null => None,
        Kind::Object | Kind::Array => Some(value.compact()),
        _ => value.text().map(str::to_owned),
    }
}

fn kind_of(word: &str) -> Option<ChangeKind> {
    match word.to_ascii_lowercase().as_str() {
        "added" | "add" | "created" | "create" | "set" => Some(ChangeKind::Added),
        "updated" | "update" | "changed" | "change" | "modified" | "modify" => {
            Some(ChangeKind::Updated)
        }
        "deleted" | "delete" | "removed" | "remove" | "cleared" | "unset" => {
            Some(ChangeKind::Deleted)
        }
        _ => None,
    }
}

type Both<'a> = (Option<Value<'a>>, Option<Value<'a>>);

/// The two values of an object that holds an old and a new one and nothing that is no part of a change.
fn old_and_new(value: Value<'_>) -> Option<Both<'_>> {
    const OLD: &[&str] = &["old", "from", "before", "previous", "oldvalue", "old_value"];
    const NEW: &[&str] = &["new", "to", "after", "current", "newvalue", "new_value"];
    const BESIDE: &[&str] = &["field", "path", "key", "name", "kind", "type", "op"];
    let (mut old, mut new, mut any) = (None, None, false);
    for (key, child) in value.members() {
        let lower = key.to_ascii_lowercase();
        if OLD.contains(&lower.as_str()) {
            (old, any) = (Some(child), true);
        } else if NEW.contains(&lower.as_str()) {
            (new, any) = (Some(child), true);
        } else if !BESIDE.contains(&lower.as_str()) {
            return None;
        }
    }
    let real = |v: Option<Value<'_>>| v.is_some_and(|v| !v.is_null());
    any.then_some((
        old.filter(|v| real(Some(*v))),
        new.filter(|v| real(Some(*v))),
    ))
}

/// Whether what looks like an old and a new value are fields that bear such names, each with a pair of its own. One alone
/// is taken so only where no field was named yet.
fn are_fields((old, new): &Both<'_>, unnamed: bool) -> bool {
    let paired =
        |v: &Option<Value<'_>>| v.is_some_and(|v| v.is_object() && old_and_new(v).is_some());
    match (paired(old), paired(new)) {
        (true, true) => true,
        (true, false) => unnamed && new.is_none(),
        (false, true) => unnamed && old.is_none(),
        (false, false) => false,
    }
}

/// Dotted leaves; a list is one leaf, its compact JSON.
fn flatten(path: &str, value: Value<'_>, out: &mut Vec<(String, String)>) {
    if out.len() >= MOST {
        return;
    }
    if value.is_object() {
        for (key, child) in value.members() {
            flatten(&joined(path, key), child, out);
        }
    } else if let Some(text) = shown(value) {
        out.push((path.to_owned(), text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{JsonLimits, Tape};

    fn tree(json: &str) -> Vec<String> {
        let mut tape = Tape::new();
        let value = tape.parse_str(json, &JsonLimits::default()).unwrap();
        let mut batch = Batch::default();
        let mut changes = Changes {
            batch: &mut batch,
            count: 0,
        };
        changes.tree("", value, None);
        let mut cells: Vec<(Field, u16, &str)> = batch.row_cells(0).collect();
        cells.sort_by_key(|(_, element, _)| *element);
        cells
            .chunk_by(|a, b| a.1 == b.1)
            .map(|cells| {
                let texts: Vec<&str> = cells.iter().map(|c| c.2).collect();
                texts.join(" ")
            })
            .collect()
    }

    #[test]
    fn fields_may_be_called_old_and_new() {
        assert_eq!(
            tree(r#"{"updated":{"new":{"old":"x","new":"y"},"old":{"old":1,"new":2}}}"#),
            ["new updated x y", "old updated 1 2"]
        );
        assert_eq!(
            tree(r#"{"updated":{"new":{"old":"x","new":"y"}}}"#),
            ["new updated x y"]
        );
        assert_eq!(
            tree(r#"{"a":{"old":{"b":1},"new":{"b":2}},"c":{"from":null,"to":3}}"#),
            ["a.b updated 1 2", "c added 3"]
        );
        assert_eq!(
            tree(r#"{"a":{"old":{"old":1,"new":2},"new":{"old":3,"new":4}}}"#),
            ["a.old updated 1 2", "a.new updated 3 4"]
        );
    }
}
