//! From a TOML document to a profile.
//!
//! Owns: the keys of the profile language and their checks. Never touches: how a document is walked, how entries are mapped.

use super::{
    Absent, Alternative, ChangeLayout, ChangeRule, Condition, Expr, Identity, LineCut, LineRule,
    OutcomeWords, Profile, ProfileError, Shape, ShapeRule, ShapeZone, Source, TargetRule, Test,
    TimeRule, Transform,
    document::{Document, Node, Section},
    path::{Path, Template},
    sentence::Pattern,
    verbs::{FieldCondition, Verb, Verbs},
};
use crate::times::{DateOrder, Format};
use witnessmark_model::{
    Field, Group, Zone,
    verbs::{CATEGORIES, NEEDS, OPERATIONS, OUTCOMES, SENSITIVITIES},
};

type Result<T> = std::result::Result<T, ProfileError>;

/// The version of the language that this program reads.
const LANGUAGE: u32 = 1;
/// Verbs, paths and patterns that one profile may have.
const MOST_VERBS: usize = 5_000;

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// With file, line and key of the first mistake.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let document = Document { file, text };
        let table = document.parse()?;
        let root = Section::new(document, &table, "");
        let language = root.need("language")?;
        if language.number()? != LANGUAGE {
            return language.fail(format!("this program reads language {LANGUAGE}"));
        }
        let head = root.need("profile")?.table()?;
        let id = head.need("id")?;
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.text()?.is_empty() || !id.text()?.chars().all(valid) {
            return id.fail("must be lower-case letters, digits and hyphens");
        }
        let optional = |name| {
            head.get(name)
                .map(|n| n.text().map(str::to_owned))
                .transpose()
        };
        let mut profile = Profile {
            id: id.text()?.to_owned(),
            version: head.need("version")?.number()?,
            title: head.need("title")?.text()?.to_owned(),
            vendor_page: optional("vendor_page")?,
            provider: optional("provider")?.unwrap_or_default(),
            blind_spots: texts(&head, "blind_spots")?,
            cannot_show: needs(&head)?,
            logs: head.get("logs").map(|n| field(&n)).transpose()?,
            converted: flag(&head, "converted")?,
            text: text.to_owned(),
            loose: flag(&head, "loose")?,
            absent: Absent::new(texts(&head, "absent")?),
            shapes: Vec::new(),
            time: time(&root)?,
            fields: fields(&root, flag(&head, "converted")?)?,
            targets: Vec::new(),
            changes: Vec::new(),
            outcome: OutcomeWords::default(),
            verbs: verbs(&root, texts(&head, "negations")?)?,
            explode: path(&head, "explode")?,
            identity: Identity::Entry,
            line: line(&root)?,
        };
        if let Some(node) = head.get("identity")
            && !(node.is_text() && node.text()? == "entry")
        {
            profile.identity =
                Identity::Fields(node.list().iter().map(field).collect::<Result<_>>()?);
        }
        head.finish()?;
        for section in root.tables("recognise")? {
            profile.shapes.push(shape(section)?);
        }
        for section in root.tables("target")? {
            profile.targets.push(target(section)?);
        }
        for section in root.tables("change")? {
            profile.changes.push(change(section)?);
        }
        if let Some(node) = root.get("outcome") {
            let section = node.table()?;
            let folded = |name| -> Result<Vec<String>> {
                Ok(texts(&section, name)?
                    .iter()
                    .map(|w| w.to_lowercase())
                    .collect())
            };
            profile.outcome = OutcomeWords {
                success: folded("success")?,
                failure: folded("failure")?,
            };
            section.finish()?;
        }
        root.finish()?;
        Ok(profile)
    }
}

fn texts(section: &Section<'_>, name: &str) -> Result<Vec<String>> {
    section.get(name).map_or(Ok(Vec::new()), |n| n.texts())
}

fn flag(section: &Section<'_>, name: &str) -> Result<bool> {
    let given = section.get(name).map(|n| n.flag()).transpose()?;
    Ok(given.unwrap_or(false))
}

