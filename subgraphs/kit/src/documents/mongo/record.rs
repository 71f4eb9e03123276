//! A document as a record of the protocol, and back.

use mongodb::bson::{self, Bson, Document as Fields, doc};

use super::{Document, Found, corrupt, filter};
use crate::StoreError;

pub(super) fn fields(document: &Document) -> Result<Fields, StoreError> {
    let mut fields = doc! { "_id": &document.id, "revision": document.revision + 1 };
    for (name, value) in &document.keys {
        fields.insert(*name, filter::value(value));
    }
    let body = bson::serialize_to_bson(&document.body).map_err(corrupt)?;
    fields.insert("body", body);
    Ok(fields)
}

pub(super) fn found(mut fields: Fields) -> Result<Found, StoreError> {
    let body = fields.remove("body").unwrap_or(Bson::Null);
    Ok(Found {
        id: fields.get_str("_id").map_err(corrupt)?.to_owned(),
        revision: fields.get_i64("revision").map_err(corrupt)?,
        body: bson::deserialize_from_bson(body).map_err(corrupt)?,
    })
}

/// A count comes in the narrowest type that a server likes.
pub(super) fn integer(fields: &Fields, name: &str) -> Result<i64, StoreError> {
    match fields.get(name) {
        Some(Bson::Int32(number)) => Ok(i64::from(*number)),
        Some(Bson::Int64(number)) => Ok(*number),
        other => Err(StoreError::corrupt("number", format!("{name} is {other:?}"))),
    }
}
