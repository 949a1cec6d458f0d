//! One rule, correlation or filter, read from its document.
//!
//! Owns: the language of Sigma 2 as far as it can be run, and why the rest cannot. Never touches: entries.

use indexmap::IndexSet;
use serde_json::{Map, Value};

use super::{
    condition::{self, Condition},
    pattern::{Order, Piece, Test, pieces},
    routing::LogSource,
};
use crate::about::Severity;

/// What every document says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Its id; its name or file where it has none.
    pub(crate) id: String,
    /// Its `name`, by which correlations may refer to it; empty where it has none.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) severity: Severity,
    pub(crate) benign: Vec<String>,
    pub(crate) description: String,
}

/// One test of one field, or of every leaf.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Number of the field's name; absent for words that may stand anywhere.
    pub(crate) field: Option<usize>,
    pub(crate) tests: Vec<Test>,
    /// Whether all tests must pass, each by some value.
    pub(crate) all: bool,
    pub(crate) negated: bool,
}

/// Any of some lists of items of which all must pass.
pub(crate) type Selection = Vec<Vec<Item>>;

/// A detection rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) head: Head,
    pub(crate) source: LogSource,
    pub(crate) selections: Vec<Selection>,
    pub(crate) condition: Condition,
}

/// A filter: what is left out of some rules.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) head: Head,
    pub(crate) source: LogSource,
    /// Ids or names; empty means any rule of the source.
    pub(crate) rules: Vec<String>,
    pub(crate) selections: Vec<Selection>,
    pub(crate) condition: Condition,
}

/// Names of fields, numbered; and how many regular expressions there are.
#[derive(Debug, Default)]
pub(crate) struct Names(pub(crate) IndexSet<String>, pub(crate) usize);

impl Names {
    pub(crate) fn number(&mut self, name: &str) -> usize {
        match self.0.get_index_of(name) {
            Some(at) => at,
            None => self.0.insert_full(name.to_owned()).0,
        }
    }
}

pub(crate) fn text(map: &Map<String, Value>, key: &str) -> String {
    map.get(key).map(scalar).unwrap_or_default()
}

pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().map(scalar).collect(),
        Some(one) => vec![scalar(one)],
    }
}

pub(crate) fn head(map: &Map<String, Value>, file: &str) -> Head {
    let first = |keys: &[&str]| keys.iter().map(|k| text(map, k)).find(|t| !t.is_empty());
    Head {
        id: first(&["id", "name"]).unwrap_or_else(|| file.to_owned()),
        name: text(map, "name"),
        title: first(&["title", "name"]).unwrap_or_else(|| file.to_owned()),
        severity: Severity::by_word(&text(map, "level").to_ascii_lowercase())
            .unwrap_or(Severity::Medium),
        benign: texts(map.get("falsepositives")),
        description: text(map, "description"),
    }
}

fn source(map: &Map<String, Value>) -> LogSource {
    let of = map.get("logsource").and_then(Value::as_object);
    let part = |key| of.map(|m| text(m, key)).unwrap_or_default();
    LogSource {
        product: part("product"),
        service: part("service"),
        category: part("category"),
    }
}

pub(crate) fn rule(
    map: &Map<String, Value>,
    file: &str,
    names: &mut Names,
) -> Result<Rule, String> {
    let detection = map
        .get("detection")
        .and_then(Value::as_object)
        .ok_or("it has no `detection`")?;
    let (selections, condition) = parts(detection, names)?;
    Ok(Rule {
        head: head(map, file),
        source: source(map),
        selections,
        condition,
    })
}

pub(crate) fn filter(
    map: &Map<String, Value>,
    file: &str,
    names: &mut Names,
) -> Result<Filter, String> {
    let of = map
        .get("filter")
        .and_then(Value::as_object)
        .ok_or("`filter` is no list of keys")?;
    let mut body = of.clone();
    let rules = texts(body.remove("rules").as_ref());
    let rules = if rules.len() == 1 && rules[0] == "any" {
        Vec::new()
    } else {
        rules
    };
    let (selections, condition) = parts(&body, names)?;
    Ok(Filter {
        head: head(map, file),
        source: source(map),
        rules,
        selections,
        condition,
    })
}

/// The selections of a `detection` and its condition.
fn parts(
    detection: &Map<String, Value>,
    names: &mut Names,
) -> Result<(Vec<Selection>, Condition), String> {
    let mut called = Vec::new();
    let mut selections = Vec::new();
    for (name, body) in detection {
        if name == "condition" || name == "timeframe" {
            continue;
        }
        called.push(name.clone());
        selections.push(selection(body, names).map_err(|why| format!("`{name}`: {why}"))?);
    }
    let conditions = texts(detection.get("condition"));
    let read: Result<Vec<Condition>, String> = conditions
        .iter()
        .map(|text| condition::parse(text, &called))
        .collect();
    let mut read = read?;
    let condition = match read.len() {
        0 => return Err("it has no condition".to_owned()),
        1 => read.remove(0),
        _ => Condition::Any(read),
    };
    Ok((selections, condition))
}

fn selection(body: &Value, names: &mut Names) -> Result<Selection, String> {
    match body {
        Value::Object(map) => Ok(vec![items(map, names)?]),
        Value::Array(list) => {
            let mut out = Vec::new();
            let mut words = Vec::new();
            for one in list {
                match one {
                    Value::Object(map) => out.push(items(map, names)?),
                    word => words.push(word.clone()),
                }
            }
            if !words.is_empty() {
                out.push(vec![item(None, &[], &Value::Array(words), names)?]);
            }
            Ok(out)
        }
        word => Ok(vec![vec![item(
            None,
            &[],
            &Value::Array(vec![word.clone()]),
            names,
        )?]]),
    }
}

