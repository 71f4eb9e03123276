//! The last touches: fields of interfaces, Federation 1, extensions, and what each field is good for in a test.

use std::collections::BTreeSet;

use super::model::{Extension, Kind, MUTATION, Mark, QUERY, SubField, SubgraphId, TypeId, TypeRef, World};
use super::monolith::INT;
use super::split::Splitter;

impl Splitter {
    /// Completes the split.
    pub(crate) fn finish(mut self) -> World {
        self.fill_empty_subgraphs();
        self.give_interfaces_their_fields();
        self.hide_what_no_subgraph_has();
        self.choose_old();
        self.choose_extensions();
        let mut world = self.builder.world;
        mark(&mut world);
        world
    }

    fn fill_empty_subgraphs(&mut self) {
        for subgraph in self.subgraphs() {
            if self.world().subgraphs[subgraph].types.is_empty() {
                let field = self.builder.field(QUERY, &format!("alone{subgraph}"), INT);
                self.own(subgraph, QUERY, field);
            }
        }
    }

    /// An interface has in a subgraph what all of its objects have there.
    fn give_interfaces_their_fields(&mut self) {
        for subgraph in self.subgraphs() {
            for interface in self.builder.groups.interfaces.clone() {
                let part = &self.world().subgraphs[subgraph];
                let Some(ty) = part.types.get(&interface) else { continue };
                if ty.interface_object {
                    continue;
                }
                let def = self.world().ty(interface);
                let common: Vec<usize> = (0..def.fields.len())
                    .filter(|&field| {
                        let name = &def.fields[field].name;
                        def.members.iter().all(|&member| {
                            let index = self.world().ty(member).field_index(name);
                            index.is_some_and(|index| self.owners(member, index).contains(&subgraph))
                        })
                    })
                    .collect();
                let is_entity = !def.keys.is_empty();
                let ty = self.builder.world.subgraphs[subgraph].types.entry(interface).or_default();
                ty.fields = common.into_iter().map(|field| (field, SubField::default())).collect();
                if is_entity {
                    ty.keys.insert(0, true);
                }
            }
        }
    }

    /// A field of an interface is in the client schema only if some subgraph's interface has it.
    fn hide_what_no_subgraph_has(&mut self) {
        for interface in self.builder.groups.interfaces.clone() {
            for field in 0..self.world().ty(interface).fields.len() {
                if self.owners(interface, field).is_empty() {
                    self.builder.world.types[interface].fields[field].inaccessible = true;
                }
            }
        }
    }

    fn choose_old(&mut self) {
        for subgraph in self.subgraphs() {
            let old = self.builder.chance.percent(25) && self.can_be_old(subgraph);
            self.builder.world.subgraphs[subgraph].old = old;
        }
    }

    /// Federation 1 has no `@shareable`, `@override`, `@inaccessible`, `resolvable` nor keys of interfaces; value types are shared by
    /// themselves there.
    fn can_be_old(&self, subgraph: SubgraphId) -> bool {
        let world = self.world();
        world.subgraphs[subgraph].types.iter().all(|(&id, ty)| {
            let def = world.ty(id);
            let value = def.kind == Kind::Object && !def.is_entity() && id != QUERY && id != MUTATION;
            let keys = ty.keys.values().all(|resolvable| *resolvable);
            let fields = ty.fields.iter().all(|(&field, sub)| {
                let own = &def.fields[field];
                let shared = world.is_shared(id, field) && !own.is_key() && def.kind == Kind::Object;
                let new = sub.overrides.is_some() || own.inaccessible || sub.overridden;
                !new && own.context.is_none() && (value || !shared)
            });
            let interface = def.kind == Kind::Interface && !def.keys.is_empty();
            keys && fields && !interface && def.only_in.is_none()
        })
    }

    /// Entities may be written as extensions where they are not at home for the first time.
    fn choose_extensions(&mut self) {
        for (entity, homes) in self.homes.clone() {
            for subgraph in self.subgraphs() {
                if homes.first() == Some(&subgraph) || !self.builder.chance.percent(35) {
                    continue;
                }
                let keyword = self.builder.chance.percent(50);
                if let Some(ty) = self.builder.world.subgraphs[subgraph].types.get_mut(&entity) {
                    ty.extension = if keyword { Extension::Keyword } else { Extension::Directive };
                }
            }
        }
    }
}

fn mark(world: &mut World) {
    for id in 0..world.types.len() {
        for field in 0..world.types[id].fields.len() {
            let mut marks = marks_of(world, id, field);
            let ty = &world.types[id].fields[field].ty;
            if lists_of_lists(ty) {
                marks.insert(Mark::ListOfLists);
            }
            if ty.inner() == QUERY {
                marks.insert(Mark::QueryInside);
            }
            if world.types[id].fields[field].context.is_some() {
                marks.insert(Mark::FromContext);
            }
            world.types[id].fields[field].marks = marks;
        }
    }
    // What an interface object has is asked of the objects behind it as well.
    for id in 0..world.types.len() {
        if world.types[id].kind != Kind::Interface {
            continue;
        }
        for field in world.types[id].fields.clone() {
            if !field.marks.contains(&Mark::InterfaceObject) {
                continue;
            }
            for member in world.types[id].members.clone() {
                for own in world.types[member].fields.iter_mut().filter(|own| own.name == field.name) {
                    own.marks.extend(field.marks.iter().copied());
                }
            }
        }
    }
}

fn marks_of(world: &World, id: TypeId, field: usize) -> BTreeSet<Mark> {
    let mut marks = BTreeSet::new();
    let def = world.ty(id);
    let owners = world.owners(id, field);
    if owners.len() > 1 && !def.fields[field].is_key() {
        marks.insert(Mark::Shareable);
    }
    let hidden_key = |key: &super::model::Picks| {
        key.iter().any(|pick| def.field(&pick.field).is_some_and(|field| field.inaccessible))
    };
    for (subgraph, part) in world.subgraphs.iter().enumerate() {
        let Some(ty) = part.types.get(&id) else { continue };
        let Some(sub) = ty.fields.get(&field) else { continue };
        let resolves = owners.contains(&subgraph);
        let facts = [
            (sub.external, Mark::External),
            (!sub.requires.is_empty(), Mark::Requires),
            (!sub.provides.is_empty(), Mark::Provides),
            (sub.overrides.is_some(), Mark::Override),
            (resolves && ty.interface_object && !def.fields[field].is_key(), Mark::InterfaceObject),
            (resolves && def.kind == Kind::Interface && !def.keys.is_empty(), Mark::EntityInterface),
            (resolves && ty.extension != Extension::No, Mark::Extends),
            (resolves && ty.keys.keys().any(|&key| hidden_key(&def.keys[key])), Mark::Inaccessible),
            (is_stub(world, subgraph, def.fields[field].ty.inner()) && resolves, Mark::Unresolvable),
        ];
        marks.extend(facts.into_iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark));
    }
    marks
}

/// Whether a subgraph only mentions an entity that it cannot look up.
fn is_stub(world: &World, subgraph: SubgraphId, ty: TypeId) -> bool {
    let ty = world.subgraphs[subgraph].types.get(&ty);
    ty.is_some_and(|ty| !ty.keys.is_empty() && ty.keys.values().all(|resolvable| !resolvable))
}

fn lists_of_lists(ty: &TypeRef) -> bool {
    ty.lists() > 1
}
