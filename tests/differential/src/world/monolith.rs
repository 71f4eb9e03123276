//! A monolith by chance: its types and fields, before anybody knows of subgraphs.

use std::collections::HashMap;

use super::model::{FieldDef, InputDef, KeyPart, Kind, Nature, Pick, Picks, TypeDef, TypeId, TypeRef, World};
use crate::chance::Chance;

/// The types that every monolith has, in their order.
const FIRST: [(&str, Kind); 8] = [
    ("Query", Kind::Object),
    ("Mutation", Kind::Object),
    ("Int", Kind::BuiltIn),
    ("Float", Kind::BuiltIn),
    ("String", Kind::BuiltIn),
    ("Boolean", Kind::BuiltIn),
    ("ID", Kind::BuiltIn),
    ("Blob", Kind::Scalar),
];
pub(crate) const INT: TypeId = 2;
pub(crate) const STRING: TypeId = 4;
pub(crate) const BOOLEAN: TypeId = 5;
pub(crate) const ID: TypeId = 6;

/// Makes monoliths.
pub(crate) struct Builder {
    pub(crate) chance: Chance,
    pub(crate) world: World,
    pub(crate) groups: Groups,
}

/// The types by what they are for.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    pub(crate) leaves: Vec<TypeId>,
    inputs: Vec<TypeId>,
    pub(crate) values: Vec<TypeId>,
    pub(crate) entities: Vec<TypeId>,
    pub(crate) interfaces: Vec<TypeId>,
    pub(crate) unions: Vec<TypeId>,
    /// The object inside keys that nest.
    reference: TypeId,
}

