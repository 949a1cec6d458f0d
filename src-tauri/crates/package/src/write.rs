//! The order in which a package is written.
//!
//! Owns: options, steps, and what comes before what. Never touches: the shape of single files. Files are written one
//! after the other, so memory does not hold them and an archive needs no second copy; events are asked for once a file.

use std::cell::RefCell;

use std::collections::BTreeMap;

use serde_json::json;
use witnessmark_export::{EventWriter, Lines, Sheet};

use crate::bag::{Bag, Filed};
use crate::error::{PackageError, Result};
use crate::evidence;
use crate::json::{self, Bound};
use crate::keys::SigningKey;
use crate::material::{Control, CustodyLine, Material, Progress, SourceFacts};
use crate::pieces::{self, readable};
use crate::population::{self, Census};
use crate::redact::{Effect, Policy, Veil, Veiled};
use crate::report::{self, Given};
use crate::reviewed;
use crate::sink::Sink;
use crate::table;
use crate::words;
use crate::{custody, tree};

/// Units of work between two reports of progress.
const TELL_EVERY: u64 = 2_048;

/// A seeded sample of the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Any text; the same seed draws the same sample of the same scope.
    pub seed: String,
    /// How many events.
    pub size: u64,
}

/// What goes in of the bytes behind the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evidence {
    /// The entries of the scope, with proofs.
    #[default]
    Excerpts,
    /// The same, and every source that the scope touches as it came.
    Originals,
    /// None; events carry the leaf of their entry only.
    None,
}

/// A further shape of the events, beside the authoritative one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Also {
    /// Elastic Common Schema.
    Ecs,
    /// Open Cybersecurity Schema Framework.
    Ocsf,
}

/// What a person chose.
#[derive(Debug, Default)]
pub struct Options<'o> {
    /// What the package is called.
    pub title: String,
    /// The filter of the scope, as typed.
    pub query: String,
    /// A sample to draw.
    pub sampling: Option<Sampling>,
    /// Bytes behind the events. A package with a policy holds none: what is hidden would stand in them.
    pub evidence: Evidence,
    /// What to hide.
    pub policy: Option<Policy>,
    /// The events in other people's shapes too.
    pub also: Vec<Also>,
    /// Signs when given.
    pub key: Option<&'o SigningKey>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// SHA-256 of `manifest-sha256.txt`, hex: the same for the same case and options.
    pub package: String,
    /// SHA-256 of `tagmanifest-sha256.txt`, hex: binds every byte.
    pub binds: String,
    /// Public key of the signature.
    pub signed_by: Option<String>,
    /// Events in it.
    pub events: u64,
    /// Of these, without a time.
    pub undated: u64,
    /// Every file.
    pub files: Vec<Filed>,
    /// Size of the custody log that it holds.
    pub custody_size: u64,
    /// Hash of the last entry of that log, hex.
    pub custody_head: String,
    /// Merkle root of that log, base64, as in its checkpoint: binds entries without their text too.
    pub custody_root: String,
}

/// Reports progress at a bearable rate and turns a cancel into an error.
pub(crate) struct Steps<'m> {
    material: &'m dyn Material,
    last: RefCell<(&'static str, u64)>,
}

impl Steps<'_> {
    pub(crate) fn at(&self, step: &'static str, done: u64, of: u64) -> Result<()> {
        let mut last = self.last.borrow_mut();
        if last.0 == step && done < last.1 + TELL_EVERY {
            return Ok(());
        }
        *last = (step, done);
        match self.material.progress(&Progress { step, done, of }) {
            Control::Go => Ok(()),
            Control::Cancel => Err(PackageError::Cancelled),
        }
    }
}

/// Writes a package.
///
/// # Errors
/// When the material cannot be read or does not fit together, the sink refuses, or the person stops it. What the sink was
/// given by then is no package.
pub fn write(
    material: &dyn Material,
    options: &Options<'_>,
    sink: &mut dyn Sink,
) -> Result<Written> {
    let Some(policy) = &options.policy else {
        return write_all(material, None, options, sink);
    };
    let seed = options.sampling.as_ref().map_or("", |s| s.seed.as_str());
    let typed: [&str; 3] = [&options.title, &options.query, seed];
    let veiled = Veiled::new(material, policy, &typed)?;
    // A seed that is blotted would draw another sample than the one that is asked for.
    if veiled.veil.said(seed) != seed {
        return Err(PackageError::Policy(
            "the seed of the sample holds something that the policy hides; choose another seed"
                .to_owned(),
        ));
    }
    let hidden = Options {
        title: veiled.veil.said(&options.title),
        query: veiled.veil.said(&options.query),
        sampling: options.sampling.clone(),
        evidence: Evidence::None,
        policy: None,
        also: options.also.clone(),
        key: options.key,
    };
    write_all(&veiled, Some((policy, &veiled.veil)), &hidden, sink)
}

