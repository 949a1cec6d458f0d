//! Conditions of rules: `selection and not 1 of filter_*`.
//!
//! Owns: the grammar and the tree. Never touches: what a selection is.

/// A condition over selections, which are numbers here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Selection(usize),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// At least so many.
    Least(usize, Vec<Condition>),
}

impl Condition {
    /// Whether it holds; `selection` is asked only as far as needed.
    pub(crate) fn holds(&self, selection: &mut dyn FnMut(usize) -> bool) -> bool {
        match self {
            Self::Selection(at) => selection(*at),
            Self::Not(inner) => !inner.holds(selection),
            Self::All(parts) => parts.iter().all(|p| p.holds(selection)),
            Self::Any(parts) => parts.iter().any(|p| p.holds(selection)),
            Self::Least(n, parts) => {
                let mut left = *n;
                parts.iter().any(|p| {
                    left -= usize::from(left > 0 && p.holds(selection));
                    left == 0
                })
            }
        }
    }
}

/// Brackets and `not` that may stand in each other.
const DEEPEST: usize = 64;

/// Reads a condition; `names` are the selections in order.
pub(crate) fn parse(text: &str, names: &[String]) -> Result<Condition, String> {
    if text.contains('|') {
        return Err(
            "counting in a condition (`|`) is an old form; a correlation rule says the same"
                .to_owned(),
        );
    }
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        at: 0,
        names,
    };
    let tree = parser.any(0)?;
    match parser.peek() {
        None => Ok(tree),
        Some(word) => Err(format!("`{word}` is not expected in the condition")),
    }
}

struct Parser<'p> {
    words: &'p [&'p str],
    at: usize,
    names: &'p [String],
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<&'p str> {
        self.words.get(self.at).copied()
    }

    fn takes(&mut self, word: &str) -> bool {
        let is = self.peek().is_some_and(|w| w.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn any(&mut self, depth: usize) -> Result<Condition, String> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("or") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, String> {
        let mut parts = vec![self.not(depth)?];
        while self.takes("and") {
            parts.push(self.not(depth)?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn not(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > DEEPEST {
            return Err("the condition is nested too deeply".to_owned());
        }
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.takes("(") {
            let inner = self.any(depth + 1)?;
            return if self.takes(")") {
                Ok(inner)
            } else {
                Err("a `)` is missing in the condition".to_owned())
            };
        }
        let word = self.peek().ok_or("the condition ends too early")?;
        self.at += 1;
        if self.takes("of") {
            return self.of(word);
        }
        let at = self.names.iter().position(|n| n == word);
        at.map(Condition::Selection)
            .ok_or_else(|| format!("the condition names `{word}`, which is no selection"))
    }

    fn of(&mut self, how_many: &str) -> Result<Condition, String> {
        let pattern = self.peek().ok_or("`of` names nothing")?;
        self.at += 1;
        let them = pattern.eq_ignore_ascii_case("them");
        let meant = |name: &str| {
            if them {
                !name.starts_with('_')
            } else {
                fits(pattern, name)
            }
        };
        let parts: Vec<Condition> = (self.names.iter().enumerate())
            .filter(|(_, n)| meant(n))
            .map(|(at, _)| Condition::Selection(at))
            .collect();
        if parts.is_empty() {
            return Err(format!("no selection is called `{pattern}`"));
        }
        match how_many.to_ascii_lowercase().as_str() {
            "all" => Ok(one_or(parts, Condition::All)),
            "any" | "1" => Ok(one_or(parts, Condition::Any)),
            n => n
                .parse()
                .map(|n| Condition::Least(n, parts))
                .map_err(|_| format!("`{n} of` is not understood")),
        }
    }
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            let Some(at) = rest.find(middle) else {
                return false;
            };
            rest = &rest[at + middle.len()..];
        }
    }
    last.map_or(rest.is_empty(), |end: &str| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, true_ones: &[&str]) -> bool {
        let names: Vec<String> = [
            "selection",
            "filter_main_a",
            "filter_main_b",
            "filter_optional",
            "_hidden",
        ]
        .map(String::from)
        .to_vec();
        let tree = parse(text, &names).unwrap();
        tree.holds(&mut |at| true_ones.contains(&names[at].as_str()))
    }

    #[test]
    fn the_forms_that_rules_use() {
        assert!(holds("selection", &["selection"]));
        assert!(holds(
            "selection and not 1 of filter_main_*",
            &["selection"]
        ));
        assert!(!holds(
            "selection and not 1 of filter_main_*",
            &["selection", "filter_main_b"]
        ));
        assert!(holds(
            "selection and not all of filter_main_*",
            &["selection", "filter_main_b"]
        ));
        assert!(
            holds(
                "selection or filter_main_a and filter_main_b",
                &["selection"]
            ),
            "and binds tighter"
        );
        assert!(!holds(
            "(selection or filter_main_a) and filter_main_b",
            &["selection"]
        ));
        assert!(holds("NOT (filter_main_a OR filter_main_b)", &[]));
        assert!(holds("1 of them", &["filter_optional"]));
        assert!(!holds(
            "all of them",
            &["selection", "filter_main_a", "filter_main_b"]
        ));
        assert!(
            holds(
                "all of them",
                &[
                    "selection",
                    "filter_main_a",
                    "filter_main_b",
                    "filter_optional"
                ]
            ),
            "names with _ are left out"
        );
        assert!(holds("2 of filter*", &["filter_main_a", "filter_optional"]));
        assert!(!holds("2 of filter*", &["filter_main_a"]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let names = vec!["selection".to_owned()];
        for (text, why) in [
            ("selection | count() > 5", "old form"),
            ("selektion", "`selektion`"),
            ("(selection", "`)`"),
            ("selection selection", "not expected"),
            ("1 of x*", "`x*`"),
            ("", "too early"),
        ] {
            let error = parse(text, &names).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(parse(&"(".repeat(10_000), &names).is_err());
        assert!(parse(&"not ".repeat(10_000), &names).is_err());
    }
}
