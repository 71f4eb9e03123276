//! Identifiers of the whole graph (Relay's Global Object Identification): a type and a key in one text that
//! clients take as it is, base64url of `Type:key`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The identifier of an entity.
#[must_use]
pub fn global(type_name: &str, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{type_name}:{key}"))
}

/// The type and the key of an identifier; `None` for what is none.
#[must_use]
pub fn split(id: &str) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (type_name, key) = text.split_once(':')?;
    let named = type_name.starts_with(|first: char| first.is_ascii_alphabetic());
    (named && !key.is_empty()).then(|| (type_name.to_owned(), key.to_owned()))
}

/// The key of an entity of this type; `None` for an identifier of anything else.
#[must_use]
pub fn key_of(type_name: &str, id: &str) -> Option<String> {
    split(id).filter(|(named, _)| named == type_name).map(|(_, key)| key)
}

/// The key that a client means where the entity's own key is called `id`: it may give that as well.
#[must_use]
pub fn local(type_name: &str, id: &str) -> String {
    key_of(type_name, id).unwrap_or_else(|| id.to_owned())
}

/// The key of an entity of any type whose own key is called `id`: clients may give that as well.
#[must_use]
pub fn own_key(id: &str) -> String {
    split(id).map_or_else(|| id.to_owned(), |(_, own)| own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_leads_back_to_its_type_and_key() {
        let id = global("Comment", "2021/2:9780439023481");
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{id}");
        assert_eq!(split(&id), Some(("Comment".into(), "2021/2:9780439023481".into())));
        assert_eq!(key_of("Book", &id), None);
        assert_eq!(local("Comment", "2021/2:9780439023481"), "2021/2:9780439023481");
        assert_eq!(local("Comment", &id), "2021/2:9780439023481");
        assert_eq!(local("Book", &id), id, "an identifier of something else is no key");
    }

    #[test]
    fn what_is_no_identifier_is_none() {
        for text in ["", "x", "Qm9vaw", "Qm9vazo", "OmtleQ", "!!!", "2021/2", "Qm9vazp4=="] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