impl Builder {
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = World { seed, types: Vec::new(), by_name: HashMap::new(), subgraphs: Vec::new() };
        for (name, kind) in FIRST {
            add(&mut world, TypeDef::new(name, kind));
        }
        let mut builder = Self { chance: Chance::new(seed), world, groups: Groups::default() };
        builder.leaves_and_inputs();
        builder.objects();
        builder.abstract_types();
        builder.object_fields();
        builder
    }

    fn leaves_and_inputs(&mut self) {
        self.groups.leaves = (2..FIRST.len()).collect();
        for number in 0..self.chance.between(1, 2) {
            let mut def = TypeDef::new(&format!("Enum{number}"), Kind::Enum);
            def.values = (0..self.chance.between(2, 4)).map(|value| format!("E{number}_{value}")).collect();
            let id = add(&mut self.world, def);
            self.groups.leaves.push(id);
        }
        for number in 0..2 {
            let mut def = TypeDef::new(&format!("Input{number}"), Kind::Input);
            for field in 0..self.chance.between(1, 3) {
                let input = self.input(&format!("i{field}"));
                def.inputs.push(input);
            }
            let id = add(&mut self.world, def);
            self.groups.inputs.push(id);
        }
    }

    fn objects(&mut self) {
        let mut reference = TypeDef::new("Reference", Kind::Object);
        let code = TypeRef::named(STRING, true);
        reference.fields.push(FieldDef::new("code", code, Nature::Key(KeyPart::Whole)));
        self.groups.reference = add(&mut self.world, reference);
        for number in 0..self.chance.between(2, 4) {
            let id = add(&mut self.world, TypeDef::new(&format!("Value{number}"), Kind::Object));
            self.groups.values.push(id);
        }
        for number in 0..self.chance.between(3, 5) {
            let mut def = TypeDef::new(&format!("Entity{number}"), Kind::Object);
            def.instances = 5 + u64::try_from(self.chance.below(5)).unwrap_or_default();
            let id = add(&mut self.world, def);
            self.groups.entities.push(id);
            self.keys(id);
        }
    }

    /// Gives an entity its keys, `id` first more often than not.
    fn keys(&mut self, entity: TypeId) {
        let whole = Nature::Key(KeyPart::Whole);
        let text = |name: &str, ty| {
            (vec![Pick::leaf(name)], vec![FieldDef::new(name, TypeRef::named(ty, true), whole)])
        };
        let parts = || {
            let high = FieldDef::new("region", TypeRef::named(STRING, true), Nature::Key(KeyPart::High));
            let low = FieldDef::new("number", TypeRef::named(INT, true), Nature::Key(KeyPart::Low));
            (vec![Pick::leaf("region"), Pick::leaf("number")], vec![high, low])
        };
        let reference = TypeRef::named(self.groups.reference, true);
        let nested = || {
            let below = vec![Pick::leaf("code")];
            let field = FieldDef::new("reference", reference.clone(), whole);
            (vec![Pick::object("reference", below)], vec![field])
        };
        let with_id = || {
            let (mut picks, mut fields): (Picks, Vec<FieldDef>) = text("id", ID);
            picks.push(Pick::leaf("number"));
            fields.push(FieldDef::new("number", TypeRef::named(INT, true), Nature::Key(KeyPart::Low)));
            (picks, fields)
        };
        let others = [text("sku", STRING), parts(), nested(), text("serial", INT), with_id()];
        let count = self.chance.below(3);
        let mut keys = self.chance.some_of(&others, count);
        if keys.is_empty() || self.chance.percent(75) {
            keys.insert(0, text("id", ID));
        }
        let def = &mut self.world.types[entity];
        for (picks, fields) in keys {
            def.keys.push(picks);
            for field in fields {
                if def.field(&field.name).is_none() {
                    def.fields.push(field);
                }
            }
        }
    }

    fn abstract_types(&mut self) {
        let by_id: Vec<TypeId> =
            self.groups.entities.iter().copied().filter(|&entity| self.is_keyed_by_id(entity)).collect();
        for number in 0..self.chance.between(1, 2) {
            let entities = by_id.len() > 1 && (number == 0 || self.chance.percent(50));
            let from = if entities { by_id.clone() } else { self.groups.values.clone() };
            let count = self.chance.between(2, 3);
            let members = self.chance.some_of(&from, count);
            self.interface(number, members, entities);
        }
        for number in 0..self.chance.between(1, 2) {
            let objects = [&self.groups.values[..], &self.groups.entities[..]].concat();
            let count = self.chance.between(2, 3);
            let mut def = TypeDef::new(&format!("Union{number}"), Kind::Union);
            def.members = self.chance.some_of(&objects, count);
            def.members.sort_unstable();
            let id = add(&mut self.world, def);
            self.groups.unions.push(id);
        }
    }

    fn is_keyed_by_id(&self, entity: TypeId) -> bool {
        self.world.types[entity].keys.first().is_some_and(|key| *key == [Pick::leaf("id")])
    }

    /// An interface: a field that all subgraphs have of it, and some that its objects have in common.
    fn interface(&mut self, number: usize, mut members: Vec<TypeId>, entities: bool) {
        members.sort_unstable();
        let mut def = TypeDef::new(&format!("Interface{number}"), Kind::Interface);
        def.members.clone_from(&members);
        if entities {
            let id = FieldDef::new("id", TypeRef::named(ID, true), Nature::Key(KeyPart::Whole));
            def.fields.push(id);
            if self.chance.percent(60) {
                def.keys.push(vec![Pick::leaf("id")]);
            }
        }
        for field in 0..self.chance.between(1, 3) {
            let leaf = self.leaf();
            let ty = self.wrapped(leaf);
            let mut common = FieldDef::new(&format!("common{number}{field}"), ty, Nature::Plain);
            common.arguments = self.arguments();
            for &member in &members {
                let mut own = common.clone();
                if self.chance.percent(25) {
                    own.ty = own.ty.with_non_null(true);
                }
                self.world.types[member].fields.push(own);
            }
            def.fields.push(common);
        }
        let id = add(&mut self.world, def);
        self.groups.interfaces.push(id);
    }

    fn object_fields(&mut self) {
        for index in 0..self.groups.values.len() {
            let value = self.groups.values[index];
            for number in 0..self.chance.between(1, 3) {
                // Later values only, so that one in which no field may be null cannot hold itself.
                let later = self.groups.values.get(index + 1..).unwrap_or_default().to_vec();
                let ty = match self.chance.below(10) {
                    0..=1 if index > 0 => self.chance.pick(&self.groups.entities).copied(),
                    2 if index > 0 => self.chance.pick(&later).copied(),
                    _ => None,
                };
                let ty = ty.unwrap_or_else(|| self.leaf());
                self.field(value, &format!("part{number}"), ty);
            }
        }
        for entity in self.groups.entities.clone() {
            for number in 0..self.chance.between(3, 6) {
                let ty = self.any_type();
                self.field(entity, &format!("field{number}"), ty);
            }
        }
    }

    /// A type for a field of an entity or root.
    pub(crate) fn any_type(&mut self) -> TypeId {
        let groups = &self.groups;
        let from = match self.chance.below(100) {
            0..=34 => &groups.leaves,
            35..=52 => &groups.values,
            53..=80 => &groups.entities,
            81..=90 => &groups.interfaces,
            _ => &groups.unions,
        };
        self.chance.pick(from).copied().unwrap_or(INT)
    }

    pub(crate) fn field(&mut self, of: TypeId, name: &str, ty: TypeId) -> usize {
        let ty = self.wrapped(ty);
        let mut field = FieldDef::new(name, ty, Nature::Plain);
        field.arguments = self.arguments();
        self.world.types[of].fields.push(field);
        self.world.types[of].fields.len() - 1
    }

    pub(crate) fn leaf(&mut self) -> TypeId {
        self.chance.pick(&self.groups.leaves).copied().unwrap_or(INT)
    }

    /// A type in lists and non-null by chance.
    pub(crate) fn wrapped(&mut self, ty: TypeId) -> TypeRef {
        let mut wrapped = TypeRef::named(ty, self.chance.percent(35));
        let lists = match self.chance.below(100) {
            0..=11 => 2,
            12..=34 => 1,
            _ => 0,
        };
        for _ in 0..lists {
            wrapped = TypeRef::List { item: Box::new(wrapped), non_null: self.chance.percent(35) };
        }
        wrapped
    }

    pub(crate) fn arguments(&mut self) -> Vec<InputDef> {
        let count = match self.chance.below(10) {
            0..=5 => 0,
            6..=8 => 1,
            _ => 2,
        };
        (0..count).map(|number| self.input(&format!("arg{number}"))).collect()
    }

    fn input(&mut self, name: &str) -> InputDef {
        let choices = [&self.groups.leaves[..], &self.groups.inputs[..]].concat();
        let inner = self.chance.pick(&choices).copied().unwrap_or(INT);
        let mut ty = TypeRef::named(inner, self.chance.percent(30));
        if self.chance.percent(20) {
            ty = TypeRef::List { item: Box::new(ty), non_null: self.chance.percent(30) };
        }
        let default = (self.chance.percent(35)).then(|| literal(&mut self.chance, &self.world, &ty));
        InputDef { name: name.to_owned(), ty, default }
    }
}