fn items(map: &Map<String, Value>, names: &mut Names) -> Result<Vec<Item>, String> {
    let each = map.iter().map(|(key, value)| {
        let mut parts = key.split('|');
        let field = parts.next().filter(|f| !f.is_empty());
        item(field, &parts.collect::<Vec<_>>(), value, names)
            .map_err(|why| format!("`{key}`: {why}"))
    });
    each.collect()
}

/// What the modifiers of an item say.
#[derive(Default)]
struct Modified {
    before: bool,
    after: bool,
    all: bool,
    cased: bool,
    negated: bool,
    flags: [bool; 3],
    kind: Kind,
    change: Vec<fn(Vec<String>) -> Vec<String>>,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Kind {
    #[default]
    Text,
    Pattern,
    Network,
    Compare(Order),
    Field,
    Exists,
}

fn modified(modifiers: &[&str]) -> Result<Modified, String> {
    let mut m = Modified::default();
    for (at, modifier) in modifiers.iter().enumerate() {
        match *modifier {
            "contains" => (m.before, m.after) = (true, true),
            "startswith" => m.after = true,
            "endswith" => m.before = true,
            "all" => m.all = true,
            "cased" => m.cased = true,
            "neq" | "not" => m.negated = true,
            "re" => m.kind = Kind::Pattern,
            "i" if m.kind == Kind::Pattern => m.flags[0] = true,
            "m" if m.kind == Kind::Pattern => m.flags[1] = true,
            "s" if m.kind == Kind::Pattern => m.flags[2] = true,
            "cidr" => m.kind = Kind::Network,
            "lt" => m.kind = Kind::Compare(Order::Below),
            "lte" => m.kind = Kind::Compare(Order::AtMost),
            "gt" => m.kind = Kind::Compare(Order::Above),
            "gte" => m.kind = Kind::Compare(Order::AtLeast),
            "fieldref" => m.kind = Kind::Field,
            "exists" => m.kind = Kind::Exists,
            "windash" => m.change.push(super::encode::dashes),
            "base64" => m.change.push(super::encode::base64),
            "base64offset" => {
                m.change.push(super::encode::base64_offsets);
                if modifiers[at + 1..].contains(&"contains") {
                    continue;
                }
            }
            "wide" | "utf16le" => m.change.push(super::encode::wide),
            "utf16be" | "utf16" => {
                return Err(format!(
                    "the modifier `{modifier}` has no meaning in a text log"
                ));
            }
            "expand" => {}
            other => return Err(format!("the modifier `{other}` is not known")),
        }
    }
    Ok(m)
}

fn item(
    field: Option<&str>,
    modifiers: &[&str],
    value: &Value,
    names: &mut Names,
) -> Result<Item, String> {
    let m = modified(modifiers)?;
    let values = match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    let mut tests = Vec::new();
    for value in &values {
        if modifiers.contains(&"expand") {
            return Err(format!(
                "the placeholder {} has no value here",
                scalar(value)
            ));
        }
        test(field.is_none(), &m, value, names, &mut tests)?;
    }
    Ok(Item {
        field: field.map(|f| names.number(f)),
        tests,
        all: m.all,
        negated: m.negated,
    })
}

fn test(
    word: bool,
    m: &Modified,
    value: &Value,
    names: &mut Names,
    out: &mut Vec<Test>,
) -> Result<(), String> {
    let said = scalar(value);
    match m.kind {
        Kind::Pattern => {
            out.push(Test::pattern(&said, m.flags, names.1)?);
            names.1 += 1;
        }
        Kind::Network => {
            let net = said
                .parse()
                .or_else(|_| said.parse::<std::net::IpAddr>().map(ipnet::IpNet::from));
            out.push(Test::Network(
                net.map_err(|_| format!("`{said}` is no network"))?,
            ));
        }
        Kind::Compare(order) => out.push(Test::Compare(
            order,
            said.parse().map_err(|_| format!("`{said}` is no number"))?,
        )),
        Kind::Field => out.push(Test::Field(names.number(&said), m.cased)),
        Kind::Exists => out.push(Test::Exists(value.as_bool().unwrap_or(said == "true"))),
        Kind::Text => match value {
            Value::Null => out.push(Test::Null),
            Value::Number(n) if !m.before && !m.after && !word => {
                out.push(Test::Number(n.as_f64().unwrap_or(f64::NAN), said))
            }
            Value::Array(_) | Value::Object(_) => {
                return Err("a value is a list or has keys".to_owned());
            }
            _ => {
                let changed = m
                    .change
                    .iter()
                    .fold(vec![said], |texts, change| change(texts));
                for text in changed {
                    let mut of = pieces(&text);
                    let any = |of: &[Piece]| of == [Piece::Text(String::new())];
                    if any(&of) && (m.before || m.after || word) {
                        of = Vec::new();
                    }
                    if (m.before || word) && of.first() != Some(&Piece::Any) {
                        of.insert(0, Piece::Any);
                    }
                    if (m.after || word) && of.last() != Some(&Piece::Any) {
                        of.push(Piece::Any);
                    }
                    out.push(Test::text(of, m.cased));
                }
            }
        },
    }
    Ok(())
}
