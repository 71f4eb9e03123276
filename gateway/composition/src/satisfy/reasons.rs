//! Why none of the subgraphs gives a field of an object that was reached.
//!
//! The subgraphs that have the object say why they do not give the field; those that would give it say what keeps them from being asked.

use octavo_query_graph::Entry;
use octavo_supergraph::{FieldId, FieldSelection, FieldSet, SubgraphId, Supergraph, TypeId};

use super::moves::Moves;
use super::place::Place;

/// The reasons, a line each.
pub(crate) struct Reasons {
    pub(crate) lines: Vec<String>,
    /// Who resolves the field, and on which type.
    pub(crate) resolvers: Vec<(SubgraphId, TypeId)>,
    /// What can be done.
    pub(crate) help: String,
}

impl Reasons {
    /// Why an object's field cannot be had.
    pub(crate) fn of_field<'g>(
        moves: &mut Moves<'g>,
        reached: &[Place<'g>],
        ty: TypeId,
        field: FieldId,
    ) -> Self {
        let mut asking = Asking { moves, reached, ty };
        let resolvers = asking.resolvers(field);
        let mut lines = asking.here(field);
        let mut elsewhere = Vec::new();
        for &(subgraph, _) in &resolvers {
            if !asking.is_reached(subgraph) {
                elsewhere.push((subgraph, asking.out_of_reach(subgraph)));
            }
        }
        let supergraph = asking.moves.supergraph;
        let help = help(supergraph, ty, &elsewhere);
        for (subgraph, reason) in elsewhere {
            let name = supergraph.subgraph_name(subgraph);
            lines.push(format!("`{name}` resolves it, but {}", reason.text()));
        }
        if resolvers.is_empty() {
            lines.push("no subgraph resolves it".to_owned());
        }
        Self { lines, resolvers, help }
    }

    /// Why nobody can tell which object it is.
    pub(crate) fn of_type<'g>(moves: &mut Moves<'g>, reached: &[Place<'g>], ty: TypeId) -> Self {
        let supergraph = moves.supergraph;
        let mut lines = Vec::new();
        for place in reached {
            let (name, interface) =
                (supergraph.subgraph_name(place.subgraph), supergraph.type_name(place.ty));
            lines.push(format!(
                "`{name}` has `{interface}` as an `@interfaceObject`, and so cannot tell which object it is"
            ));
        }
        let mut asking = Asking { moves, reached, ty };
        let mut elsewhere = Vec::new();
        for join in supergraph.ty(ty).joins.iter().filter(|join| !join.interface_object) {
            elsewhere.push((join.subgraph, asking.out_of_reach(join.subgraph)));
        }
        let help = help(supergraph, ty, &elsewhere);
        for (subgraph, reason) in elsewhere {
            let name = supergraph.subgraph_name(subgraph);
            lines.push(format!("`{name}` could tell, but {}", reason.text()));
        }
        Self { lines, resolvers: Vec::new(), help }
    }
}

/// What keeps a subgraph from being asked for an object.
enum Barrier {
    NoKey {
        ty: String,
    },
    NotResolvable {
        keys: String,
    },
    /// What each key needs and nobody gives.
    Unknown {
        keys: Vec<(String, String)>,
    },
    /// Keys lead there, but only by asking it first.
    Circular,
}

impl Barrier {
    fn text(&self) -> String {
        match self {
            Self::NoKey { ty } => format!("it has no `@key` on `{ty}` to be asked by"),
            Self::NotResolvable { keys } => {
                format!("it cannot be asked by its key {keys}, which is `resolvable: false`")
            }
            Self::Unknown { keys } => {
                let parts: Vec<String> =
                    keys.iter().map(|(key, missing)| format!("its key `{key}` needs {missing}")).collect();
                parts.join(", and ")
            }
            Self::Circular => "its keys can be told only by asking it already".to_owned(),
        }
    }
}

