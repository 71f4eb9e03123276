//! A response on its way to text: keys in order, leaves as they were written.

/// A value of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    /// JSON text.
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Compact JSON.
    pub(crate) fn print(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Text(text) => out.push_str(text),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    item.print(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (index, (key, value)) in fields.iter().enumerate() {
                    out.push_str(if index > 0 { ",\"" } else { "\"" });
                    // Names need no escapes.
                    out.push_str(key);
                    out.push_str("\":");
                    value.print(out);
                }
                out.push('}');
            }
        }
    }

    /// What stands at a path, as far as it leads: the length of the path that was followed, and the value.
    pub(crate) fn at(&self, path: &[Step]) -> (usize, &Self) {
        let mut value = self;
        for (length, step) in path.iter().enumerate() {
            let next = match (value, step) {
                (Self::Object(fields), Step::Key(key)) => {
                    fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
                }
                (Self::List(items), Step::Index(index)) => items.get(*index),
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => return (length, value),
            }
        }
        (path.len(), value)
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// An error of a response. `message` is `None` for an error that the specification has and nobody worded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FieldError {
    pub(crate) path: Vec<Step>,
    pub(crate) message: Option<String>,
}
