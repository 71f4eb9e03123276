//! The monolith split: which subgraph has which type, by which keys it is entered, and who resolves which field.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{
    FieldDef, Kind, MUTATION, Nature, QUERY, SubField, SubType, SubgraphDef, SubgraphId, TypeDef, TypeId,
    World,
};
use super::monolith::{Builder, INT, add};

/// For how many of a hundred entity interfaces there is an interface object.
const INTERFACE_OBJECTS: usize = 85;

/// Splits what a [`Builder`] has made.
pub(crate) struct Splitter {
    pub(crate) builder: Builder,
    /// The subgraphs that resolve fields of an entity.
    pub(crate) homes: BTreeMap<TypeId, Vec<SubgraphId>>,
}

impl Splitter {
    pub(crate) fn new(builder: Builder) -> Self {
        let mut splitter = Self { builder, homes: BTreeMap::new() };
        for number in 0..splitter.builder.chance.between(2, 5) {
            splitter.builder.world.subgraphs.push(SubgraphDef {
                name: ["alpha", "beta", "gamma", "delta", "epsilon"][number].to_owned(),
                old: false,
                types: BTreeMap::new(),
                blind: BTreeSet::new(),
            });
        }
        splitter.choose_interface_objects();
        splitter.choose_homes();
        splitter.place_interfaces();
        splitter.place_entity_fields();
        splitter.place_interface_object_fields();
        splitter.place_split_values();
        splitter.place_roots();
        splitter
    }

    pub(crate) fn world(&self) -> &World {
        &self.builder.world
    }

    pub(crate) fn subgraphs(&self) -> Vec<SubgraphId> {
        (0..self.world().subgraphs.len()).collect()
    }

    /// Whether a subgraph has the type or may come to have it.
    pub(crate) fn can_have(&self, subgraph: SubgraphId, ty: TypeId) -> bool {
        self.can_have_all(subgraph, ty, &mut BTreeSet::new())
    }

    fn can_have_all(&self, subgraph: SubgraphId, ty: TypeId, seen: &mut BTreeSet<TypeId>) -> bool {
        let part = &self.world().subgraphs[subgraph];
        if !seen.insert(ty) || part.types.contains_key(&ty) {
            return true;
        }
        let def = self.world().ty(ty);
        if part.blind.contains(&ty) || def.only_in.as_ref().is_some_and(|only| !only.contains(&subgraph)) {
            return false;
        }
        match def.kind {
            Kind::Object if def.is_entity() => true,
            Kind::Object => def.fields.iter().all(|f| self.can_have_all(subgraph, f.ty.inner(), seen)),
            Kind::Interface | Kind::Union => {
                def.members.iter().all(|&member| self.can_have_all(subgraph, member, seen))
            }
            _ => true,
        }
    }

    /// Gives a subgraph a type with all that must come with it.
    pub(crate) fn ensure(&mut self, subgraph: SubgraphId, ty: TypeId) {
        let def = self.world().ty(ty);
        if !def.is_composite() || self.world().subgraphs[subgraph].types.contains_key(&ty) {
            return;
        }
        let (fields, members, kind) = (def.fields.len(), def.members.clone(), def.kind);
        let (is_entity, split) = (def.is_entity(), def.only_in.is_some());
        self.builder.world.subgraphs[subgraph].types.insert(ty, SubType::default());
        match kind {
            Kind::Object if is_entity => self.stub(subgraph, ty),
            Kind::Object if split => {}
            Kind::Object => (0..fields).for_each(|field| self.own(subgraph, ty, field)),
            _ => members.into_iter().for_each(|member| self.ensure(subgraph, member)),
        }
    }

    /// An entity that a subgraph only mentions.
    fn stub(&mut self, subgraph: SubgraphId, entity: TypeId) {
        let homes = self.homes.get(&entity).cloned().unwrap_or_default();
        let home = self.builder.chance.pick(&homes).copied();
        let keys: Vec<usize> = home
            .and_then(|home| self.world().subgraphs[home].types.get(&entity))
            .map(|ty| ty.keys.keys().copied().collect())
            .unwrap_or_default();
        let by_id = self.world().interfaces(entity).next().is_some();
        let key = if by_id { 0 } else { self.builder.chance.pick(&keys).copied().unwrap_or(0) };
        let resolvable = by_id || self.builder.chance.percent(50);
        self.key(subgraph, entity, key, resolvable);
    }

