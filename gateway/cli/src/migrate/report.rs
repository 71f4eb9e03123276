//! What services told, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::service::{Answers, Standing, Step};

/// What was found.
pub(super) enum Report {
    /// How services stand.
    Status(Answers<Standing>),
    /// Their steps that take something away.
    Contract(Answers<Vec<Step>>),
}

impl Report {
    /// What is not as it should be, in one line.
    pub(super) fn against(&self) -> Option<String> {
        let (away, held) = match self {
            Self::Status(answers) => (silent(answers), 0),
            Self::Contract(answers) => {
                let steps = answers.iter().filter_map(|(_, answer)| answer.as_ref().ok()?.as_ref());
                (silent(answers), steps.flatten().filter(|step| !step.unmet.is_empty()).count())
            }
        };
        match (away, held) {
            (0, 0) => None,
            (0, held) => Some(format!("steps that something speaks against: {held}")),
            (away, 0) => Some(format!("services that do not tell: {away}")),
            (away, held) => Some(format!(
                "services that do not tell: {away}; steps that something speaks against: {held}"
            )),
        }
    }

    pub(super) fn json(&self) -> String {
        match self {
            Self::Status(answers) => json(answers),
            Self::Contract(answers) => json(answers),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Status(answers) => text(answers, status),
            Self::Contract(answers) => text(answers, steps),
        }
    }
}

fn silent<T>(answers: &Answers<T>) -> usize {
    answers.iter().filter(|(_, answer)| answer.is_err()).count()
}

fn json<T: Serialize>(answers: &Answers<T>) -> String {
    let services = answers.iter().map(|(name, answer)| match answer {
        Ok(told) => json!({ "service": name, "told": told }),
        Err(why) => json!({ "service": name, "error": why }),
    });
    json!({ "services": services.collect::<Vec<Value>>() }).to_string()
}

fn text<T>(answers: &Answers<T>, told: impl Fn(&mut String, &T)) -> String {
    let mut out = String::new();
    for (name, answer) in answers {
        match answer {
            Err(why) => push(&mut out, format_args!("{name}: does not tell: {why}")),
            Ok(None) => push(&mut out, format_args!("{name}: keeps nothing")),
            Ok(Some(answer)) => {
                push(&mut out, format_args!("{name}:"));
                told(&mut out, answer);
            }
        }
    }
    out
}

fn status(out: &mut String, standing: &Standing) {
    for applied in &standing.ledger {
        let (owner, version, name, phase) = (&applied.owner, applied.version, &applied.name, &applied.phase);
        push(out, format_args!("  applied  {owner}/{version:04} {name} ({phase}, by {})", applied.by));
    }
    for pending in &standing.pending {
        push(out, format_args!("  pending  {} {} ({})", pending.step, pending.name, pending.phase));
        for required in &pending.requires {
            push(out, format_args!("           requires {required}"));
        }
    }
    for process in &standing.processes {
        push(out, format_args!("  process  {} runs {}", process.id, process.release));
    }
    for (what, kind) in
        [("eventSchemas", "event"), ("sagaDefinitions", "saga"), ("documents", "documents of")]
    {
        for (name, oldest) in standing.minima[what].as_object().into_iter().flatten() {
            push(out, format_args!("  in use   {kind} {name}, oldest {oldest}"));
        }
    }
}

fn steps(out: &mut String, steps: &Vec<Step>) {
    if steps.is_empty() {
        push(out, format_args!("  nothing to take away"));
    }
    for step in steps {
        let now = match (step.applied, step.unmet.is_empty()) {
            (true, _) => "applied",
            (false, true) => "can be applied",
            (false, false) => "must wait",
        };
        push(out, format_args!("  {} {}: {now}", step.id, step.name));
        for required in &step.requires {
            push(out, format_args!("    requires {required}"));
        }
        for unmet in &step.unmet {
            push(out, format_args!("    but {unmet}"));
        }
    }
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string succeeds.
    let _ = writeln!(out, "{line}");
}
