//! What a definition must hold to, or sagas of it could end half way.

use std::collections::{BTreeMap, BTreeSet};

use super::{Definition, Role, Step};

/// Why a definition cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// Two definitions have one kind and version.
    #[error("{kind} version {version} is defined twice")]
    Twice {
        /// The kind.
        kind: &'static str,
        /// The version.
        version: u32,
    },
    /// A saga has no point of no return, or two.
    #[error("{kind} has {pivots} pivots, and needs one")]
    Pivots {
        /// The kind.
        kind: &'static str,
        /// How many.
        pivots: usize,
    },
    /// A step stands where its role cannot.
    #[error("{kind}: {step} {reason}")]
    Step {
        /// The kind.
        kind: &'static str,
        /// The step.
        step: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Checks all definitions; every error there is.
pub fn check(definitions: &[Definition]) -> Result<(), Vec<DefinitionError>> {
    let (mut errors, mut known, mut kinds) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    for definition in definitions {
        let (kind, version) = (definition.kind, definition.version);
        if !known.insert((kind, version)) {
            errors.push(DefinitionError::Twice { kind, version });
        }
        errors.extend(pivots(definition));
        errors.extend(steps(definition));
        // A saga of which only its steps are left is known by them.
        for step in definition.steps().filter(|step| *kinds.entry(step.name).or_insert(kind) != kind) {
            let reason = "has the name of a step of another kind";
            errors.push(DefinitionError::Step { kind, step: step.name, reason });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn pivots(definition: &Definition) -> Option<DefinitionError> {
    let pivots = definition.steps().filter(|step| step.role == Role::Pivot).count();
    (pivots != 1).then_some(DefinitionError::Pivots { kind: definition.kind, pivots })
}

fn steps(definition: &Definition) -> Vec<DefinitionError> {
    let (mut errors, mut names) = (Vec::new(), BTreeSet::new());
    let (mut done, mut after_pivot) = (BTreeSet::new(), false);
    for stage in definition.stages {
        for step in *stage {
            let reasons = [
                misplaced(step, stage.len(), after_pivot),
                names.contains(step.name).then_some("has the name of another step"),
                unreadable(step, &done),
            ];
            let error = |reason| DefinitionError::Step { kind: definition.kind, step: step.name, reason };
            errors.extend(reasons.into_iter().flatten().map(error));
            names.insert(step.name);
        }
        done.extend(stage.iter().map(|step| step.name));
        after_pivot |= stage.iter().any(|step| step.role == Role::Pivot);
    }
    for (_, source) in definition.result {
        if let Some(step) = source.step().filter(|step| !done.contains(step)) {
            let reason = "is read for the result, and is no step";
            errors.push(DefinitionError::Step { kind: definition.kind, step, reason });
        }
    }
    errors
}

fn misplaced(step: &Step, beside: usize, after_pivot: bool) -> Option<&'static str> {
    match step.role {
        Role::Compensable { undo: "" } => Some("has no undo"),
        Role::Compensable { .. } if after_pivot => Some("can be undone, and stands after the pivot"),
        Role::Retriable | Role::BestEffort if !after_pivot => {
            Some("cannot be undone, and stands before the pivot")
        }
        Role::Pivot if beside > 1 => Some("is the pivot, and has others beside it"),
        Role::Pivot if step.each.is_some() => Some("is the pivot, and is done more than once"),
        _ => None,
    }
}

fn unreadable(step: &Step, done: &BTreeSet<&'static str>) -> Option<&'static str> {
    let reads = step.input.iter().filter_map(|(_, source)| source.step());
    reads.into_iter().any(|read| !done.contains(read)).then_some("reads what no step before it comes to")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{DEFINITIONS, Source, TIMEOUT};

    const A: Step = Step {
        name: "a",
        service: "s",
        operation: "do",
        role: Role::Compensable { undo: "undo" },
        each: None,
        input: &[],
        timeout: TIMEOUT,
    };
    const P: Step = Step { name: "p", role: Role::Pivot, ..A };
    const R: Step = Step { name: "r", role: Role::Retriable, ..A };

    fn of(stages: &'static [&'static [Step]]) -> Vec<String> {
        let definition = Definition { kind: "K", version: 1, asked_by: None, stages, result: &[] };
        let errors = check(&[definition]).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_sagas_of_the_library_hold() {
        assert_eq!(check(DEFINITIONS), Ok(()));
    }

    #[test]
    fn what_could_end_half_way_is_refused() {
        const NO_UNDO: Step = Step { role: Role::Compensable { undo: "" }, ..A };
        const EARLY: Step = Step { input: &[("x", Source::Output("p", ""))], ..A };
        assert_eq!(of(&[&[A], &[P], &[R]]), [""; 0]);
        assert_eq!(of(&[&[A]]), ["K has 0 pivots, and needs one"]);
        assert_eq!(of(&[&[P], &[A]]), ["K: a can be undone, and stands after the pivot"]);
        assert_eq!(of(&[&[R], &[P]]), ["K: r cannot be undone, and stands before the pivot"]);
        assert_eq!(of(&[&[NO_UNDO], &[P]]), ["K: a has no undo"]);
        assert_eq!(of(&[&[A, P]]), ["K: p is the pivot, and has others beside it"]);
        assert_eq!(of(&[&[EARLY], &[P]]), ["K: a reads what no step before it comes to"]);
        assert_eq!(of(&[&[A], &[P], &[Step { name: "a", ..R }]]), ["K: a has the name of another step"]);
        assert_eq!(of(&[&[A, A], &[P]]), ["K: a has the name of another step"]);
        let [one, other] = ["K", "L"].map(|kind| Definition {
            kind,
            version: 1,
            asked_by: None,
            stages: &[&[P]],
            result: &[],
        });
        let reason = "has the name of a step of another kind";
        assert_eq!(check(&[one, other]), Err(vec![DefinitionError::Step { kind: "L", step: "p", reason }]));
    }
}
