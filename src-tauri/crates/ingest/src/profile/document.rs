//! Reading a TOML document with places: every mistake is told with its line and key, and no key is passed over.
//!
//! Owns: the walk over the document and the wording of mistakes. Never touches: what keys mean.

use std::{cell::RefCell, fmt};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Bytes that one profile may have.
pub(super) const LARGEST_FILE: usize = 1 << 20;
/// Bytes that one regular expression may have.
pub(super) const LONGEST_PATTERN: usize = 1 << 10;

/// What is wrong with a profile, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// Name of the file, or of what stands for it.
    pub file: String,
    /// Line, from 1; absent when the whole file is meant.
    pub line: Option<usize>,
    /// Dotted key; empty when no single key is meant.
    pub key: String,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ProfileError {}

type Result<T> = std::result::Result<T, ProfileError>;

/// The text of a document, for places.
#[derive(Clone, Copy)]
pub(crate) struct Document<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
}

impl<'t> Document<'t> {
    /// The table at the root.
    pub(crate) fn parse(self) -> Result<DeTable<'t>> {
        if self.text.len() > LARGEST_FILE {
            return Err(self.whole(format!("the file has more than {LARGEST_FILE} bytes")));
        }
        DeTable::parse(self.text)
            .map(Spanned::into_inner)
            .map_err(|e| ProfileError {
                file: self.file.to_owned(),
                line: e.span().map(|span| self.line(span.start)),
                key: String::new(),
                message: e.message().to_owned(),
            })
    }

    pub(crate) fn whole(self, message: impl Into<String>) -> ProfileError {
        ProfileError {
            file: self.file.to_owned(),
            line: None,
            key: String::new(),
            message: message.into(),
        }
    }

    fn line(self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        1 + self.text.as_bytes()[..end]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
    }
}

/// A value with its place and key.
#[derive(Clone)]
pub(crate) struct Node<'d> {
    document: Document<'d>,
    value: &'d Spanned<DeValue<'d>>,
    key: String,
}

impl<'d> Node<'d> {
    pub(crate) fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(self.error(message))
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> ProfileError {
        ProfileError {
            file: self.document.file.to_owned(),
            line: Some(self.document.line(self.value.span().start)),
            key: self.key.clone(),
            message: message.into(),
        }
    }

    fn expected<T>(&self, what: &str) -> Result<T> {
        let found = self.value.get_ref().type_str();
        self.fail(format!("must be {what}, not {found}"))
    }

    pub(crate) fn text(&self) -> Result<&'d str> {
        match self.value.get_ref().as_str() {
            Some(text) => Ok(text),
            None => self.expected("a text"),
        }
    }

    pub(crate) fn flag(&self) -> Result<bool> {
        match self.value.get_ref().as_bool() {
            Some(flag) => Ok(flag),
            None => self.expected("true or false"),
        }
    }

    pub(crate) fn number(&self) -> Result<u32> {
        let found = self
            .value
            .get_ref()
            .as_integer()
            .and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        match found {
            Some(number) => Ok(number),
            None => self.expected("a whole number from 0"),
        }
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&self) -> Result<f64> {
        let value = self.value.get_ref();
        let found = match (value.as_float(), value.as_integer()) {
            (Some(f), _) => f.as_str().parse().ok(),
            (None, Some(n)) => n.as_str().parse().ok(),
            _ => None,
        };
        match found {
            Some(share) if (0.0..=1.0).contains(&share) => Ok(share),
            _ => self.fail("must be a number from 0 to 1"),
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// The elements of a list, or the one value that stands for a list of one.
    pub(crate) fn list(&self) -> Vec<Node<'d>> {
        let wrap = |value, key| Node {
            document: self.document,
            value,
            key,
        };
        match self.value.get_ref().as_array() {
            Some(array) => array
                .iter()
                .enumerate()
                .map(|(i, value)| wrap(value, format!("{}[{i}]", self.key)))
                .collect(),
            None => vec![self.clone()],
        }
    }

    pub(crate) fn texts(&self) -> Result<Vec<String>> {
        self.list()
            .iter()
            .map(|node| node.text().map(str::to_owned))
            .collect()
    }

    pub(crate) fn table(&self) -> Result<Section<'d>> {
        match self.value.get_ref().as_table() {
            Some(table) => Ok(Section::new(self.document, table, &self.key)),
            None => self.expected("a table"),
        }
    }

    /// A regular expression within the limits that keep a file of others from costing more than it may.
    pub(crate) fn pattern(&self) -> Result<regex::Regex> {
        let text = self.text()?;
        if text.len() > LONGEST_PATTERN {
            return self.fail(format!("the pattern has more than {LONGEST_PATTERN} bytes"));
        }
        regex::RegexBuilder::new(text)
            .size_limit(1 << 20)
            .dfa_size_limit(8 << 20)
            .nest_limit(64)
            .build()
            .map_err(|e| {
                let why = e.to_string();
                let last = why
                    .lines()
                    .last()
                    .unwrap_or("")
                    .trim_start_matches("error: ");
                self.error(format!("the pattern cannot be used: {last}"))
            })
    }
}

/// A table whose keys must all be read.
pub(crate) struct Section<'d> {
    document: Document<'d>,
    table: &'d DeTable<'d>,
    path: String,
    seen: RefCell<Vec<String>>,
}

impl<'d> Section<'d> {
    pub(crate) fn new(document: Document<'d>, table: &'d DeTable<'d>, path: &str) -> Self {
        Self {
            document,
            table,
            path: path.to_owned(),
            seen: RefCell::new(Vec::new()),
        }
    }

    fn key(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, name: &str) -> Option<Node<'d>> {
        self.seen.borrow_mut().push(name.to_owned());
        let (_, value) = self.table.iter().find(|(k, _)| k.get_ref() == name)?;
        Some(Node {
            document: self.document,
            value,
            key: self.key(name),
        })
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<Node<'d>> {
        self.get(name).ok_or_else(|| {
            let line = self
                .table
                .iter()
                .next()
                .map(|(k, _)| self.document.line(k.span().start));
            ProfileError {
                file: self.document.file.to_owned(),
                line,
                key: self.key(name),
                message: "is missing".to_owned(),
            }
        })
    }

    /// Every key with its value, for tables whose keys are data.
    pub(crate) fn entries(&self) -> Vec<(String, Node<'d>)> {
        self.table
            .iter()
            .map(|(key, value)| {
                let name = key.get_ref().to_string();
                self.seen.borrow_mut().push(name.clone());
                let node = Node {
                    document: self.document,
                    value,
                    key: self.key(&name),
                };
                (name, node)
            })
            .collect()
    }

    /// The elements of a list of tables; none when the key is absent.
    pub(crate) fn tables(&self, name: &str) -> Result<Vec<Section<'d>>> {
        match self.get(name) {
            Some(node) => node.list().iter().map(Node::table).collect(),
            None => Ok(Vec::new()),
        }
    }

    /// Refuses keys that nothing asked for.
    pub(crate) fn finish(self) -> Result<()> {
        let seen = self.seen.borrow();
        for (key, _) in self.table {
            if !seen.iter().any(|s| s == key.get_ref()) {
                let mut known: Vec<&str> = seen.iter().map(String::as_str).collect();
                known.sort_unstable();
                known.dedup();
                return Err(ProfileError {
                    file: self.document.file.to_owned(),
                    line: Some(self.document.line(key.span().start)),
                    key: self.key(key.get_ref()),
                    message: format!("is no key of this table; it has {}", known.join(", ")),
                });
            }
        }
        Ok(())
    }
}