fn help(supergraph: &Supergraph, ty: TypeId, elsewhere: &[(SubgraphId, Barrier)]) -> String {
    let parent = supergraph.type_name(ty);
    let named = |subgraph: &SubgraphId| supergraph.subgraph_name(*subgraph).to_owned();
    match elsewhere.first() {
        Some((subgraph, Barrier::NoKey { .. })) => format!(
            "give `{parent}` a `@key` in `{}` that the other subgraphs have too, or resolve the field in them",
            named(subgraph)
        ),
        Some((subgraph, Barrier::NotResolvable { .. })) => {
            format!("let `{}` resolve its key, or resolve the field in the other subgraphs", named(subgraph))
        }
        Some((subgraph, Barrier::Unknown { .. } | Barrier::Circular)) => format!(
            "let a subgraph that is reached give a key of `{}`, or give `{parent}` a key there that they have",
            named(subgraph)
        ),
        None => "resolve what is missing in a subgraph that the query reaches".to_owned(),
    }
}

/// One object, from the places where it was reached.
struct Asking<'g, 'm, 'p> {
    moves: &'m mut Moves<'g>,
    reached: &'p [Place<'g>],
    ty: TypeId,
}

impl<'g> Asking<'g, '_, '_> {
    fn is_reached(&self, subgraph: SubgraphId) -> bool {
        self.reached.iter().any(|place| place.subgraph == subgraph)
    }

    /// Who resolves the field on the object's type, or on an interface that it has as an object.
    fn resolvers(&self, field: FieldId) -> Vec<(SubgraphId, TypeId)> {
        let (graph, supergraph) = (self.moves.graph, self.moves.supergraph);
        let name = supergraph.field(field).name;
        let mut found: Vec<(SubgraphId, TypeId)> =
            graph.accesses(field).map(|access| (access.subgraph, self.ty)).collect();
        for &interface in graph.interfaces(self.ty) {
            let Some(field) = supergraph.field_with(interface, name) else { continue };
            let accesses = graph.accesses(field).map(|access| access.subgraph);
            let objects = accesses.filter(|subgraph| graph.is_interface_object(*subgraph, interface));
            found.extend(objects.map(|subgraph| (subgraph, interface)));
        }
        found
    }

    /// Why the subgraphs that have the object do not give the field.
    fn here(&mut self, field: FieldId) -> Vec<String> {
        let supergraph = self.moves.supergraph;
        let mut without: Vec<String> = Vec::new();
        let mut lines = Vec::new();
        let mut seen = Vec::new();
        for place in self.reached {
            if seen.contains(&place.subgraph) {
                continue;
            }
            seen.push(place.subgraph);
            let name = supergraph.subgraph_name(place.subgraph);
            match self.refusal(place, field) {
                Some(reason) => lines.push(format!("`{name}` {reason}")),
                None => without.push(format!("`{name}`")),
            }
        }
        if let Some((last, others)) = without.split_last() {
            let text = if others.is_empty() {
                format!("{last} has the object, and not the field")
            } else {
                format!("{} and {last} have the object, and not the field", others.join(", "))
            };
            lines.insert(0, text);
        }
        lines
    }

    /// Why a subgraph that names the field does not give it; `None` when it does not name it.
    fn refusal(&mut self, place: &Place<'g>, field: FieldId) -> Option<String> {
        let (graph, supergraph) = (self.moves.graph, self.moves.supergraph);
        let subgraph = place.subgraph;
        let field = supergraph.field_with(place.ty, supergraph.field(field).name)?;
        if let Some(access) = graph.access(subgraph, field) {
            if let Some(argument) = self.moves.unset(access) {
                let argument = supergraph.name(argument.name);
                let said = "from a context that no object around sets here";
                return Some(format!("has the field, but takes the argument `{argument}` {said}"));
            }
            let requires = access.requires()?;
            return Some(self.requirement(subgraph, requires));
        }
        let definition = supergraph.field(field);
        let taken = definition.joins.iter().find(|join| join.overrides == Some(subgraph));
        if let Some(join) = taken {
            let by = supergraph.subgraph_name(join.subgraph);
            let label =
                join.override_label.map(|label| format!(" under the label `{}`", supergraph.name(label)));
            return Some(format!(
                "has the object, and has given the field over to `{by}`{}",
                label.unwrap_or_default()
            ));
        }
        let own = definition.joins.iter().find(|join| join.subgraph == subgraph)?;
        if own.external {
            return Some("has the object, and names the field as `@external` only".to_owned());
        }
        own.overrides.map(|from| {
            let from = supergraph.subgraph_name(from);
            format!(
                "has the object, and takes the field over from `{from}` under a label that is not set here"
            )
        })
    }

