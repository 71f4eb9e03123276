//! Small supergraphs and operations by chance, as plain data that a planner of its own can search.

use std::fmt::Write as _;

use crate::chance::Chance;
use crate::schema::supergraph;

/// A supergraph with an operation.
pub(crate) struct Puzzle {
    pub(crate) subgraphs: usize,
    /// The root type first.
    pub(crate) types: Vec<Kind>,
    /// The root's selection set.
    pub(crate) wanted: Vec<Wanted>,
}

/// An object type.
pub(crate) struct Kind {
    /// By subgraph: its keys there, each a field; nothing where it has none.
    pub(crate) keys: Vec<Vec<usize>>,
    pub(crate) fields: Vec<Field>,
}

/// A field of a type.
pub(crate) struct Field {
    /// By subgraph: how it is had there.
    pub(crate) had: Vec<Had>,
    /// The type that it leads to; a leaf has none.
    pub(crate) to: Option<usize>,
}

/// How a subgraph has a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Had {
    /// It does not.
    No,
    /// It resolves it.
    Yes,
    /// It resolves it out of another field of the type.
    From(usize),
}

/// A field that is asked for.
pub(crate) struct Wanted {
    pub(crate) field: usize,
    pub(crate) below: Vec<Wanted>,
}

impl Puzzle {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let subgraphs = 3 + chance.below(3);
        let count = 2 + chance.below(3);
        let mut types = vec![Kind::root(subgraphs, count, &mut chance)];
        for _ in 0..count {
            types.push(Kind::entity(subgraphs, count, &mut chance));
        }
        let mut puzzle = Self { subgraphs, types, wanted: Vec::new() };
        let mut left = 4 + chance.below(8);
        puzzle.wanted = puzzle.wants(0, 3, &mut left, &mut chance);
        puzzle
    }

    fn wants(&self, ty: usize, depth: usize, left: &mut usize, chance: &mut Chance) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (field, definition) in self.types[ty].fields.iter().enumerate() {
            if *left == 0 || !chance.percent(60) {
                continue;
            }
            match definition.to {
                None => {
                    *left -= 1;
                    wanted.push(Wanted { field, below: Vec::new() });
                }
                Some(to) if depth > 0 => {
                    let below = self.wants(to, depth - 1, left, chance);
                    if !below.is_empty() {
                        wanted.push(Wanted { field, below });
                    }
                }
                Some(_) => {}
            }
        }
        wanted
    }

    /// The supergraph's SDL.
    pub(crate) fn sdl(&self) -> String {
        let mut types = String::new();
        for (number, kind) in self.types.iter().enumerate() {
            let name = if number == 0 { "Query".to_owned() } else { format!("T{number}") };
            let _ = write!(types, "type {name}");
            for (graph, keys) in kind.keys.iter().enumerate() {
                for key in keys {
                    let _ = write!(types, " @join__type(graph: S{graph}, key: \"f{key}\")");
                }
                if keys.is_empty() {
                    let _ = write!(types, " @join__type(graph: S{graph})");
                }
            }
            types.push_str(" {");
            for (field, definition) in kind.fields.iter().enumerate() {
                let ty = definition.to.map_or("Int".to_owned(), |to| format!("T{to}"));
                let _ = write!(types, " f{field}: {ty}");
                for (graph, had) in definition.had.iter().enumerate() {
                    match had {
                        Had::No if kind.is_sent(field, graph) => {
                            let _ = write!(types, " @join__field(graph: S{graph}, external: true)");
                        }
                        Had::No => {}
                        Had::Yes => {
                            let _ = write!(types, " @join__field(graph: S{graph})");
                        }
                        Had::From(other) => {
                            let _ = write!(types, " @join__field(graph: S{graph}, requires: \"f{other}\")");
                        }
                    }
                }
            }
            types.push_str(" }\n");
        }
        supergraph(self.subgraphs, &types)
    }

    /// The operation's text.
    pub(crate) fn operation(&self) -> String {
        let mut text = String::new();
        write_set(&self.wanted, &mut text);
        text
    }
}

fn write_set(wanted: &[Wanted], text: &mut String) {
    text.push('{');
    for one in wanted {
        let _ = write!(text, " f{}", one.field);
        if !one.below.is_empty() {
            text.push(' ');
            write_set(&one.below, text);
        }
    }
    text.push_str(" }");
}

impl Kind {
    /// Fields that lead to each entity, from some of the subgraphs.
    fn root(subgraphs: usize, count: usize, chance: &mut Chance) -> Self {
        let fields =
            (1..=count).map(|to| Field { had: some(subgraphs, 1 + chance.below(3), chance), to: Some(to) });
        Self { keys: vec![Vec::new(); subgraphs], fields: fields.collect() }
    }

    /// Two fields that serve as keys, leaves in one or more subgraphs, and fields that lead to others.
    fn entity(subgraphs: usize, count: usize, chance: &mut Chance) -> Self {
        let mut keys = Vec::new();
        let mut key_fields = [vec![Had::No; subgraphs], vec![Had::No; subgraphs]];
        for graph in 0..subgraphs {
            // Most know the first key; some only the second, some both, some are not entered at all.
            let known: &[usize] = match chance.below(10) {
                0..6 => &[0],
                6..8 => &[1],
                8 => &[0, 1],
                _ => &[],
            };
            keys.push(known.to_vec());
            for &key in known {
                key_fields[key][graph] = Had::Yes;
            }
            for field in &mut key_fields {
                if chance.percent(25) {
                    field[graph] = Had::Yes;
                }
            }
        }
        let mut fields: Vec<_> = key_fields.into_iter().map(|had| Field { had, to: None }).collect();
        let leaves = 2 + chance.below(4);
        for _ in 0..leaves {
            fields.push(Field { had: some(subgraphs, 1 + chance.below(3), chance), to: None });
        }
        for _ in 0..=chance.below(2) {
            let to = Some(1 + chance.below(count));
            fields.push(Field { had: some(subgraphs, 1 + chance.below(3), chance), to });
        }
        for (graph, own_keys) in keys.iter().enumerate() {
            let (out_of, field) = (2 + chance.below(leaves), 2 + chance.below(leaves));
            let computed = field > out_of && fields[field].had[graph] == Had::Yes;
            if computed && fields[out_of].had[graph] == Had::No && !own_keys.is_empty() && chance.percent(50)
            {
                fields[field].had[graph] = Had::From(out_of);
            }
        }
        Self { keys, fields }
    }

    /// Whether a field that a subgraph does not have is sent there, since another is computed out of it.
    fn is_sent(&self, field: usize, graph: usize) -> bool {
        self.fields.iter().any(|other| other.had[graph] == Had::From(field))
    }
}

/// About so many of the subgraphs.
fn some(subgraphs: usize, count: usize, chance: &mut Chance) -> Vec<Had> {
    let mut had = vec![Had::No; subgraphs];
    for _ in 0..count {
        had[chance.below(subgraphs)] = Had::Yes;
    }
    had
}
