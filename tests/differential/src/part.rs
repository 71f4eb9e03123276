//! A subgraph's schema as its server has it, with what the federation specification adds to it.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use crate::data::{Data, Object, picked_from};
use crate::world::{Kind, QUERY, SubgraphId, TypeId, World};

/// One subgraph's schema.
pub(crate) struct Part {
    pub(crate) schema: Valid<Schema>,
}

impl Part {
    pub(crate) fn new(world: &World, subgraph: SubgraphId) -> Result<Self> {
        let sdl = world.subgraph_sdl(subgraph);
        let part = &world.subgraphs[subgraph];
        let mut text = sdl;
        let extend = if part.types.contains_key(&QUERY) { "extend " } else { "" };
        let _ =
            writeln!(text, "{extend}type Query {{ _service: _Service! }} type _Service {{ sdl: String }}");
        let is_object = |id: &TypeId| world.ty(*id).kind == Kind::Object || part.types[id].interface_object;
        let entities: Vec<&str> = part
            .types
            .iter()
            .filter(|(id, ty)| !ty.keys.is_empty() && is_object(id))
            .map(|(&id, _)| &*world.ty(id).name)
            .collect();
        if !entities.is_empty() {
            let _ = writeln!(
                text,
                "scalar _Any union _Entity = {} extend type Query {{ _entities(representations: [_Any!]!): [_Entity]! }}",
                entities.join(" | ")
            );
        }
        let schema = Schema::builder().adopt_orphan_extensions().parse(text, "subgraph.graphql").build();
        // Composition has validated it; what is unknown here are the directives of federation.
        schema.map(|schema| Self { schema: Valid::assume_valid(schema) }).map_err(|e| anyhow!("{}", e.errors))
    }
}

/// Which object has a key: by entity, by the key's place, by the key's values in one spelling.
pub(crate) struct Directory {
    numbers: HashMap<(TypeId, usize), HashMap<String, u64>>,
}

impl Directory {
    pub(crate) fn new(world: &World) -> Self {
        let data = Data::new(world, 0);
        let mut numbers: HashMap<(TypeId, usize), HashMap<String, u64>> = HashMap::new();
        for (ty, def) in world.types.iter().enumerate().filter(|(_, def)| def.is_entity()) {
            for (place, key) in def.keys.iter().enumerate() {
                let known = numbers.entry((ty, place)).or_default();
                known.extend((0..def.instances).map(|id| (data.picked(Object::new(ty, id), key), id)));
            }
        }
        Self { numbers }
    }

    /// The object that a representation stands for, in a subgraph; a sentence if there is none.
    pub(crate) fn find(
        &self,
        world: &World,
        subgraph: SubgraphId,
        representation: &serde_json::Value,
    ) -> Result<(TypeId, Object), String> {
        let name = representation.get("__typename").and_then(serde_json::Value::as_str).unwrap_or_default();
        let ty = world.named(name).ok_or_else(|| format!("there is no type `{name}`"))?;
        let known = world.subgraphs[subgraph].types.get(&ty).ok_or_else(|| format!("`{name}` is unknown"))?;
        let fields = representation.as_object().into_iter().flatten().map(|(field, _)| field);
        for field in fields.filter(|field| *field != "__typename") {
            let index = world.ty(ty).field_index(field);
            if index.is_none_or(|index| !known.fields.contains_key(&index)) {
                return Err(format!("`{name}` has no `{field}`"));
            }
        }
        let mut found = None;
        for (&place, _) in known.keys.iter().filter(|(_, resolvable)| **resolvable) {
            let key = &world.ty(ty).keys[place];
            let Ok(spelled) = picked_from(world, representation, key) else { continue };
            let object = world.possible(ty).into_iter().find_map(|ty| {
                let id = *self.numbers.get(&(ty, place))?.get(&spelled)?;
                Some(Object::new(ty, id))
            });
            let object = object.ok_or_else(|| format!("no `{name}` has the key {spelled}"))?;
            if found.is_some_and(|found| found != object) {
                return Err("its keys belong to different objects".to_owned());
            }
            found = Some(object);
        }
        found.map(|object| (ty, object)).ok_or_else(|| format!("it has no whole key of `{name}`"))
    }
}
