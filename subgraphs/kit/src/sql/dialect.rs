//! The few words that the engines spell differently. Statements are written in PostgreSQL's spelling, with
//! `now_ms()` for the engine's own clock in ms.

/// What both engines' statements may say for the time on the engine's clock.
const NOW: &str = "now_ms()";

/// A statement as PostgreSQL takes it.
pub(super) fn postgres(text: &str) -> String {
    text.replace(NOW, "(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
}

/// A statement as SQLite takes it. Its write transactions exclude one another, so nothing is locked in them.
pub(super) fn sqlite(text: &str) -> String {
    let text = text.replace(NOW, "CAST(unixepoch('subsec') * 1000 AS INTEGER)");
    let text = text.replace(" FOR UPDATE SKIP LOCKED", "").replace(" FOR UPDATE", "");
    records(&any(&text))
}

/// `= ANY($n)` becomes a list in JSON.
fn any(text: &str) -> String {
    replace_each(text, "= ANY(", |out, rest| {
        let (parameter, rest) = rest.split_once(')').unwrap_or((rest, ""));
        out.push_str("IN (SELECT value FROM json_each(");
        out.push_str(parameter);
        out.push_str("))");
        rest
    })
}

/// `jsonb_to_recordset($n::jsonb) AS name(column type, …)` becomes a table over the elements of a list.
fn records(text: &str) -> String {
    replace_each(text, "jsonb_to_recordset(", |out, rest| {
        let (parameter, rest) = rest.split_once("::jsonb) AS ").unwrap_or((rest, ""));
        let (name, rest) = rest.split_once('(').unwrap_or((rest, ""));
        let (columns, rest) = rest.split_once(')').unwrap_or((rest, ""));
        let mut between = "(SELECT ";
        for column in columns.split(',').filter_map(|column| column.split_whitespace().next()) {
            out.push_str(between);
            out.extend(["json_extract(value, '$.", column, "') AS ", column]);
            between = ", ";
        }
        out.extend([" FROM json_each(", parameter, ")) AS ", name]);
        rest
    })
}

/// Copies a text, and lets `write` replace what follows each `mark`; it returns what it leaves to copy.
fn replace_each<'t>(text: &'t str, mark: &str, write: impl Fn(&mut String, &'t str) -> &'t str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(mark) {
        out.push_str(before);
        rest = write(&mut out, after);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::sqlite;

    #[test]
    fn any_becomes_a_json_list() {
        assert_eq!(
            sqlite("SELECT 1 WHERE a = ANY($1) AND b = $2 AND (c = ANY($3))"),
            "SELECT 1 WHERE a IN (SELECT value FROM json_each($1)) AND b = $2 \
             AND (c IN (SELECT value FROM json_each($3)))"
        );
    }

    #[test]
    fn records_become_a_table_of_json() {
        assert_eq!(
            sqlite("SELECT * FROM jsonb_to_recordset($2::jsonb) AS u(stream text, seq bigint) WHERE true"),
            "SELECT * FROM (SELECT json_extract(value, '$.stream') AS stream, json_extract(value, '$.seq') AS seq \
             FROM json_each($2)) AS u WHERE true"
        );
    }
}