    /// Gives an entity a key in a subgraph.
    pub(crate) fn key(&mut self, subgraph: SubgraphId, entity: TypeId, key: usize, resolvable: bool) {
        let picks = self.world().ty(entity).keys[key].clone();
        let ty = self.builder.world.subgraphs[subgraph].types.entry(entity).or_default();
        *ty.keys.entry(key).or_default() |= resolvable;
        for pick in picks {
            if let Some(field) = self.world().ty(entity).field_index(&pick.field) {
                self.own(subgraph, entity, field);
            }
        }
    }

    /// Makes a subgraph resolve a field.
    pub(crate) fn own(&mut self, subgraph: SubgraphId, ty: TypeId, field: usize) {
        let inner = self.world().ty(ty).fields[field].ty.inner();
        let part = self.builder.world.subgraphs[subgraph].types.entry(ty).or_default();
        part.fields.entry(field).or_default();
        self.ensure(subgraph, inner);
    }

    /// The subgraphs that resolve a field, those aside whose field was taken over.
    pub(crate) fn owners(&self, ty: TypeId, field: usize) -> Vec<SubgraphId> {
        self.world().owners(ty, field)
    }

    fn choose_interface_objects(&mut self) {
        for interface in self.builder.groups.interfaces.clone() {
            let def = self.world().ty(interface);
            if def.keys.is_empty() || !self.builder.chance.percent(INTERFACE_OBJECTS) {
                continue;
            }
            let members = self.world().ty(interface).members.clone();
            let subgraph = self.builder.chance.below(self.world().subgraphs.len());
            // Some subgraph must be left that knows all of the objects.
            let sees_all = |id: &SubgraphId| {
                *id != subgraph
                    && members.iter().all(|member| !self.world().subgraphs[*id].blind.contains(member))
            };
            let part = &self.world().subgraphs[subgraph];
            let again = members.iter().any(|member| part.blind.contains(member));
            if !self.subgraphs().iter().any(sees_all) || again {
                continue;
            }
            let part = &mut self.builder.world.subgraphs[subgraph];
            part.blind.extend(members);
            let mut ty = SubType { interface_object: true, ..SubType::default() };
            ty.fields.insert(0, SubField::default());
            ty.keys.insert(0, true);
            part.types.insert(interface, ty);
        }
    }

    fn choose_homes(&mut self) {
        for entity in self.builder.groups.entities.clone() {
            let seeing = |id: &SubgraphId| !self.world().subgraphs[*id].blind.contains(&entity);
            let all: Vec<SubgraphId> = self.subgraphs().into_iter().filter(seeing).collect();
            let count = self.builder.chance.between(2, 3);
            let homes = self.builder.chance.some_of(&all, count);
            self.homes.insert(entity, homes);
        }
        for interface in self.builder.groups.interfaces.clone() {
            let members = self.world().ty(interface).members.clone();
            let sees_all = |id: &SubgraphId| {
                members.iter().all(|member| !self.world().subgraphs[*id].blind.contains(member))
            };
            let all: Vec<SubgraphId> = self.subgraphs().into_iter().filter(sees_all).collect();
            let Some(&anchor) = self.builder.chance.pick(&all) else { continue };
            for member in members {
                if let Some(homes) = self.homes.get_mut(&member)
                    && !homes.contains(&anchor)
                {
                    homes.push(anchor);
                }
            }
        }
        for (entity, homes) in self.homes.clone() {
            self.connect(entity, &homes);
        }
    }

    /// Gives homes keys such that each can be reached from each other, if only through a third.
    fn connect(&mut self, entity: TypeId, homes: &[SubgraphId]) {
        let count = self.world().ty(entity).keys.len();
        let by_id = self.world().interfaces(entity).next().is_some();
        for (index, &home) in homes.iter().enumerate() {
            if by_id {
                self.key(home, entity, 0, true);
            }
            let key = self.builder.chance.below(count);
            self.key(home, entity, key, true);
            if index > 0 {
                let other = homes[self.builder.chance.below(index)];
                self.key(other, entity, key, true);
            }
        }
    }

    /// Each interface stands in a subgraph that resolves the fields that its objects have in common.
    fn place_interfaces(&mut self) {
        for interface in self.builder.groups.interfaces.clone() {
            let def = self.world().ty(interface).clone();
            let homes = |id: &SubgraphId| {
                let home = |member| self.homes.get(member).is_none_or(|homes| homes.contains(id));
                self.can_have(*id, interface) && def.members.iter().all(home)
            };
            let all: Vec<SubgraphId> = self.subgraphs().into_iter().filter(homes).collect();
            for field in def.fields.iter().filter(|field| !field.is_key()) {
                let Some(&subgraph) = self.builder.chance.pick(&all) else { continue };
                self.ensure(subgraph, interface);
                for &member in &def.members {
                    if let Some(index) = self.world().ty(member).field_index(&field.name) {
                        self.own(subgraph, member, index);
                    }
                }
            }
        }
    }

