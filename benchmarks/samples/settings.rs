//! A small settings file: sections in brackets, `key = value` lines, comments behind `#`.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, PartialEq)]
pub enum ParseError {
    UnclosedSection { line: usize },
    MissingEquals { line: usize },
    DuplicateKey { line: usize, key: String },
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::UnclosedSection { line } => write!(f, "line {line}: section without ]"),
            ParseError::MissingEquals { line } => write!(f, "line {line}: no = in this line"),
            ParseError::DuplicateKey { line, key } => write!(f, "line {line}: {key} comes twice"),
        }
    }
}

impl std::error::Error for ParseError {}

#[derive(Debug, Default)]
pub struct Settings {
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

impl Settings {
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        let mut settings = Settings::default();
        let mut section = String::new();
        for (index, raw) in source.lines().enumerate() {
            let line = index + 1;
            let text = raw.split('#').next().unwrap_or("").trim();
            if text.is_empty() {
                continue;
            }
            if let Some(rest) = text.strip_prefix('[') {
                let name = rest.strip_suffix(']').ok_or(ParseError::UnclosedSection { line })?;
                section = name.trim().to_string();
                continue;
            }
            let (key, value) = text.split_once('=').ok_or(ParseError::MissingEquals { line })?;
            let key = key.trim().to_string();
            let entries = settings.sections.entry(section.clone()).or_default();
            if entries.contains_key(&key) {
                return Err(ParseError::DuplicateKey { line, key });
            }
            entries.insert(key, value.trim().to_string());
        }
        Ok(settings)
    }

    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.sections.get(section)?.get(key).map(String::as_str)
    }

    pub fn number(&self, section: &str, key: &str) -> Option<f64> {
        self.get(section, key)?.parse().ok()
    }

    pub fn keys(&self, section: &str) -> Vec<&str> {
        match self.sections.get(section) {
            Some(entries) => entries.keys().map(String::as_str).collect(),
            None => Vec::new(),
        }
    }
}