    fn requirement(&mut self, subgraph: SubgraphId, requires: &'g FieldSet) -> String {
        let text = print(self.moves.supergraph, requires);
        if let Some(missing) = self.missing(requires, None) {
            return format!("has the field, but requires `{text}` for it, and needs {missing}");
        }
        let barrier = self.out_of_reach(subgraph);
        format!("has the field, but must be asked anew with `{text}`, and {}", barrier.text())
    }

    /// What keeps a subgraph from being asked.
    fn out_of_reach(&mut self, subgraph: SubgraphId) -> Barrier {
        let (graph, supergraph) = (self.moves.graph, self.moves.supergraph);
        let entries: Vec<Entry<'g>> = graph.entries(self.ty, subgraph).collect();
        let mut keys: Vec<(String, String)> = Vec::new();
        for entry in &entries {
            let Some(missing) = self.missing(&entry.key.fields, Some(subgraph)) else { continue };
            let key = (print(supergraph, &entry.key.fields), missing);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if !keys.is_empty() {
            return Barrier::Unknown { keys };
        }
        if !entries.is_empty() {
            return Barrier::Circular;
        }
        let types = std::iter::once(self.ty).chain(graph.interfaces(self.ty).iter().copied());
        let joins = types.filter_map(|ty| supergraph.ty(ty).join(subgraph));
        let unresolvable: Vec<String> = joins
            .flat_map(|join| &join.keys)
            .map(|key| format!("`{}`", print(supergraph, &key.fields)))
            .collect();
        if unresolvable.is_empty() {
            Barrier::NoKey { ty: supergraph.type_name(self.ty).to_owned() }
        } else {
            Barrier::NotResolvable { keys: unresolvable.join(", ") }
        }
    }

    /// The first field of a set that cannot be had, with the reason; `asked` is who wants it as a key.
    fn missing(&mut self, set: &'g [FieldSelection], asked: Option<SubgraphId>) -> Option<String> {
        let (graph, supergraph) = (self.moves.graph, self.moves.supergraph);
        let (ty, field) = self.moves.missing(self.reached, self.ty, set)?;
        let coordinate =
            format!("`{}.{}`", supergraph.type_name(ty), supergraph.name(supergraph.field(field).name));
        let givers: Vec<SubgraphId> = graph.accesses(field).map(|access| access.subgraph).collect();
        let names: Vec<String> =
            givers.iter().map(|giver| format!("`{}`", supergraph.subgraph_name(*giver))).collect();
        Some(match (givers.as_slice(), names.as_slice()) {
            ([], _) => format!("{coordinate}, which no subgraph gives"),
            ([one], [name]) if Some(*one) == asked => format!("{coordinate}, which only {name} itself gives"),
            (_, [name]) => format!("{coordinate}, which only {name} gives, out of reach from here"),
            (_, names) => {
                format!("{coordinate}, which {} give, all out of reach from here", names.join(", "))
            }
        })
    }
}

/// A field set as it is written, without the arguments of its fields.
fn print(supergraph: &Supergraph, set: &[FieldSelection]) -> String {
    let parts: Vec<String> = set
        .iter()
        .map(|selection| {
            let name =
                selection.field.map_or("__typename", |field| supergraph.name(supergraph.field(field).name));
            if selection.selections.is_empty() {
                return name.to_owned();
            }
            format!("{name} {{ {} }}", print(supergraph, &selection.selections))
        })
        .collect();
    parts.join(" ")
}
