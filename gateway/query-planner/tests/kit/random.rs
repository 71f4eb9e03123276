//! Supergraphs and operations by chance, the same ones for the same seed.

use std::fmt::Write as _;

use crate::chance::Chance;
use crate::schema::{fields, joined, supergraph};

/// A supergraph of entities, as large companies have them: two for each subgraph, each of which a few others extend; one in
/// twenty is a hub that a third of all subgraphs extend.
pub(crate) struct Landscape {
    pub(crate) sdl: String,
    types: Vec<Entity>,
}

struct Entity {
    /// Where it is an entity: the owner first.
    graphs: Vec<usize>,
    /// Where only its key is known, since something leads to it.
    stubs: Vec<usize>,
    /// Whether some of its subgraphs know it by a second key.
    by_code: bool,
    leaves: Vec<String>,
    /// Fields with the subgraph that has them and the type that they lead to.
    links: Vec<(String, usize, usize)>,
}

impl Landscape {
    pub(crate) fn new(subgraphs: usize, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let count = subgraphs * 2;
        let mut types: Vec<_> =
            (0..count).map(|number| Entity::new(number, subgraphs, &mut chance)).collect();
        for number in 0..count {
            for at in 0..types[number].graphs.len() {
                let graph = types[number].graphs[at];
                for link in 0..=chance.below(2) {
                    let to = chance.below(count);
                    types[number].links.push((format!("g{at}t{link}"), graph, to));
                    if !types[to].graphs.contains(&graph) && !types[to].stubs.contains(&graph) {
                        types[to].stubs.push(graph);
                    }
                }
            }
        }
        let mut root = format!("type Query{} {{", joined(0..subgraphs));
        let mut sdl = String::new();
        for (number, entity) in types.iter_mut().enumerate() {
            let _ = write!(root, " t{number}: T{number}{}", fields([entity.graphs[0]]));
            entity.write(number, &mut chance, &mut sdl);
        }
        let _ = write!(root, " }}{sdl}");
        Self { sdl: supergraph(subgraphs, &root), types }
    }

    /// An operation with about so many fields, at most eight levels deep.
    pub(crate) fn operation(&self, fields: usize, seed: u64) -> String {
        let mut chance = Chance::new(seed ^ 0x5EED);
        let mut text = String::from("{");
        let mut left = fields;
        let mut number = 0;
        while left > 0 {
            let ty = chance.below(self.types.len());
            let _ = write!(text, " r{number}: t{ty}");
            left -= 1;
            self.selection_set(ty, 7, &mut left, &mut chance, &mut text);
            number += 1;
        }
        text.push_str(" }");
        text
    }

    fn selection_set(
        &self,
        ty: usize,
        depth: usize,
        left: &mut usize,
        chance: &mut Chance,
        text: &mut String,
    ) {
        let entity = &self.types[ty];
        text.push_str(" { id");
        for leaf in &entity.leaves {
            if *left > 0 && chance.percent(40) {
                let _ = write!(text, " {leaf}");
                *left -= 1;
            }
        }
        for (link, _, to) in &entity.links {
            if *left > 1 && depth > 0 && chance.percent(50) {
                let _ = write!(text, " {link}");
                *left -= 1;
                self.selection_set(*to, depth - 1, left, chance, text);
            }
        }
        text.push_str(" }");
    }
}

impl Entity {
    fn new(number: usize, subgraphs: usize, chance: &mut Chance) -> Self {
        let extending = if number.is_multiple_of(20) { subgraphs / 3 } else { chance.below(6) };
        let mut graphs = vec![number % subgraphs];
        for _ in 0..extending {
            let graph = chance.below(subgraphs);
            if !graphs.contains(&graph) {
                graphs.push(graph);
            }
        }
        let by_code = chance.percent(30);
        Self { graphs, stubs: Vec::new(), by_code, leaves: Vec::new(), links: Vec::new() }
    }

    /// Whether the subgraph at a place knows it by its second key alone: every third, where there is one. The owner knows both.
    fn is_by_code(&self, at: usize) -> bool {
        self.by_code && at % 3 == 2
    }

    fn write(&mut self, number: usize, chance: &mut Chance, sdl: &mut String) {
        let _ = write!(sdl, " type T{number}");
        let mut with_id = self.stubs.clone();
        let mut with_code = Vec::new();
        for (at, &graph) in self.graphs.iter().enumerate() {
            let key = if self.is_by_code(at) { "code" } else { "id" };
            let _ = write!(sdl, " @join__type(graph: S{graph}, key: \"{key}\")");
            if self.is_by_code(at) || at == 0 {
                with_code.push(graph);
            }
            if self.by_code && at == 0 {
                let _ = write!(sdl, " @join__type(graph: S{graph}, key: \"code\")");
            }
            if !self.is_by_code(at) {
                with_id.push(graph);
            }
        }
        for graph in &self.stubs {
            let _ = write!(sdl, " @join__type(graph: S{graph}, key: \"id\", resolvable: false)");
        }
        let _ = write!(sdl, " {{ id: ID{}", fields(with_id));
        if self.by_code {
            let _ = write!(sdl, " code: ID{}", fields(with_code));
        }
        for at in 0..self.graphs.len() {
            self.extend(at, chance, sdl);
        }
        for (name, graph, to) in &self.links {
            let _ = write!(sdl, " {name}: T{to} @join__field(graph: S{graph})");
        }
        sdl.push_str(" }");
    }

    /// The leaves that one subgraph adds.
    fn extend(&mut self, at: usize, chance: &mut Chance, sdl: &mut String) {
        let graph = self.graphs[at];
        for leaf in 0..=chance.below(if at == 0 { 6 } else { 3 }) {
            let name = format!("g{at}l{leaf}");
            let _ = write!(sdl, " {name}: Int{}", fields([graph]));
            let other = self.graphs[chance.below(self.graphs.len())];
            if other != graph && chance.percent(30) {
                sdl.push_str(&fields([other]));
            } else if other != graph && at > 0 && leaf > 0 && chance.percent(20) {
                // What another subgraph computes out of it.
                let _ = write!(sdl, " @join__field(graph: S{other}, external: true) {name}x: Int");
                let _ = write!(sdl, " @join__field(graph: S{other}, requires: \"{name}\")");
                self.leaves.push(format!("{name}x"));
            }
            self.leaves.push(name);
        }
    }
}