    fn place_entity_fields(&mut self) {
        for (entity, homes) in self.homes.clone() {
            for field in 0..self.world().ty(entity).fields.len() {
                if self.owners(entity, field).is_empty() {
                    self.place(entity, field, &homes);
                }
            }
        }
    }

    /// Gives a field to one or two of the subgraphs, those that can have its type; if none can, it becomes a leaf.
    fn place(&mut self, ty: TypeId, field: usize, subgraphs: &[SubgraphId]) {
        let inner = self.world().ty(ty).fields[field].ty.inner();
        let able: Vec<SubgraphId> =
            subgraphs.iter().copied().filter(|&subgraph| self.can_have(subgraph, inner)).collect();
        let count = if self.builder.chance.percent(25) && ty != MUTATION { 2 } else { 1 };
        let able = if able.is_empty() {
            let def = &mut self.builder.world.types[ty].fields[field];
            def.ty = def.ty.around(INT);
            subgraphs.to_vec()
        } else {
            able
        };
        for owner in self.builder.chance.some_of(&able, count) {
            self.own(owner, ty, field);
        }
    }

    fn place_interface_object_fields(&mut self) {
        for subgraph in self.subgraphs() {
            let types = &self.world().subgraphs[subgraph].types;
            let interfaces: Vec<TypeId> =
                types.iter().filter(|(_, ty)| ty.interface_object).map(|(id, _)| *id).collect();
            for interface in interfaces {
                for number in 0..self.builder.chance.between(2, 3) {
                    let name = format!("extra{interface}{subgraph}{number}");
                    let ty = Some(self.builder.any_type()).filter(|&ty| self.can_have(subgraph, ty));
                    let ty = ty.unwrap_or_else(|| self.builder.leaf());
                    let field = self.builder.field(interface, &name, ty);
                    let def = self.world().ty(interface).fields[field].clone();
                    for member in self.world().ty(interface).members.clone() {
                        self.builder.world.types[member].fields.push(def.clone());
                    }
                    self.own(subgraph, interface, field);
                }
            }
        }
    }

    /// Value types of which two subgraphs know different fields, behind a field that both resolve.
    fn place_split_values(&mut self) {
        for number in 0..self.builder.chance.below(3) {
            let shared: Vec<TypeId> =
                self.homes.iter().filter(|(_, homes)| homes.len() > 1).map(|(id, _)| *id).collect();
            let at_root = self.builder.chance.percent(30);
            let parent =
                if at_root { QUERY } else { self.builder.chance.pick(&shared).copied().unwrap_or(QUERY) };
            let from = self.homes.get(&parent).cloned().unwrap_or_else(|| self.subgraphs());
            let pair = self.builder.chance.some_of(&from, 2);
            let mut def = TypeDef::new(&format!("Split{number}"), Kind::Object);
            def.only_in = Some(pair.iter().copied().collect());
            for name in ["both", "left", "right"] {
                let leaf = self.builder.leaf();
                let ty = self.builder.wrapped(leaf);
                def.fields.push(FieldDef::new(name, ty, Nature::Plain));
            }
            let split = add(&mut self.builder.world, def);
            let field = self.builder.field(parent, &format!("halves{number}"), split);
            for (index, &subgraph) in pair.iter().enumerate() {
                self.own(subgraph, parent, field);
                self.own(subgraph, split, 0);
                self.own(subgraph, split, 1 + index);
            }
        }
    }

    fn place_roots(&mut self) {
        let mut targets = self.builder.groups.entities.clone();
        for _ in 0..self.builder.chance.between(2, 4) {
            targets.push(self.builder.any_type());
        }
        let all = self.subgraphs();
        for (number, target) in targets.into_iter().enumerate() {
            let field = self.builder.field(QUERY, &format!("query{number}"), target);
            self.place(QUERY, field, &all);
        }
        for number in 0..self.builder.chance.between(2, 4) {
            let target = self.builder.any_type();
            let field = self.builder.field(MUTATION, &format!("mutation{number}"), target);
            self.place(MUTATION, field, &all);
        }
    }
}

impl World {
    /// The subgraphs that resolve a field, those aside whose field was taken over.
    pub(crate) fn owners(&self, ty: TypeId, field: usize) -> Vec<SubgraphId> {
        let resolves = |id: &SubgraphId| {
            let field = self.subgraphs[*id].types.get(&ty).and_then(|ty| ty.fields.get(&field));
            field.is_some_and(|field| !field.external && !field.overridden)
        };
        (0..self.subgraphs.len()).filter(resolves).collect()
    }
}
