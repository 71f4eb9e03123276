//! Where the values of an operation's input come from.

use serde_json::{Map, Value, json};

use crate::saga::Saga;

/// A value: from the saga's input, from what its steps came to, or from the saga itself. Places are JSON
/// pointers (RFC 6901); what is not there is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the saga's input.
    Input(&'static str),
    /// In the item that the step is done for.
    Item(&'static str),
    /// In what a step came to.
    Output(&'static str, &'static str),
    /// In what each instance of a step came to, as a list.
    Outputs(&'static str, &'static str),
    /// When the saga began, in ms.
    BeganAt,
}

impl Source {
    /// The step whose output it reads.
    #[must_use]
    pub fn step(&self) -> Option<&'static str> {
        match self {
            Self::Output(step, _) | Self::Outputs(step, _) => Some(step),
            Self::Input(_) | Self::Item(_) | Self::BeganAt => None,
        }
    }

    /// Whether it is of what the saga was given, which its coordinator alone knows.
    #[must_use]
    pub fn is_given(&self) -> bool {
        matches!(self, Self::Input(_) | Self::Item(_))
    }

    fn read(self, saga: &Saga, item: &Value) -> Value {
        let at = |value: &Value, place: &str| value.pointer(place).cloned().unwrap_or(Value::Null);
        match self {
            Self::Input(place) => at(&saga.input, place),
            Self::Item(place) => at(item, place),
            Self::Output(step, place) => {
                saga.outputs_of(step).next().map_or(Value::Null, |output| at(output, place))
            }
            Self::Outputs(step, place) => saga.outputs_of(step).map(|output| at(output, place)).collect(),
            Self::BeganAt => json!(saga.created_at),
        }
    }
}

/// The values of these names.
#[must_use]
pub fn gather(sources: &[(&'static str, Source)], saga: &Saga, item: &Value) -> Value {
    let values = sources.iter().map(|(name, source)| ((*name).to_owned(), source.read(saga, item)));
    Value::Object(values.collect::<Map<_, _>>())
}
