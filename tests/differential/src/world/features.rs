//! What federation has beyond keys, put into a split: `@requires`, `@provides`, `@override`, `@inaccessible`.

use serde_json::Value as JsonValue;

use super::model::{
    FieldDef, Kind, Nature, Pick, Picks, QUERY, SubField, SubgraphId, TypeDef, TypeId, TypeRef, World,
};
use super::monolith::literal;
use super::split::Splitter;
use crate::coerce::{self, Values, parse_arguments};

impl Splitter {
    /// Puts in what chance wants.
    pub(crate) fn add_features(&mut self) {
        for number in 0..self.builder.chance.between(1, 4) {
            self.add_requires(number);
        }
        self.add_interface_object_requires();
        for number in 0..self.builder.chance.between(1, 2) {
            self.add_query_inside(number);
        }
        for _ in 0..self.builder.chance.between(1, 3) {
            self.add_provides();
        }
        for _ in 0..self.builder.chance.between(1, 2) {
            self.add_override();
        }
        for number in 0..self.builder.chance.between(1, 2) {
            self.add_context(number);
        }
        for _ in 0..self.builder.chance.between(1, 2) {
            self.add_inaccessible();
        }
    }

    /// A field that a home works out from what other homes have.
    fn add_requires(&mut self, number: usize) {
        let entities: Vec<TypeId> = self.homes.keys().copied().collect();
        let Some(&entity) = self.builder.chance.pick(&entities) else { return };
        let homes = self.homes[&entity].clone();
        let Some(&home) = self.builder.chance.pick(&homes) else { return };
        let known = self.world().subgraphs[home].types.get(&entity).cloned().unwrap_or_default();
        let candidates: Vec<usize> = (0..self.world().ty(entity).fields.len())
            .filter(|field| !known.fields.contains_key(field) && self.can_be_required(home, entity, *field))
            .collect();
        let count = self.builder.chance.between(1, 2);
        let mut picks = Vec::new();
        for field in self.builder.chance.some_of(&candidates, count) {
            picks.push(self.require(home, entity, field));
        }
        if picks.is_empty() {
            return;
        }
        let ty = Some(self.builder.any_type()).filter(|&ty| self.can_have(home, ty));
        let ty = ty.unwrap_or_else(|| self.builder.leaf());
        let derived = self.builder.field(entity, &format!("derived{number}"), ty);
        self.builder.world.types[entity].fields[derived].requires = Some(picks.clone());
        self.own(home, entity, derived);
        self.sub_field(home, entity, derived).requires = picks;
    }

    /// The query type below a field of an object or of itself, where what other homes have of it is at hand too.
    fn add_query_inside(&mut self, number: usize) {
        let mut ways: Vec<(SubgraphId, TypeId)> = Vec::new();
        let asked = |home: &SubgraphId| self.world().subgraphs[*home].types.contains_key(&QUERY);
        for home in self.subgraphs().into_iter().filter(asked) {
            let entities = self.homes.iter().filter(|(_, homes)| homes.contains(&home));
            ways.extend(entities.map(|(&entity, _)| (home, entity)).chain([(home, QUERY)]));
        }
        let Some(&(home, ty)) = self.builder.chance.pick(&ways) else { return };
        let field = self.builder.field(ty, &format!("inside{number}"), QUERY);
        // Lists of it inside one another would have more errors than a response tells.
        let non_null = self.builder.chance.percent(35);
        self.builder.world.types[ty].fields[field].ty = TypeRef::named(QUERY, non_null);
        self.own(home, ty, field);
    }

    /// An interface object may require what its objects have in common.
    fn add_interface_object_requires(&mut self) {
        for subgraph in self.subgraphs() {
            let types = self.world().subgraphs[subgraph].types.clone();
            for (interface, _) in types.into_iter().filter(|(_, ty)| ty.interface_object) {
                let fields = self.world().ty(interface).fields.clone();
                let simple = |field: &FieldDef| {
                    field.name.starts_with("common") && field.arguments.iter().all(|a| !a.ty.is_non_null())
                };
                let Some(common) = fields.iter().position(simple) else { continue };
                if self.builder.chance.percent(40) {
                    continue;
                }
                let mut pick = Pick::leaf(&fields[common].name);
                pick.canonical = canonical(self.world(), &fields[common], "");
                let picks = vec![pick];
                let name = format!("worked{interface}{subgraph}");
                let leaf = self.builder.leaf();
                let mut derived = FieldDef::new(&name, TypeRef::named(leaf, false), Nature::Plain);
                derived.requires = Some(picks.clone());
                let common_name = fields[common].name.clone();
                for ty in
                    self.world().ty(interface).members.iter().copied().chain([interface]).collect::<Vec<_>>()
                {
                    let def = &mut self.builder.world.types[ty];
                    def.fields.push(derived.clone());
                    // What is required may not fail, and has one type for the subgraph that requires it.
                    for field in def.fields.iter_mut().filter(|field| field.name == common_name) {
                        field.nature = Nature::Clean;
                    }
                }
                self.sub_field(subgraph, interface, common).external = true;
                let derived = self.world().ty(interface).fields.len() - 1;
                self.own(subgraph, interface, derived);
                self.sub_field(subgraph, interface, derived).requires = picks;
            }
        }
    }

