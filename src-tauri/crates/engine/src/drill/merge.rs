//! Who may be one person, and who a person said is one.
//!
//! Owns: proposals with their reasons, statements of the kind `merge` and their undoing. Never touches: events; joining
//! changes no sealed data, every filter and list asks the statements anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use witnessmark_lens::{fold, to_text};
use witnessmark_model::{IdentityKey, IdentityKind};
use witnessmark_store::case::merges::MERGE;
use witnessmark_store::query::{Axis, Identity, Mask, Query, Snapshot};

use super::of_identity;
use crate::api::{IdentityPart, MergePart, ProposalPart, ReasonPart};
use crate::case::Case;
use crate::error::{Code, Error, Result};

/// Proposals of one answer; more than a person would go through at once.
const MOST: usize = 200;
/// Identities that share a value above which it says nothing: everybody's `admin`, a mailbox of a whole team.
const COMMON: usize = 12;

/// The stable text of a key.
pub(crate) fn key_text(key: &IdentityKey) -> String {
    serde_json::to_string(&(&key.provider, &key.organization, key.kind, &key.value))
        .unwrap_or_default()
}

fn read_key(text: &str) -> Option<IdentityKey> {
    let (provider, organization, kind, value): (String, String, IdentityKind, String) =
        serde_json::from_str(text).ok()?;
    Some(IdentityKey {
        provider,
        organization,
        kind,
        value,
    })
}

/// An identity as it is told.
pub(super) fn part(identity: &Identity, events: u64, filter: String) -> IdentityPart {
    IdentityPart {
        key: key_text(&identity.key),
        provider: identity.key.provider.clone(),
        organization: identity.key.organization.clone(),
        kind: match identity.key.kind {
            IdentityKind::Id => "id",
            IdentityKind::Email => "email",
            IdentityKind::Name => "name",
            IdentityKind::Type => "type",
        }
        .to_owned(),
        value: identity.key.value.clone(),
        ids: identity.ids.clone(),
        emails: identity.emails.clone(),
        names: identity.names.clone(),
        kinds: identity.kinds.clone(),
        events,
        filter,
    }
}

/// An identity in one line.
fn shown(key: &IdentityKey) -> String {
    let scope: Vec<&str> = [key.provider.as_str(), key.organization.as_str()]
        .into_iter()
        .filter(|s| !s.is_empty())
        .collect();
    if scope.is_empty() {
        key.value.clone()
    } else {
        format!("{} ({})", key.value, scope.join(", "))
    }
}

impl Case {
    /// What persons joined.
    pub fn merges(&self) -> Result<Vec<MergePart>> {
        let mut merges = Vec::new();
        for statement in self.store.statements(Some(MERGE), None)? {
            let keys: Vec<IdentityKey> = serde_json::from_str(&statement.value)
                .map_err(witnessmark_store::StoreError::from)?;
            merges.push(MergePart {
                id: statement.id,
                names: keys.iter().map(shown).collect(),
                keys: keys.iter().map(key_text).collect(),
                at: statement.at.rfc3339(),
                who: statement.who,
            });
        }
        Ok(merges)
    }

    /// Says that identities are one actor. Each is the key of an identity, or a name that only one identity has.
    pub fn merge(&self, identities: &[String]) -> Result<MergePart> {
        let answer = self.answer_expr(&witnessmark_lens::Expr::All)?;
        let values = self.query(&answer.snapshot).values(Axis::Identity)?;
        let mut keys = BTreeSet::new();
        for text in identities {
            keys.insert(find(values.identities(), text)?);
        }
        if keys.len() < 2 {
            return Err(Error::new(
                Code::InvalidOption,
                "two different identities are needed to join them",
                "Give the keys that `actors --json` shows under `identities` or `proposals`.",
            ));
        }
        let list: Vec<&IdentityKey> = keys.iter().collect();
        let value = serde_json::to_string(&list).map_err(witnessmark_store::StoreError::from)?;
        let id = self.store.state(&self.stamp(), MERGE, "actor", &value)?;
        self.results.forget();
        let merges = self.merges()?;
        let made = merges.into_iter().find(|m| m.id == id);
        made.ok_or_else(|| crate::failures::internal("a statement that was just made is not there"))
    }