fn write_all(
    material: &dyn Material,
    veil: Option<(&Policy, &Veil<'_>)>,
    options: &Options<'_>,
    sink: &mut dyn Sink,
) -> Result<Written> {
    let facts = material.facts();
    let steps = Steps {
        material,
        last: RefCell::new(("", 0)),
    };
    let mut census = population::census(material, options.sampling.as_ref(), &steps)?;
    let mut bag = Bag::new(sink);
    let with_evidence = options.evidence != Evidence::None;
    evidence::leaves(
        material,
        &mut census,
        with_evidence.then_some(&mut bag),
        &steps,
    )?;
    if with_evidence {
        evidence::proofs(material, &census, &mut bag, &steps)?;
    }
    if options.evidence == Evidence::Originals {
        evidence::originals(material, &census, &mut bag, &steps)?;
    }
    let index = pieces::index(facts, &census, &options.query, |s| match options.evidence {
        Evidence::Excerpts => "excerpt".to_owned(),
        Evidence::Originals => format!("excerpt and {}", evidence::original_name(s)),
        Evidence::None => "nothing".to_owned(),
    });
    bag.file("data/evidence/index.csv", index.as_bytes())?;
    events(material, veil.map(|v| v.1), &census, &mut bag, &steps)?;
    for also in &options.also {
        other_shape(material, *also, &census, &mut bag, &steps)?;
    }
    small_files(material, veil.is_some(), options, &census, &mut bag)?;
    let log = custody::settled(&facts.custody);
    let head = log
        .last()
        .map_or_else(|| "0".repeat(64), |l| l.hash.clone());
    let mut effects = Vec::new();
    if let Some((policy, veil)) = veil {
        effects = veil.effects();
        redaction(policy, veil, &effects, &mut bag)?;
    }
    steps.at("report", 0, 0)?;
    let policy_name = veil.map(|(policy, veil)| veil.said(&policy.name));
    let report = report::build(&Given {
        facts,
        census: &census,
        title: &options.title,
        query: &options.query,
        sampling: options.sampling.as_ref(),
        policy: policy_name.as_deref(),
        effects: &effects,
        custody: (log.len() as u64, &head),
    });
    bag.file("data/report/report.html", report::html(&report).as_bytes())?;
    bag.file("data/report/report.pdf", &report::pdf(&report)?)?;
    seal(material, options, &census, bag, head, log.len() as u64)
}

/// The tag files, which bind everything, and the signature.
fn seal(
    material: &dyn Material,
    options: &Options<'_>,
    census: &Census,
    mut bag: Bag<'_>,
    custody_head: String,
    custody_size: u64,
) -> Result<Written> {
    let facts = material.facts();
    let manifest = bag.manifest()?;
    let written = facts.now.map(|t| t.rfc3339()).unwrap_or_default();
    bag.file("bagit.txt", words::BAGIT.as_bytes())?;
    let info = bag_info(material, options, &bag, &manifest.sha256, &written);
    bag.file("bag-info.txt", info.as_bytes())?;
    bag.file(
        "README.txt",
        words::readme(options.key.is_some()).as_bytes(),
    )?;
    if let Some(key) = options.key {
        bag.file("keys/signer.pub", key.public_file()?.as_bytes())?;
    }
    let tags = bag.seal()?;
    if let Some(key) = options.key {
        let trusted = format!(
            "witnessmark package:{} case:{} custody:{custody_size}:{custody_head} at:{written} tool:{}",
            manifest.sha256,
            facts.id,
            facts.tool.replace(' ', "/")
        );
        let signature = key.sign(tags.as_bytes(), &trusted)?;
        bag.file("tagmanifest-sha256.txt.minisig", signature.as_bytes())?;
    }
    let files = bag.files();
    let binds = files
        .iter()
        .find(|f| f.name == "tagmanifest-sha256.txt")
        .map(|f| f.sha256.clone())
        .unwrap_or_default();
    Ok(Written {
        package: manifest.sha256,
        binds,
        signed_by: options.key.map(SigningKey::public),
        events: census.events,
        undated: census.undated,
        files,
        custody_size,
        custody_head,
        custody_root: custody::root(custody::settled(&facts.custody)),
    })
}

/// The policy and what it did. The policy's own text is given as it was, unless it names what it hides.
fn redaction(
    policy: &Policy,
    veil: &Veil<'_>,
    effects: &[Effect],
    bag: &mut Bag<'_>,
) -> Result<()> {
    bag.begin("data/redaction/redactions.ndjson")?;
    veil.record(&mut |line| bag.push(line.as_bytes()))?;
    bag.file(
        "data/redaction/policy.toml",
        policy_text(policy, veil).as_bytes(),
    )?;
    let shown = |text: &Option<String>| text.as_deref().map(|t| veil.said(t));
    let summary = json!({
        "policy": veil.said(&policy.name),
        "reason": shown(&policy.reason),
        "approved_by": shown(&policy.approved_by),
        "rules": effects.iter().map(|e| json!({
            "what": e.what, "do": e.act, "places": e.places, "values": e.values,
        })).collect::<Vec<_>>(),
        "how": "a value that a rule catches in any event of the case is replaced wherever it stands in this package: in any case and Unicode form of its letters, behind percent, HTML, JSON and quoted-printable escapes up to four deep, and in runs of eight or more characters of base64 or hex (UTF-8 or UTF-16). Not found: a value with other words, separators or spaces between its own, base64 that is broken into lines, text that is compressed or encrypted, people who are named only in free text. A value of more than 200 bytes is replaced only where a rule or the same whole text stands",
        "commitments": "commitment of a value = SHA-256(salt || value), of an event's entry = SHA-256(salt || leaf); the salts stay in the case, whose holder can open single values (`witnessmark disclose`)",
    });
    bag.file("data/redaction/summary.json", readable(&summary).as_bytes())
}

/// The text of a policy. Its rules are words of ours, which must stay readable; the rest is what a person wrote.
fn policy_text(policy: &Policy, veil: &Veil<'_>) -> String {
    let rules = ["[[rule]]", "fields", "pattern", "do", "prefix", "last"];
    let lines = policy.text.split_inclusive('\n').map(|line| {
        if rules.iter().any(|r| line.trim_start().starts_with(r)) && !line.contains('#') {
            veil.text(line).into_owned()
        } else {
            veil.said(line)
        }
    });
    lines.collect()
}

/// The events, once lossless and once for spreadsheets.
fn events(
    material: &dyn Material,
    veil: Option<&Veil<'_>>,
    census: &Census,
    bag: &mut Bag<'_>,
    steps: &Steps<'_>,
) -> Result<()> {
    let mut line = String::new();
    bag.begin("data/events/events.ndjson")?;
    let mut done = 0;
    material.events(&mut |event| {
        let at = &event.locator;
        let place = census.places.get(&at.source).and_then(|places| {
            let found = places.binary_search_by_key(&at.entry, |p| p.entry).ok()?;
            places.get(found)
        });
        let leaf: tree::Hash = place.map_or([0; 32], |p| p.leaf);
        match veil {
            None => json::event(event, Bound::Leaf(&leaf), &mut line),
            Some(veil) => {
                let bound = veil.commitment(at.source, at.entry, &leaf);
                json::event(event, Bound::Commitment(&bound), &mut line);
            }
        }
        bag.push(line.as_bytes())?;
        done += 1;
        steps.at("events", done, census.events)
    })?;
    same_count(done, census)?;
    bag.begin("data/events/events.csv")?;
    done = 0;
    let mut out = bag.writer();
    let mut sheet = Box::new(Sheet::new(&mut out));
    let written = material
        .events(&mut |event| {
            sheet.write(event, None)?;
            done += 1;
            steps.at("table", done, census.events)
        })
        .and_then(|()| Ok(sheet.end()?));
    out.end(written)?;
    same_count(done, census)
}

/// The events once more in another shape.
fn other_shape(
    material: &dyn Material,
    also: Also,
    census: &Census,
    bag: &mut Bag<'_>,
    steps: &Steps<'_>,
) -> Result<()> {
    bag.begin(match also {
        Also::Ecs => "data/events/events.ecs.ndjson",
        Also::Ocsf => "data/events/events.ocsf.ndjson",
    })?;
    let mut done = 0;
    let mut out = bag.writer();
    let mut lines = Box::new(match also {
        Also::Ecs => Lines::ecs(&mut out),
        Also::Ocsf => Lines::ocsf(&mut out),
    });
    let written = material
        .events(&mut |event| {
            // The bytes of entries are in data/evidence, or nowhere when the package is redacted.
            lines.write(event, None)?;
            done += 1;
            steps.at("further shapes", done, census.events)
        })
        .and_then(|()| Ok(lines.end()?));
    out.end(written)?;
    same_count(done, census)
}

fn same_count(done: u64, census: &Census) -> Result<()> {
    if done == census.events {
        return Ok(());
    }
    let message = format!(
        "the scope changed while it was written: {} events, then {done}",
        census.events
    );
    Err(PackageError::Inconsistent(message))
}

fn small_files(
    material: &dyn Material,
    redacted: bool,
    options: &Options<'_>,
    census: &Census,
    bag: &mut Bag<'_>,
) -> Result<()> {
    let facts = material.facts();
    let population = population::statement(census, material, &options.query);
    bag.file(
        "data/scope/population.json",
        readable(&population).as_bytes(),
    )?;
    bag.file("data/scope/counts.csv", counts(census).as_bytes())?;
    if let Some(sampling) = &options.sampling {
        let sample = population::sample_statement(census, sampling);
        bag.file("data/scope/sample.json", readable(&sample).as_bytes())?;
    }
    // Only a package that says that it hides something may withhold entries.
    let covers = |source: u32| census.covers(source, &options.query);
    let withheld =
        |line: &CustodyLine| line.withheld || redacted && pieces::tells_of_others(line, &covers);
    pieces::custody(bag, &facts.id, custody::settled(&facts.custody), &withheld)?;
    let coverage = pieces::coverage(facts, census, &options.query);
    bag.file(
        "data/coverage/coverage.json",
        readable(&coverage).as_bytes(),
    )?;
    pieces::rejects(bag, facts, census, &options.query)?;
    pieces::notes(bag, facts)?;
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    let reads = |name: &str, s: &&SourceFacts| s.profiles.iter().any(|p| p == name);
    for (name, text) in &facts.profiles {
        let mut of = facts.sources.iter().filter(|s| reads(name, s)).peekable();
        if of.peek().is_some() && !of.any(|s| covers(s.id)) {
            continue;
        }
        // Guessed profiles have one name and a text for each source.
        let name = safe(name);
        let count = named.entry(name.clone()).or_default();
        *count += 1;
        let file = match *count {
            1 => format!("data/rules/profiles/{name}.toml"),
            n => format!("data/rules/profiles/{name}-text-{n}.toml"),
        };
        bag.file(&file, text.as_bytes())?;
    }
    for (name, content) in &facts.rules {
        bag.file(&format!("data/rules/{name}"), content)?;
    }
    bag.file(
        "data/rules/detections.json",
        readable(&reviewed::detections(facts)).as_bytes(),
    )?;
    let methods = json!({
        "tool": facts.tool,
        "profiles": facts.profiles.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "events": "each line of events.ndjson is one event as RFC 8785 JSON; witnessmark.leaf = SHA-256(0x00 || bytes of its entry)",
        "tree": "RFC 6962 over the entries of a source in order; its root stands in the custody log since the import",
        "custody": "hash = SHA-256(bytes of prev || text of entry); the checkpoint is C2SP tlog-checkpoint over the texts",
    });
    bag.file("data/rules/methods.json", readable(&methods).as_bytes())?;
    let review = pieces::review(facts, census, &options.title, &options.query);
    bag.file("data/review/review.json", readable(&review).as_bytes())?;
    bag.file(
        "data/review/controls.json",
        readable(&pieces::controls()).as_bytes(),
    )
}

/// Events by source and day.
fn counts(census: &Census) -> String {
    let mut out = String::new();
    table::row(["source", "day", "events"], &mut out);
    for ((source, day), events) in &census.by_day {
        let cells = [source.to_string(), pieces::day(*day), events.to_string()];
        table::row(cells.iter().map(String::as_str), &mut out);
    }
    out
}

fn bag_info(
    material: &dyn Material,
    options: &Options<'_>,
    bag: &Bag<'_>,
    package: &str,
    written: &str,
) -> String {
    let facts = material.facts();
    let bytes: u64 = bag.payload().iter().map(|f| f.bytes).sum();
    // A line break in a value would begin another element.
    let line = |text: &str| text.replace(|c: char| c.is_control(), " ");
    format!(
        "Bag-Software-Agent: {}\nBagging-Date: {}\nExternal-Description: {}\nExternal-Identifier: {package}\n\
         Payload-Oxum: {bytes}.{}\nWitnessmark-Case: {}\nWitnessmark-Format: 1\nWitnessmark-Written: {written}\n",
        line(&facts.tool),
        written.get(..10).unwrap_or_default(),
        line(&options.title),
        bag.payload().len(),
        facts.id,
    )
}

/// A name for a file made of a name that came from elsewhere.
fn safe(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    if plain.is_empty() {
        "unnamed".to_owned()
    } else {
        plain
    }
}
