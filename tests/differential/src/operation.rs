//! Operations by chance, valid by the way in which they are made: throughout an operation, a response key means the same field with the same
//! arguments and type, but for keys that stand in fragments on object types alone.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use crate::chance::Chance;
use crate::coerce::{Values, constant};
use crate::world::{
    BOOLEAN, FieldDef, InputDef, Kind, MUTATION, Mark, QUERY, TypeId, TypeRef, World, literal,
};

/// How deep an operation goes.
const DEPTH: usize = 5;
/// How many of a hundred selections stand under a condition.
const CONDITIONS: usize = 14;

/// An operation and what it is good for in a test.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) text: String,
    variables: Vec<Variable>,
    pub(crate) marks: BTreeSet<Mark>,
}

#[derive(Clone, Debug)]
struct Variable {
    name: String,
    ty: TypeRef,
    default: Option<String>,
    /// Null or no value would be refused where it is used.
    needed: bool,
}

impl Operation {
    pub(crate) fn new(world: &World, seed: u64) -> Self {
        let mut writer = Writer {
            world,
            chance: Chance::new(seed),
            keys: HashMap::new(),
            own_keys: HashMap::new(),
            variables: Vec::new(),
            conditions: 0,
            fragments: Vec::new(),
            left: 0,
            marks: BTreeSet::new(),
        };
        writer.left = writer.chance.between(12, 50);
        let is_mutation = writer.chance.percent(12);
        if is_mutation {
            writer.marks.insert(Mark::Mutation);
        }
        let root = if is_mutation { MUTATION } else { QUERY };
        let body = writer.selection_set(root, DEPTH);
        writer.finish(if is_mutation { "mutation" } else { "query" }, &body)
    }

    /// Values for the variables, some left out.
    pub(crate) fn values(&self, world: &World, seed: u64) -> Values {
        let mut chance = Chance::new(seed);
        let mut values = Values::new();
        for variable in &self.variables {
            let may_lack = !variable.needed && (!variable.ty.is_non_null() || variable.default.is_some());
            if may_lack && chance.percent(25) {
                continue;
            }
            let ty = if variable.needed { variable.ty.with_non_null(true) } else { variable.ty.clone() };
            if let Some(value) = constant(&literal(&mut chance, world, &ty)) {
                values.insert(variable.name.clone(), value);
            }
        }
        values
    }
}

struct Writer<'w> {
    world: &'w World,
    chance: Chance,
    /// What each response key means.
    keys: HashMap<String, String>,
    /// What each key that stands on object types alone means: its type everywhere, its field for each of them.
    own_keys: HashMap<String, (String, HashMap<TypeId, String>)>,
    variables: Vec<Variable>,
    conditions: usize,
    /// Name, type and body.
    fragments: Vec<(String, TypeId, String)>,
    /// How many selections may still be made.
    left: usize,
    marks: BTreeSet<Mark>,
}