    pub(crate) fn sub_field(&mut self, subgraph: SubgraphId, ty: TypeId, field: usize) -> &mut SubField {
        let ty = self.builder.world.subgraphs[subgraph].types.entry(ty).or_default();
        ty.fields.entry(field).or_default()
    }

    fn can_be_required(&self, home: SubgraphId, entity: TypeId, field: usize) -> bool {
        let def = &self.world().ty(entity).fields[field];
        let inner = self.world().ty(def.ty.inner());
        let shape = match inner.kind {
            Kind::Object => {
                !inner.is_entity() && inner.only_in.is_none() && leaves(inner, self.world()).next().is_some()
            }
            Kind::Interface | Kind::Union => false,
            _ => true,
        };
        shape && !self.owners(entity, field).is_empty() && self.can_have(home, def.ty.inner())
    }

    /// Makes a field one that is required, with some of what is in it.
    fn require(&mut self, home: SubgraphId, entity: TypeId, field: usize) -> Pick {
        let def = self.world().ty(entity).fields[field].clone();
        let mut pick = Pick::leaf(&def.name);
        let arguments: Vec<String> = def
            .arguments
            .iter()
            .filter(|argument| argument.ty.is_non_null() || self.builder.world.seed.is_multiple_of(2))
            .map(|argument| {
                let value = literal(&mut self.builder.chance, &self.builder.world, &argument.ty);
                format!("{}: {value}", argument.name)
            })
            .collect();
        if !arguments.is_empty() {
            pick.arguments = format!("({})", arguments.join(", "));
        }
        pick.canonical = canonical(self.world(), &def, &pick.arguments);
        self.clean(entity, field);
        let inner = def.ty.inner();
        if self.world().ty(inner).kind == Kind::Object {
            let all: Vec<usize> = leaves(self.world().ty(inner), self.world()).collect();
            let count = self.builder.chance.between(1, 2);
            let chosen = self.builder.chance.some_of(&all, count);
            let below: Picks =
                chosen.iter().map(|&leaf| Pick::leaf(&self.world().ty(inner).fields[leaf].name)).collect();
            pick.below = below;
            self.clean_whole(inner);
        }
        self.sub_field(home, entity, field).external = true;
        self.ensure(home, inner);
        pick
    }

    /// What is required of an object is lost with the object: nothing in it may fail.
    fn clean_whole(&mut self, ty: TypeId) {
        for field in 0..self.world().ty(ty).fields.len() {
            self.clean(ty, field);
            let inner = self.world().ty(ty).fields[field].ty.inner();
            let def = self.world().ty(inner);
            if def.kind == Kind::Object && !def.is_entity() {
                self.clean_whole(inner);
            } else if def.is_composite() {
                let field = &mut self.builder.world.types[ty].fields[field];
                field.ty = TypeRef::named(inner, false);
            }
        }
    }

    pub(crate) fn clean(&mut self, ty: TypeId, field: usize) {
        let def = &mut self.builder.world.types[ty].fields[field];
        if def.nature == Nature::Plain {
            def.nature = Nature::Clean;
        }
    }

