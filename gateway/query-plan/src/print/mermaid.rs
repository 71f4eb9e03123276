//! A plan as a Mermaid flowchart: a box a request, an arrow to each that needs its answer.

use std::fmt::Write as _;

use super::why::Reason;

pub(super) fn write(reasons: &[Reason]) -> String {
    let mut text = String::from("flowchart LR\n");
    for reason in reasons {
        let paths: Vec<_> = reason.keys.iter().map(|key| key.path.as_str()).collect();
        let at = if paths.is_empty() { String::new() } else { format!("<br/>{}", paths.join("<br/>")) };
        let _ = writeln!(text, "  f{}[\"{}. {}{at}\"]", reason.fetch, reason.fetch, reason.service_name);
    }
    for reason in reasons {
        let mut keys: Vec<_> = reason.keys.iter().flat_map(|key| &key.fields).map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        let label = if keys.is_empty() { String::new() } else { format!("|\"{}\"|", keys.join(" ")) };
        for before in &reason.after {
            let _ = writeln!(text, "  f{before} -->{label} f{}", reason.fetch);
        }
    }
    text
}