    /// Takes a joining back; both statements stay in the case.
    pub fn unmerge(&self, id: u64) -> Result<()> {
        if !self.merges()?.iter().any(|m| m.id == id) {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("no joining of actors has the number {id}"),
                "List them with `actors --json` under `merges`.",
            ));
        }
        self.store.take_back(&self.stamp(), id)?;
        self.results.forget();
        Ok(())
    }

    /// Groups of identities of the case that may be one person; made once for a snapshot and what is joined in it.
    fn groups(&self, q: &Query<'_>) -> Result<Arc<Groups>> {
        let merges = self.store.merges()?;
        let mut kept = (self.proposed.0.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some((snapshot, joined, groups)) = &*kept
            && snapshot.is(q.snapshot)
            && *joined == merges
        {
            return Ok(Arc::clone(groups));
        }
        let values = q.values(Axis::Identity)?;
        let counts: HashMap<u32, u64> = (q.tally_of_all(Axis::Identity)?.iter())
            .map(|t| (t.number - 1, t.count))
            .collect();
        let joined = Joined::of(&q.values(Axis::Actor)?);
        let mut pairs: BTreeMap<(u32, u32), BTreeSet<ReasonPart>> = BTreeMap::new();
        for reason in reasons(values.identities(), &counts) {
            for (at, a) in reason.holders.iter().enumerate() {
                for b in &reason.holders[at + 1..] {
                    if joined.actor(*a) != joined.actor(*b) {
                        pairs
                            .entry((*a, *b))
                            .or_default()
                            .insert(reason.told.clone());
                    }
                }
            }
        }
        let mut groups = Groups {
            all: groups(&pairs),
            ..Groups::default()
        };
        for (at, (members, _)) in groups.all.iter().enumerate() {
            groups.of.extend(members.iter().map(|member| (*member, at)));
        }
        let groups = Arc::new(groups);
        *kept = Some((q.snapshot.clone(), merges, Arc::clone(&groups)));
        Ok(groups)
    }

    /// Identities that may be one person: the same id or e-mail in several systems or organizations, or a name that
    /// elsewhere stands beside an e-mail, and that nobody joined. Those of which one is among these numbers of
    /// identities, with the events of each in the whole case.
    pub(crate) fn proposals_of(
        &self,
        q: &Query<'_>,
        identities: impl Iterator<Item = u32>,
    ) -> Result<Vec<ProposalPart>> {
        let groups = self.groups(q)?;
        let wanted: BTreeSet<usize> = identities
            .filter_map(|number| groups.of.get(&number.checked_sub(1)?).copied())
            .collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let values = q.values(Axis::Identity)?;
        let all = q.tally_of_all(Axis::Identity)?;
        let count = |at: u32| {
            let found = all.binary_search_by_key(&(at + 1), |t| t.number);
            found.map_or(0, |found| all[found].count)
        };
        let told = wanted.into_iter().take(MOST).map(|group| {
            let (members, reasons) = &groups.all[group];
            let identities = members.iter().map(|at| {
                let identity = &values.identities()[*at as usize];
                part(identity, count(*at), to_text(&of_identity(identity)))
            });
            ProposalPart {
                identities: identities.collect(),
                reasons: reasons.iter().cloned().collect(),
            }
        });
        Ok(told.collect())
    }

    /// The proposals that concern somebody with events in a mask.
    pub(super) fn proposals(&self, q: &Query<'_>, mask: &Mask) -> Result<Vec<ProposalPart>> {
        if self.groups(q)?.all.is_empty() {
            return Ok(Vec::new());
        }
        let met = q.tally(mask, Axis::Identity)?;
        self.proposals_of(q, met.iter().map(|t| t.number))
    }
}

/// The proposals of a snapshot and of who is joined in it.
#[derive(Default)]
pub(crate) struct Proposed(Mutex<Option<Held>>);

/// The state of the case that groups were found in, what was joined then, and the groups.
type Held = (Snapshot, Vec<Vec<IdentityKey>>, Arc<Groups>);

/// Identities that hang together by reasons.
type Group = (Vec<u32>, BTreeSet<ReasonPart>);

/// Groups of identities, and the group of each.
#[derive(Default)]
struct Groups {
    all: Vec<Group>,
    of: HashMap<u32, usize>,
}

/// Which actor each identity belongs to.
struct Joined(Vec<u32>);

impl Joined {
    fn of(actors: &witnessmark_store::query::Values) -> Self {
        let mut of = vec![0; actors.identities().len()];
        for number in 1..actors.len() as u32 {
            for at in actors.members(number) {
                of[*at as usize] = number;
            }
        }
        Self(of)
    }

    fn actor(&self, identity: u32) -> u32 {
        self.0[identity as usize]
    }
}

struct Reason {
    told: ReasonPart,
    holders: Vec<u32>,
}

