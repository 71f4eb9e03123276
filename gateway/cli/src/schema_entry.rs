//! Where the configuration file says that a subgraph's schema is.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// `{ file: PATH }` or `{ sdl: TEXT }`. Other composers know two forms more, which ask somebody for the schema.
pub(crate) enum SchemaEntry {
    /// A file, relative to the configuration.
    File(PathBuf),
    /// The schema itself.
    Sdl(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    file: Option<PathBuf>,
    sdl: Option<String>,
    subgraph_url: Option<serde::de::IgnoredAny>,
    subgraph: Option<serde::de::IgnoredAny>,
}

impl<'de> Deserialize<'de> for SchemaEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = SchemaEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`schema: { file: PATH }` or `schema: { sdl: TEXT }`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SchemaEntry, E> {
        // A text of several lines is a schema, any other the name of a file.
        let meant = if text.contains('\n') {
            "write `schema: { sdl: … }`".to_owned()
        } else {
            format!("write `schema: {{ file: {text} }}`")
        };
        Err(E::custom(format!("a schema is not a plain text: {meant}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SchemaEntry, A::Error> {
        let fields = Fields::deserialize(MapAccessDeserializer::new(map))?;
        if fields.subgraph_url.is_some() || fields.subgraph.is_some() {
            return Err(A::Error::custom(
                "schemas are read from files and never asked for over the network: write the schema to a file, and \
                 `schema: { file: PATH }`",
            ));
        }
        match (fields.file, fields.sdl) {
            (Some(file), None) => Ok(SchemaEntry::File(file)),
            (None, Some(sdl)) => Ok(SchemaEntry::Sdl(sdl)),
            _ => Err(A::Error::custom("a schema is either `{ file: PATH }` or `{ sdl: TEXT }`")),
        }
    }
}