impl Writer<'_> {
    fn finish(self, kind: &str, body: &str) -> Operation {
        let mut text = kind.to_owned();
        if !self.variables.is_empty() {
            let definitions = self.variables.iter().map(|variable| {
                let default = variable.default.as_ref().map(|d| format!(" = {d}")).unwrap_or_default();
                format!("${}: {}{default}", variable.name, self.world.type_text(&variable.ty))
            });
            let _ = write!(text, " Client({})", definitions.collect::<Vec<_>>().join(", "));
        }
        let _ = write!(text, " {body}");
        for (name, on, body) in &self.fragments {
            let _ = write!(text, "\nfragment {name} on {} {body}", self.world.ty(*on).name);
        }
        Operation { text, variables: self.variables, marks: self.marks }
    }

    fn selection_set(&mut self, ty: TypeId, depth: usize) -> String {
        let root = ty == QUERY || ty == MUTATION;
        let mut selections = Vec::new();
        let (least, most) = if root { (2, 4) } else { (1, 5) };
        for _ in 0..self.chance.between(least, most) {
            if self.left == 0 && !selections.is_empty() {
                break;
            }
            self.left = self.left.saturating_sub(1);
            if let Some(selection) = self.selection(ty, depth) {
                selections.push(selection);
            }
        }
        if selections.is_empty() {
            selections.push("__typename".to_owned());
        }
        format!("{{ {} }}", selections.join(" "))
    }

    fn selection(&mut self, ty: TypeId, depth: usize) -> Option<String> {
        let is_abstract = self.world.ty(ty).kind != Kind::Object;
        let fragment = if is_abstract { 55 } else { 12 };
        match self.chance.below(100) {
            choice if choice < fragment => self.fragment(ty, depth),
            choice if choice > 94 => Some("__typename".to_owned()),
            _ => self.field(ty, depth),
        }
    }

    fn field(&mut self, ty: TypeId, depth: usize) -> Option<String> {
        let world = self.world;
        let is_composite = |field: &FieldDef| world.ty(field.ty.inner()).is_composite();
        let fields: Vec<&FieldDef> = world.ty(ty).fields.iter().filter(|field| !field.inaccessible).collect();
        let deep: Vec<&FieldDef> = fields.iter().copied().filter(|field| is_composite(field)).collect();
        let flat: Vec<&FieldDef> = fields.iter().copied().filter(|field| !is_composite(field)).collect();
        let from = if depth > 0 && self.left > 0 && self.chance.percent(65) && !deep.is_empty() {
            deep
        } else {
            flat
        };
        // What takes arguments from an object around is far down: it is gone for more often than chance would have it.
        let tells = |field: &&FieldDef| {
            let below = &world.ty(field.ty.inner()).fields;
            field.context.is_some() || below.iter().any(|field| field.context.is_some())
        };
        let told: Vec<&FieldDef> = from.iter().copied().filter(tells).collect();
        let from = if !told.is_empty() && self.chance.percent(30) { told } else { from };
        let field = *self.chance.pick(&from)?;
        self.marks.extend(field.marks.iter().copied());
        if matches!(world.ty(field.ty.inner()).kind, Kind::Interface | Kind::Union) {
            self.marks.insert(Mark::AbstractType);
        }
        let arguments = self.arguments(&field.arguments);
        let key = self.key(ty, field, &arguments);
        let alias = if key == field.name { String::new() } else { format!("{key}: ") };
        let condition = self.condition();
        let below = if is_composite(field) {
            format!(" {}", self.selection_set(field.ty.inner(), depth - 1))
        } else {
            String::new()
        };
        Some(format!("{alias}{}{arguments}{condition}{below}", field.name))
    }

    /// A response key under which a field may be asked.
    fn key(&mut self, ty: TypeId, field: &FieldDef, arguments: &str) -> String {
        let type_text = self.world.type_text(&field.ty);
        let call = format!("{}{arguments}", field.name);
        let is_leaf = !self.world.ty(field.ty.inner()).is_composite();
        if is_leaf && self.world.ty(ty).kind == Kind::Object && self.chance.percent(8) {
            let key = format!("own{}", self.chance.below(3));
            let entry = self.own_keys.entry(key.clone());
            let (shape, fields) = entry.or_insert_with(|| (type_text.clone(), HashMap::new()));
            let known = fields.entry(ty).or_insert_with(|| call.clone());
            if *shape == type_text && *known == call {
                return key;
            }
        }
        let wanted = if self.chance.percent(15) {
            format!("alias{}", self.chance.below(5))
        } else {
            field.name.clone()
        };
        let meaning = format!("{call}: {type_text}");
        let known = self.keys.entry(wanted.clone()).or_insert_with(|| meaning.clone());
        if *known == meaning {
            return wanted;
        }
        // The same key again for the same meaning, so that there is something to merge.
        let again = self.keys.iter().filter(|(_, known)| **known == meaning).map(|(key, _)| key).min();
        if let Some(again) = again {
            return again.clone();
        }
        let fresh = format!("fresh{}", self.keys.len());
        self.keys.insert(fresh.clone(), meaning);
        fresh
    }

    fn fragment(&mut self, ty: TypeId, depth: usize) -> Option<String> {
        self.marks.insert(Mark::Fragment);
        let choices = self.overlapping(ty);
        let on = *self.chance.pick(&choices)?;
        match self.chance.below(10) {
            0..=1 => {
                let body = self.selection_set(on, depth);
                let name = format!("Part{}", self.fragments.len());
                self.fragments.push((name.clone(), on, body));
                Some(format!("...{name}{}", self.condition()))
            }
            2 => {
                let fitting = self.fragments.iter().filter(|(_, on, _)| choices.contains(on));
                let names: Vec<String> = fitting.map(|(name, _, _)| name.clone()).collect();
                let name = self.chance.pick(&names)?;
                Some(format!("...{name}{}", self.condition()))
            }
            3 => Some(format!("...{} {}", self.condition(), self.selection_set(ty, depth))),
            _ => {
                let name = &self.world.ty(on).name;
                Some(format!("... on {name}{} {}", self.condition(), self.selection_set(on, depth)))
            }
        }
    }

    /// The types on which a fragment may stand at a position.
    fn overlapping(&self, ty: TypeId) -> Vec<TypeId> {
        let world = self.world;
        let possible = world.possible(ty);
        let here = |id: &TypeId| world.ty(*id).is_composite() && world.exists(*id);
        let overlaps = |id: &TypeId| world.possible(*id).iter().any(|object| possible.contains(object));
        (0..world.types.len()).filter(here).filter(overlaps).collect()
    }

    fn condition(&mut self) -> String {
        let mut text = String::new();
        if self.chance.percent(CONDITIONS) {
            let name = ["skip", "include"][self.chance.below(2)];
            self.marks.insert(Mark::Condition);
            let _ = write!(text, " @{name}(if: {})", self.condition_value());
            if self.chance.percent(10) {
                let other = if name == "skip" { "include" } else { "skip" };
                let _ = write!(text, " @{other}(if: {})", self.condition_value());
            }
        }
        text
    }

    fn condition_value(&mut self) -> String {
        if self.chance.percent(6) {
            return self.chance.percent(50).to_string();
        }
        let number = self.chance.below(3);
        let name = format!("on{number}");
        if !self.variables.iter().any(|variable| variable.name == name) {
            let default = (self.chance.percent(20)).then(|| self.chance.percent(50).to_string());
            let ty = TypeRef::named(BOOLEAN, true);
            self.variables.push(Variable { name: name.clone(), ty, default, needed: false });
        }
        self.conditions += 1;
        format!("${name}")
    }

    fn arguments(&mut self, definitions: &[InputDef]) -> String {
        let mut given = Vec::new();
        for definition in definitions {
            let needed = definition.ty.is_non_null() && definition.default.is_none();
            if needed || self.chance.percent(60) {
                given.push(format!("{}: {}", definition.name, self.argument(definition)));
            }
        }
        if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
    }

    fn argument(&mut self, definition: &InputDef) -> String {
        let world = self.world;
        if self.chance.percent(45) {
            return self.variable(definition);
        }
        let inner = world.ty(definition.ty.inner());
        let TypeRef::Named { .. } = definition.ty else {
            return literal(&mut self.chance, world, &definition.ty);
        };
        if inner.kind != Kind::Input || self.chance.percent(40) {
            return literal(&mut self.chance, world, &definition.ty);
        }
        format!("{{{}}}", self.arguments(&inner.inputs).trim_matches(['(', ')']))
    }

    /// A variable for an argument: one that is there, or a new one.
    fn variable(&mut self, definition: &InputDef) -> String {
        self.marks.insert(Mark::Variable);
        let plain = definition.ty.is_non_null() && definition.default.is_none();
        let fits = |variable: &&Variable| variable.ty == definition.ty && !variable.needed;
        if self.chance.percent(40)
            && let Some(known) = self.variables.iter().find(fits)
        {
            return format!("${}", known.name);
        }
        let name = format!("var{}", self.variables.len());
        let relaxed = definition.ty.is_non_null() && !plain && self.chance.percent(50);
        let strict = !definition.ty.is_non_null() && self.chance.percent(20);
        let ty = definition.ty.with_non_null((definition.ty.is_non_null() && !relaxed) || strict);
        let default = (self.chance.percent(30)).then(|| {
            let ty = if relaxed { ty.with_non_null(true) } else { ty.clone() };
            literal(&mut self.chance, self.world, &ty)
        });
        self.variables.push(Variable { name: name.clone(), ty, default, needed: relaxed });
        format!("${name}")
    }
}