/// What the log does not show, as words that programs know.
fn needs(section: &Section<'_>) -> Result<Vec<String>> {
    let Some(node) = section.get("cannot_show") else {
        return Ok(Vec::new());
    };
    let words = node.texts()?;
    match words.iter().find(|w| !NEEDS.contains(&w.as_str())) {
        Some(word) => node.fail(format!("`{word}` is none of {}", NEEDS.join(", "))),
        None => Ok(words),
    }
}

fn to_path(node: &Node<'_>) -> Result<Path> {
    Path::parse(node.text()?).map_err(|why| node.error(why))
}

fn path(section: &Section<'_>, name: &str) -> Result<Option<Path>> {
    section.get(name).map(|n| to_path(&n)).transpose()
}

fn paths(section: &Section<'_>, name: &str) -> Result<Vec<Path>> {
    section
        .get(name)
        .map_or(Ok(Vec::new()), |n| n.list().iter().map(to_path).collect())
}

fn field(node: &Node<'_>) -> Result<Field> {
    let name = node.text()?;
    Field::by_name(name).map_or_else(
        || node.fail(format!("`{name}` is no field of an event")),
        Ok,
    )
}

fn word(node: &Node<'_>, known: &'static [&'static str]) -> Result<&'static str> {
    let text = node.text()?;
    match known.iter().find(|w| **w == text) {
        Some(word) => Ok(word),
        None => node.fail(format!("`{text}` is none of {}", known.join(", "))),
    }
}

fn time(root: &Section<'_>) -> Result<TimeRule> {
    let section = root.need("time")?.table()?;
    let mut rule = TimeRule {
        value: expr(&section.need("value")?)?,
        formats: Vec::new(),
        zone: None,
        order: None,
    };
    if let Some(node) = section.get("formats") {
        for format in node.list() {
            let text = format.text()?;
            rule.formats.push(
                Format::parse(text)
                    .map_or_else(|| format.fail(format!("`{text}` is no format")), Ok)?,
            );
        }
    }
    if let Some(ShapeZone::Fixed(zone)) = zone(&section)? {
        rule.zone = Some(zone);
    }
    if let Some(node) = section.get("order") {
        let order = DateOrder::parse(node.text()?);
        rule.order = Some(order.map_or_else(|| node.fail("must be dmy, mdy or ymd"), Ok)?);
    }
    section.finish()?;
    Ok(rule)
}

fn zone(section: &Section<'_>) -> Result<Option<ShapeZone>> {
    let Some(node) = section.get("zone") else {
        return Ok(None);
    };
    let text = node.text()?;
    if text == "ask" {
        return Ok(Some(ShapeZone::Ask));
    }
    match Zone::parse(text) {
        Some(zone) => Ok(Some(ShapeZone::Fixed(zone))),
        None => node.fail(format!("`{text}` is no zone and not `ask`")),
    }
}

/// The fields. What another program made of a log names its system and its own reading of times; a log itself does not.
fn fields(root: &Section<'_>, converted: bool) -> Result<Vec<(Field, Expr)>> {
    let section = root.need("fields")?.table()?;
    let mut out = Vec::new();
    for (name, node) in section.entries() {
        let Some(field) = Field::by_name(&name) else {
            return node.fail(format!("`{name}` is no field of an event"));
        };
        let ours = match field {
            Field::EventProvider | Field::EventOriginalTime | Field::EventZone => !converted,
            field => matches!(field, Field::Profile | Field::Problems),
        };
        if ours || matches!(field.group(), Group::Target | Group::Change) {
            return node.fail(format!("`{name}` is not filled here"));
        }
        out.push((field, expr(&node)?));
    }
    // The order of a TOML table carries no meaning, so the order of columns makes it one.
    out.sort_by_key(|(field, _)| *field);
    Ok(out)
}

fn expr(node: &Node<'_>) -> Result<Expr> {
    node.list()
        .iter()
        .map(alternative)
        .collect::<Result<_>>()
        .map(Expr)
}

fn optional_expr(section: &Section<'_>, name: &str) -> Result<Expr> {
    section.get(name).map_or(Ok(Expr::default()), |n| expr(&n))
}

fn alternative(node: &Node<'_>) -> Result<Alternative> {
    if node.is_text() {
        return Ok(Alternative {
            source: Source::Path(to_path(node)?),
            when: None,
            steps: Vec::new(),
        });
    }
    let section = node.table()?;
    let source = match (section.get("path"), section.get("text")) {
        (Some(path), None) => Source::Path(to_path(&path)?),
        (None, Some(text)) => {
            Source::Text(Template::parse(text.text()?).map_err(|why| text.error(why))?)
        }
        _ => return node.fail("must have either `path` or `text`"),
    };
    let mut steps = Vec::new();
    if let Some(n) = section.get("unwrap")
        && n.flag()?
    {
        steps.push(Transform::Unwrap);
    }
    let take = section.get("take");
    match section.get("split") {
        Some(n) => {
            let position = take.map(|t| t.number()).transpose()?.unwrap_or(0);
            if n.text()?.is_empty() {
                return n.fail("must not be empty");
            }
            steps.push(Transform::Split(n.text()?.to_owned(), position as usize));
        }
        None => {
            if let Some(take) = take {
                return take.fail("says nothing without `split`");
            }
        }
    }
    if let Some(n) = section.get("capture") {
        let pattern = n.pattern()?;
        if pattern.captures_len() < 2 {
            return n.fail("must have a group in parentheses");
        }
        steps.push(Transform::Capture(pattern));
    }
    if let Some(n) = section.get("lower")
        && n.flag()?
    {
        steps.push(Transform::Lower);
    }
    let strict = section
        .get("strict")
        .map(|n| n.flag())
        .transpose()?
        .unwrap_or(false);
    if let Some(n) = section.get("map") {
        let mut map = std::collections::HashMap::new();
        for (from, to) in n.table()?.entries() {
            map.insert(from, to.text()?.to_owned());
        }
        steps.push(Transform::Map(map, strict));
    }
    let when = condition(&section)?;
    section.finish()?;
    Ok(Alternative {
        source,
        when,
        steps,
    })
}

fn condition(section: &Section<'_>) -> Result<Option<Condition>> {
    let Some(node) = section.get("when") else {
        return Ok(None);
    };
    let table = node.table()?;
    let path = to_path(&table.need("path")?)?;
    let test = match (table.get("is"), table.get("matches"), table.get("present")) {
        (Some(n), None, None) => Test::Is(n.texts()?.iter().map(|w| w.to_lowercase()).collect()),
        (None, Some(n), None) => Test::Matches(n.pattern()?),
        (None, None, Some(n)) => Test::Present(n.flag()?),
        _ => return node.fail("must have one of `is`, `matches`, `present`"),
    };
    table.finish()?;
    Ok(Some(Condition { path, test }))
}

fn shape(section: Section<'_>) -> Result<ShapeRule> {
    let kind = section.need("shape")?;
    let mut values = Vec::new();
    if let Some(node) = section.get("values") {
        for (name, pattern) in node.table()?.entries() {
            let path = Path::parse(&name).map_err(|why| pattern.error(why))?;
            values.push((path, pattern.pattern()?));
        }
    }
    let rule = ShapeRule {
        shape: match kind.text()? {
            "csv" => Shape::Csv,
            "json" => Shape::Json,
            "line" => Shape::Line,
            other => return kind.fail(format!("`{other}` is none of csv, json, line")),
        },
        confidence: section
            .get("confidence")
            .map(|n| n.share())
            .transpose()?
            .unwrap_or(0.95),
        required: paths(&section, "required")?,
        any: paths(&section, "any")?,
        none: paths(&section, "none")?,
        values,
        zone: zone(&section)?,
    };
    if rule.required.is_empty() && rule.values.is_empty() && rule.shape != Shape::Line {
        return kind.fail("a shape needs `required` or `values`, or it would claim every source");
    }
    section.finish()?;
    Ok(rule)
}

fn target(section: Section<'_>) -> Result<TargetRule> {
    let rule = TargetRule {
        each: path(&section, "each")?,
        when: condition(&section)?,
        kind: optional_expr(&section, "type")?,
        id: optional_expr(&section, "id")?,
        name: optional_expr(&section, "name")?,
    };
    section.finish()?;
    Ok(rule)
}

fn change(section: Section<'_>) -> Result<ChangeRule> {
    let node = section.need("layout")?;
    let layout = match node.text()? {
        "list" => ChangeLayout::List {
            each: path(&section, "each")?,
            field: expr(&section.need("field")?)?,
            old: optional_expr(&section, "old")?,
            new: optional_expr(&section, "new")?,
            kind: optional_expr(&section, "kind")?,
        },
        "pair" => ChangeLayout::Pair {
            old: to_path(&section.need("old")?)?,
            new: to_path(&section.need("new")?)?,
        },
        "tree" => ChangeLayout::Tree(to_path(&section.need("path")?)?),
        "object" => ChangeLayout::Object(to_path(&section.need("path")?)?),
        "prefixed" => ChangeLayout::Prefixed {
            prefix: section.need("prefix")?.text()?.to_owned(),
            path: path(&section, "path")?,
        },
        "text" => {
            let pattern = section.need("pattern")?;
            let regex = pattern.pattern()?;
            if !regex.capture_names().flatten().any(|n| n == "field") {
                return pattern.fail("must have a group named `field`");
            }
            ChangeLayout::Text {
                value: expr(&section.need("value")?)?,
                pattern: regex,
            }
        }
        other => {
            return node.fail(format!(
                "`{other}` is none of list, pair, tree, object, prefixed, text"
            ));
        }
    };
    let rule = ChangeRule {
        when: condition(&section)?,
        layout,
    };
    section.finish()?;
    Ok(rule)
}

fn verbs(root: &Section<'_>, negations: Vec<String>) -> Result<Verbs> {
    let mut out = Verbs::without(negations);
    let Some(node) = root.get("verbs") else {
        return Ok(out);
    };
    for (name, node) in node.table()?.entries() {
        for one in node.list() {
            let section = one.table()?;
            let maybe = |key, known| section.get(key).map(|n| word(&n, known)).transpose();
            let (outcome, sensitivity) = (
                maybe("outcome", OUTCOMES)?,
                maybe("sensitivity", SENSITIVITIES)?,
            );
            let say = match section.get("say") {
                Some(n) => Some(Pattern::parse(n.text()?).map_err(|why| n.error(why))?),
                None => None,
            };
            let when = match section.get("when") {
                Some(n) => {
                    let table = n.table()?;
                    let condition = FieldCondition {
                        field: field(&table.need("field")?)?,
                        is: table
                            .need("is")?
                            .texts()?
                            .iter()
                            .map(|w| w.to_lowercase())
                            .collect(),
                    };
                    table.finish()?;
                    Some(condition)
                }
                None => None,
            };
            let verb = Verb {
                category: word(&section.need("category")?, CATEGORIES)?,
                operation: word(&section.need("operation")?, OPERATIONS)?,
                outcome,
                sensitivity,
                say,
                when,
                last: flag(&section, "last")?,
            };
            section.finish()?;
            out.add(&name, verb);
            if out.len() > MOST_VERBS {
                return node.fail(format!("a profile may have {MOST_VERBS} verbs"));
            }
        }
    }
    out.sort();
    Ok(out)
}

fn line(root: &Section<'_>) -> Result<Option<LineRule>> {
    let Some(node) = root.get("line") else {
        return Ok(None);
    };
    let section = node.table()?;
    let cut = match (section.get("split"), section.get("pattern")) {
        (Some(at), None) => {
            if at.text()?.is_empty() {
                return at.fail("must not be empty");
            }
            let parts = section.need("parts")?.texts()?;
            LineCut::Split {
                at: at.text()?.to_owned(),
                least: section
                    .get("least")
                    .map(|n| n.number())
                    .transpose()?
                    .map_or(parts.len(), |n| n as usize),
                parts,
            }
        }
        (None, Some(pattern)) => LineCut::Pattern(pattern.pattern()?),
        _ => return node.fail("must have either `split` or `pattern`"),
    };
    let mut prefixed = Vec::new();
    if let Some(node) = section.get("prefixed") {
        for (prefix, name) in node.table()?.entries() {
            prefixed.push((prefix, name.text()?.to_owned()));
        }
    }
    section.finish()?;
    Ok(Some(LineRule { cut, prefixed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"language = 1
[profile]
id = "demo"
version = 1
title = "Demo"
[time]
value = "at"
[fields]
"user.email" = ["actor.email", { path = "actor.login", lower = true }]
[[recognise]]
shape = "json"
required = ["at"]
[verbs]
"a.b" = { category = "data", operation = "read", say = "{actor} read[ {target}]" }
"#;

    fn mistake(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        Profile::parse("demo.toml", &GOOD.replace(from, to))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_good_profile_is_read() {
        let profile = Profile::parse("demo.toml", GOOD).unwrap();
        assert_eq!(profile.name(), "demo@1");
        assert_eq!(profile.fields.len(), 1);
    }

    #[test]
    fn mistakes_are_told_with_line_and_key() {
        for (from, to, told) in [
            (
                "language = 1",
                "language = 2",
                "demo.toml:1: language: this program reads language 1",
            ),
            (
                "title = ",
                "titel = ",
                "demo.toml:3: profile.title: is missing",
            ),
            (
                "version = 1",
                "version = 1\ncolour = 1",
                "demo.toml:5: profile.colour: is no key of this table",
            ),
            (
                "id = \"demo\"",
                "id = \"De mo\"",
                "demo.toml:3: profile.id: must be lower-case",
            ),
            (
                "\"user.email\"",
                "\"user.mail\"",
                "demo.toml:9: fields.user.mail: `user.mail` is no field",
            ),
            (
                "\"actor.email\"",
                "\"actor..email\"",
                "demo.toml:9: fields.user.email[0]: the path `actor..email`",
            ),
            (
                "lower = true",
                "lower = 3",
                "demo.toml:9: fields.user.email[1].lower: must be true or false",
            ),
            (
                "lower = true",
                "capture = '(a'",
                "demo.toml:9: fields.user.email[1].capture: the pattern cannot be used: unclosed group",
            ),
            (
                "\"data\"",
                "\"dada\"",
                "demo.toml:14: verbs.a.b.category: `dada` is none of",
            ),
            (
                "{actor}",
                "{aktor}",
                "demo.toml:14: verbs.a.b.say: `aktor` is no field",
            ),
            (
                "shape = \"json\"",
                "shape = \"yaml\"",
                "demo.toml:11: recognise[0].shape: `yaml` is none of",
            ),
            ("[time]", "[time", "demo.toml:6"),
        ] {
            let message = mistake(from, to);
            assert!(message.starts_with(told), "{message}\n{told}");
        }
    }

    #[test]
    fn hostile_patterns_are_refused_at_once() {
        let long = "a".repeat(2_000);
        let deep = format!("{}a{}", "(".repeat(100), ")".repeat(100));
        for pattern in ["(\\w{1000}){1000}", "((a{100}){100}){100}", &long, &deep] {
            let started = std::time::Instant::now();
            let message = mistake("lower = true", &format!("capture = '({pattern})'"));
            assert!(message.contains("the pattern"), "{message}");
            assert!(
                started.elapsed().as_millis() < 1_000,
                "{pattern} took too long"
            );
        }
        // The classic trap is no trap for an automaton: it is accepted and runs in linear time.
        let profile = GOOD.replace("lower = true", "capture = '((a+)+)$'");
        let profile = Profile::parse("demo.toml", &profile).unwrap();
        let Transform::Capture(regex) = &profile.fields[0].1.0[1].steps[0] else {
            panic!("a capture")
        };
        let started = std::time::Instant::now();
        assert!(!regex.is_match(&format!("{}!", "a".repeat(30_000))));
        assert!(started.elapsed().as_millis() < 1_000);
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused() {
        let big = format!(
            "{GOOD}#{}",
            "x".repeat(super::super::document::LARGEST_FILE)
        );
        assert!(
            Profile::parse("demo.toml", &big)
                .unwrap_err()
                .to_string()
                .contains("more than")
        );
    }
}