    /// A subgraph that returns an entity may know a field of it on that path alone.
    fn add_provides(&mut self) {
        let mut ways = Vec::new();
        for (subgraph, part) in self.world().subgraphs.iter().enumerate() {
            for (&ty, sub_type) in &part.types {
                for (&field, sub) in &sub_type.fields {
                    let target = self.world().ty(ty).fields[field].ty.inner();
                    let plain = !sub.external && !sub.overridden && !sub_type.interface_object;
                    let object =
                        self.world().ty(ty).kind == Kind::Object && self.world().ty(target).is_entity();
                    if plain && object && sub.provides.is_empty() {
                        ways.push((subgraph, ty, field, target));
                    }
                }
            }
        }
        let Some(&(subgraph, ty, field, entity)) = self.builder.chance.pick(&ways) else { return };
        let known = self.world().subgraphs[subgraph].types.get(&entity).cloned().unwrap_or_default();
        let simple = |(index, def): (usize, &FieldDef)| {
            let leaf = !self.world().ty(def.ty.inner()).is_composite();
            let provided = leaf && def.arguments.is_empty() && def.requires.is_none();
            let elsewhere = !self.owners(entity, index).is_empty();
            (provided && elsewhere && !known.fields.contains_key(&index)).then_some(index)
        };
        let candidates: Vec<usize> =
            self.world().ty(entity).fields.iter().enumerate().filter_map(simple).collect();
        let count = self.builder.chance.between(1, 2);
        let chosen = self.builder.chance.some_of(&candidates, count);
        let picks: Picks =
            chosen.iter().map(|&index| Pick::leaf(&self.world().ty(entity).fields[index].name)).collect();
        for index in chosen {
            self.builder.world.types[entity].fields[index].provided = true;
            self.sub_field(subgraph, entity, index).external = true;
        }
        self.sub_field(subgraph, ty, field).provides = picks;
    }

    /// A field that moves from one home to another.
    fn add_override(&mut self) {
        let mut ways = Vec::new();
        for (&entity, homes) in &self.homes {
            for (field, def) in self.world().ty(entity).fields.iter().enumerate() {
                let owners = self.owners(entity, field);
                let [owner] = *owners else { continue };
                let sub =
                    self.world().subgraphs[owner].types.get(&entity).and_then(|ty| ty.fields.get(&field));
                let plain = sub.is_some_and(|sub| {
                    sub.requires.is_empty() && sub.provides.is_empty() && sub.overrides.is_none()
                });
                if def.is_key() || !plain || def.ty.inner() == QUERY {
                    continue;
                }
                for &from in homes {
                    let known = self.world().subgraphs[from].types.get(&entity);
                    let free = known.is_none_or(|ty| !ty.fields.contains_key(&field));
                    if from != owner && free && self.can_have(from, def.ty.inner()) {
                        ways.push((entity, field, owner, from));
                    }
                }
            }
        }
        let Some(&(entity, field, owner, from)) = self.builder.chance.pick(&ways) else { return };
        self.own(from, entity, field);
        self.sub_field(from, entity, field).overridden = true;
        let name = self.world().subgraphs[from].name.clone();
        self.sub_field(owner, entity, field).overrides = Some(name);
    }

    /// A field that clients do not see, a part of a key if there is one.
    fn add_inaccessible(&mut self) {
        let entities: Vec<TypeId> = self.homes.keys().copied().collect();
        let Some(&entity) = self.builder.chance.pick(&entities) else { return };
        let interfaces: Vec<TypeId> = self.world().interfaces(entity).collect();
        let in_interface =
            |name: &str| interfaces.iter().any(|&interface| self.world().ty(interface).field(name).is_some());
        let fields = self.world().ty(entity).fields.iter().enumerate();
        let free: Vec<(usize, bool)> = fields
            .filter(|(_, field)| !in_interface(&field.name) && !field.ty.is_non_null() || field.is_key())
            .filter(|(_, field)| !in_interface(&field.name))
            .map(|(index, field)| (index, field.is_key()))
            .collect();
        let keys: Vec<(usize, bool)> = free.iter().copied().filter(|(_, key)| *key).collect();
        let from = if keys.is_empty() || self.builder.chance.percent(25) { free } else { keys };
        if let Some(&(field, _)) = self.builder.chance.pick(&from) {
            self.builder.world.types[entity].fields[field].inaccessible = true;
        }
    }
}

/// The values of arguments that are written, in one spelling.
fn canonical(world: &World, def: &FieldDef, arguments: &str) -> String {
    let given = parse_arguments(arguments).unwrap_or_default();
    let values = coerce::arguments(world, &def.arguments, &given, &Values::new());
    JsonValue::Object(values.unwrap_or_default()).to_string()
}

/// The fields of a value type that are leaves and need no arguments.
fn leaves<'w>(def: &'w TypeDef, world: &'w World) -> impl Iterator<Item = usize> + 'w {
    let simple = |field: &FieldDef| !world.ty(field.ty.inner()).is_composite() && field.arguments.is_empty();
    def.fields.iter().enumerate().filter(move |(_, field)| simple(field)).map(|(index, _)| index)
}
