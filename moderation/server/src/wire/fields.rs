//! The fields of one JSON object, taken out one by one; what is left at the end is unknown.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Characters of a wrong value that are repeated to its sender.
const SHOWN: usize = 40;

pub(super) struct Fields {
    /// Whose fields, for people.
    of: String,
    map: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Fields {
    pub(super) fn new(of: impl Into<String>, map: Map<String, Value>) -> Self {
        Self {
            of: super::cut(&of.into(), SHOWN),
            map,
            known: Vec::new(),
        }
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// Its name and what is `right` when it is missing or something else.
    pub(super) fn need<T: DeserializeOwned>(
        &mut self,
        field: &'static str,
        right: &str,
    ) -> Result<T, String> {
        self.may(field, right)?
            .ok_or_else(|| format!("{}: {field} is missing, {right}", self.of))
    }

    /// A field that may be absent or `null`.
    ///
    /// # Errors
    /// Its name and what is `right` when it is something else.
    pub(super) fn may<T: DeserializeOwned>(
        &mut self,
        field: &'static str,
        right: &str,
    ) -> Result<Option<T>, String> {
        match self.take(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.read(field, right, value).map(Some),
        }
    }

    /// A field in which `null` says something other than absence.
    ///
    /// # Errors
    /// As [`Fields::may`].
    #[expect(
        clippy::option_option,
        reason = "absent, null and a value are three things"
    )]
    pub(super) fn present<T: DeserializeOwned>(
        &mut self,
        field: &'static str,
        right: &str,
    ) -> Result<Option<Option<T>>, String> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => self
                .read(field, right, value)
                .map(|value| Some(Some(value))),
        }
    }

    /// Whether the field was sent.
    pub(super) fn has(&self, field: &str) -> bool {
        self.map.contains_key(field)
    }

    /// All fields that were not taken yet.
    pub(super) fn rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.map)
    }

    /// Nothing more is expected.
    ///
    /// # Errors
    /// The name of a field nobody asked for, and those there are.
    pub(super) fn end(self) -> Result<(), String> {
        let Some(unknown) = self.map.keys().next() else {
            return Ok(());
        };
        let known = if self.known.is_empty() {
            "no fields".to_owned()
        } else {
            self.known.join(", ")
        };
        let unknown = super::cut(unknown, SHOWN);
        Err(format!(
            "{}: there is no field {unknown:?}, only {known}",
            self.of
        ))
    }

    fn take(&mut self, field: &'static str) -> Option<Value> {
        self.known.push(field);
        self.map.remove(field)
    }

    fn read<T: DeserializeOwned>(
        &self,
        field: &str,
        right: &str,
        value: Value,
    ) -> Result<T, String> {
        let text = value.to_string();
        serde_json::from_value(value).map_err(|_| {
            let cut = text.chars().count() > SHOWN;
            let shown = super::cut(&text, SHOWN);
            let dots = if cut { "…" } else { "" };
            format!("{}: {field}: expected {right}, not {shown}{dots}", self.of)
        })
    }
}