/// A constant value of an input type.
pub(crate) fn literal(chance: &mut Chance, world: &World, ty: &TypeRef) -> String {
    if !ty.is_non_null() && chance.percent(8) {
        return "null".to_owned();
    }
    let inner = match ty {
        TypeRef::List { item, .. } => {
            let items: Vec<String> = (0..chance.below(3)).map(|_| literal(chance, world, item)).collect();
            return format!("[{}]", items.join(", "));
        }
        TypeRef::Named { ty, .. } => world.ty(*ty),
    };
    match (inner.kind, inner.name.as_str()) {
        (Kind::Enum, _) => chance.pick(&inner.values).cloned().unwrap_or_default(),
        (Kind::Input, _) => {
            let mut fields = Vec::new();
            for input in &inner.inputs {
                let needed = input.ty.is_non_null() && input.default.is_none();
                if needed || chance.percent(60) {
                    fields.push(format!("{}: {}", input.name, literal(chance, world, &input.ty)));
                }
            }
            format!("{{{}}}", fields.join(", "))
        }
        (_, "Int") => chance.below(100).to_string(),
        (_, "Float") => format!("{}.5", chance.below(100)),
        (_, "Boolean") => if chance.percent(50) { "true" } else { "false" }.to_owned(),
        (_, "Blob") => ["{a: [1, 2], b: \"x\"}", "\"blob\"", "[1.5, true]", "7"][chance.below(4)].to_owned(),
        _ => ["\"text\"", "\"a \\\"b\\\" \\\\c\"", "\"\\u00e9\\n\"", "\"\""][chance.below(4)].to_owned(),
    }
}

pub(crate) fn add(world: &mut World, def: TypeDef) -> TypeId {
    world.by_name.insert(def.name.clone(), world.types.len());
    world.types.push(def);
    world.types.len() - 1
}