fn reasons(identities: &[Identity], counts: &HashMap<u32, u64>) -> Vec<Reason> {
    let mut by_email: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut by_id: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    let mut by_name: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for (at, identity) in (0_u32..).zip(identities) {
        if !counts.contains_key(&at) {
            continue;
        }
        for email in &identity.emails {
            by_email.entry(email.to_lowercase()).or_default().insert(at);
        }
        for id in &identity.ids {
            by_id.entry(id).or_default().insert(at);
        }
        for name in &identity.names {
            by_name
                .entry(fold(name).into_owned())
                .or_default()
                .insert(at);
        }
    }
    let mut found = Vec::new();
    let mut add = |code: &str, value: &str, text: String, holders: &BTreeSet<u32>| {
        if holders.len() > 1 && holders.len() <= COMMON {
            found.push(Reason {
                told: ReasonPart {
                    code: code.to_owned(),
                    value: value.to_owned(),
                    text,
                },
                holders: holders.iter().copied().collect(),
            });
        }
    };
    for (email, holders) in &by_email {
        add(
            "same_email",
            email,
            format!("both have the e-mail {email}"),
            holders,
        );
    }
    for (id, holders) in &by_id {
        add("same_id", id, format!("both have the id {id}"), holders);
    }
    for holders in by_name.values() {
        // A name alone proves little; it is a reason where one of them has it beside an e-mail and another has nothing else.
        let owners: Vec<u32> = (holders.iter().copied())
            .filter(|at| !identities[*at as usize].emails.is_empty())
            .collect();
        let emails: BTreeSet<String> = (owners.iter())
            .flat_map(|at| &identities[*at as usize].emails)
            .map(|e| e.to_lowercase())
            .collect();
        // Two people of one name with two e-mails: the name says nothing of either.
        let Some(owner) = owners.first().filter(|_| emails.len() == 1) else {
            continue;
        };
        let alone = holders
            .iter()
            .filter(|at| identities[**at as usize].key.kind == IdentityKind::Name);
        let named: BTreeSet<u32> = alone.copied().chain([*owner]).collect();
        let of = &identities[*owner as usize];
        let (Some(email), Some(name)) = (of.emails.first(), of.names.first()) else {
            continue;
        };
        let text = format!("the name {name} stands beside the e-mail {email} in one source");
        add("name_beside_email", name, text, &named);
    }
    found
}

/// Identities that hang together by pairs, with all reasons of a group.
fn groups(pairs: &BTreeMap<(u32, u32), BTreeSet<ReasonPart>>) -> Vec<Group> {
    let mut leader: BTreeMap<u32, u32> = BTreeMap::new();
    fn lead(leader: &BTreeMap<u32, u32>, mut at: u32) -> u32 {
        while let Some(up) = leader.get(&at).filter(|up| **up != at) {
            at = *up;
        }
        at
    }
    for (a, b) in pairs.keys() {
        let (a, b) = (lead(&leader, *a), lead(&leader, *b));
        leader.insert(a.max(b), a.min(b));
        leader.entry(a.min(b)).or_insert(a.min(b));
    }
    let mut groups: BTreeMap<u32, (BTreeSet<u32>, BTreeSet<ReasonPart>)> = BTreeMap::new();
    for ((a, b), reasons) in pairs {
        let group = groups.entry(lead(&leader, *a)).or_default();
        group.0.extend([*a, *b]);
        group.1.extend(reasons.iter().cloned());
    }
    (groups.into_values())
        .map(|(members, reasons)| (members.into_iter().collect(), reasons))
        .collect()
}

/// The identity of a key, or of a name that only one has.
fn find(identities: &[Identity], text: &str) -> Result<IdentityKey> {
    if let Some(key) = read_key(text)
        && identities.iter().any(|i| i.key == key)
    {
        return Ok(key);
    }
    let wanted = fold(text).into_owned();
    let named: Vec<&Identity> = identities
        .iter()
        .filter(|i| {
            let mut names = i.ids.iter().chain(&i.emails).chain(&i.names);
            names.any(|n| fold(n) == wanted)
        })
        .collect();
    match named.as_slice() {
        [one] => Ok(one.key.clone()),
        [] => Err(Error::new(
            Code::NoSuchItem,
            format!("no identity is called `{text}`"),
            "List them with `actors --json`.",
        )),
        several => {
            let list: Vec<String> = several.iter().take(8).map(|i| key_text(&i.key)).collect();
            Err(Error::new(
                Code::InvalidOption,
                format!("`{text}` names {} identities", several.len()),
                format!("Give their keys: {}.", list.join(" ")),
            ))
        }
    }
}
