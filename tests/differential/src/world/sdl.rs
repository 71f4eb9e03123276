//! The monolith and its subgraphs as GraphQL text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::model::{
    Context, Extension, FieldDef, InputDef, Kind, SubField, SubType, SubgraphDef, SubgraphId, TypeId, World,
};

/// The name of arguments from contexts.
pub(crate) const CONTEXT: &str = "around";

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.8\", import: [\"@key\", \"@shareable\", \
                    \"@external\", \"@requires\", \"@provides\", \"@override\", \"@inaccessible\", \"@interfaceObject\", \
                    \"@extends\", \"@context\", \"@fromContext\"])\n";

impl World {
    /// What clients see, as one server would have it.
    pub(crate) fn monolith_sdl(&self) -> String {
        let mut text = String::new();
        let mut leaves = BTreeSet::new();
        for (id, def) in self.types.iter().enumerate().filter(|(id, _)| self.exists(*id)) {
            if def.kind == Kind::Union {
                self.union(&mut text, id);
                continue;
            }
            let keyword = if def.kind == Kind::Interface { "interface" } else { "type" };
            let _ = writeln!(text, "{keyword} {}{} {{", def.name, self.implements(id, &|_| true));
            for field in def.fields.iter().filter(|field| !field.inaccessible) {
                self.field(&mut text, (field, None), "", &mut leaves);
            }
            text.push_str("}\n");
        }
        self.leaves(&mut text, &leaves);
        text
    }

    /// Whether some subgraph has a composite type.
    pub(crate) fn exists(&self, id: TypeId) -> bool {
        self.subgraphs.iter().any(|part| part.types.contains_key(&id))
    }

    pub(crate) fn subgraph_sdl(&self, subgraph: SubgraphId) -> String {
        let part = &self.subgraphs[subgraph];
        let mut text = if part.old { String::new() } else { LINK.to_owned() };
        let mut leaves = BTreeSet::new();
        for (&id, ty) in &part.types {
            let def = self.ty(id);
            match def.kind {
                Kind::Union => self.union(&mut text, id),
                Kind::Interface | Kind::Object => {
                    self.composite(&mut text, (subgraph, part), (id, ty), &mut leaves);
                }
                _ => {}
            }
        }
        self.leaves(&mut text, &leaves);
        text
    }

    fn composite(
        &self,
        text: &mut String,
        (subgraph, part): (SubgraphId, &SubgraphDef),
        (id, ty): (TypeId, &SubType),
        leaves: &mut BTreeSet<TypeId>,
    ) {
        let def = self.ty(id);
        let object = def.kind == Kind::Object || ty.interface_object;
        text.push_str(if ty.extension == Extension::Keyword { "extend " } else { "" });
        text.push_str(if object { "type " } else { "interface " });
        text.push_str(&def.name);
        text.push_str(
            &self.implements(id, &|interface| {
                part.types.get(&interface).is_some_and(|ty| !ty.interface_object)
            }),
        );
        for (&key, &resolvable) in &ty.keys {
            let fields = self.picks_text(&def.keys[key]);
            let resolvable = if resolvable { "" } else { ", resolvable: false" };
            let _ = write!(text, " @key(fields: \"{fields}\"{resolvable})");
        }
        for context in self.contexts(subgraph, id) {
            let _ = write!(text, " @context(name: \"{}\")", context.name);
        }
        text.push_str(if ty.interface_object { " @interfaceObject" } else { "" });
        text.push_str(if ty.extension == Extension::Directive { " @extends" } else { "" });
        text.push_str(" {\n");
        for (&field, sub) in &ty.fields {
            let own = &def.fields[field];
            // Federation 1 forgets a field that is external and in no key.
            let in_key = |key: &usize| def.keys[*key].iter().any(|pick| pick.field == own.name);
            let extended_key = part.old && ty.extension != Extension::No && ty.keys.keys().any(in_key);
            let directives = self.directives((id, field), sub, (subgraph, extended_key));
            let context = own.context.as_ref().filter(|_| !sub.external);
            self.field(text, (own, context), &directives, leaves);
        }
        text.push_str("}\n");
    }

    fn directives(
        &self,
        (id, field): (TypeId, usize),
        sub: &SubField,
        (subgraph, extended_key): (SubgraphId, bool),
    ) -> String {
        let def = self.ty(id);
        let own = &def.fields[field];
        let mut text = String::new();
        if sub.external || extended_key {
            text.push_str(" @external");
        } else if !self.subgraphs[subgraph].old
            && !sub.overridden
            && def.kind == Kind::Object
            && self.is_shared(id, field)
        {
            text.push_str(" @shareable");
        }
        if !sub.requires.is_empty() {
            let _ = write!(text, " @requires(fields: {:?})", self.picks_text(&sub.requires));
        }
        if !sub.provides.is_empty() {
            let _ = write!(text, " @provides(fields: {:?})", self.picks_text(&sub.provides));
        }
        if let Some(from) = &sub.overrides {
            let _ = write!(text, " @override(from: \"{from}\")");
        }
        if own.inaccessible && !sub.external {
            text.push_str(" @inaccessible");
        }
        text
    }

    /// A field, with its argument from a context where it has one.
    fn field(
        &self,
        text: &mut String,
        (field, context): (&FieldDef, Option<&Context>),
        directives: &str,
        leaves: &mut BTreeSet<TypeId>,
    ) {
        let mut arguments: Vec<String> = field.arguments.iter().map(|a| self.input(a, leaves)).collect();
        if let Some(Context { name, picks, argument, .. }) = context {
            let (ty, picks) = (self.type_text(argument), self.picks_text(picks));
            leaves.insert(argument.inner());
            arguments.push(format!("{CONTEXT}: {ty} @fromContext(field: \"${name} {{ {picks} }}\")"));
        }
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        leaves.insert(field.ty.inner());
        let _ = writeln!(text, "  {}{arguments}: {}{directives}", field.name, self.type_text(&field.ty));
    }

    fn input(&self, input: &InputDef, leaves: &mut BTreeSet<TypeId>) -> String {
        let inner = input.ty.inner();
        if leaves.insert(inner) {
            for field in &self.ty(inner).inputs {
                self.input(field, leaves);
            }
        }
        let default = input.default.as_ref().map(|default| format!(" = {default}")).unwrap_or_default();
        format!("{}: {}{default}", input.name, self.type_text(&input.ty))
    }

    fn implements(&self, id: TypeId, has: &dyn Fn(TypeId) -> bool) -> String {
        let interfaces = self.interfaces(id).filter(|&interface| self.exists(interface) && has(interface));
        let names: Vec<&str> = interfaces.map(|interface| &*self.ty(interface).name).collect();
        if names.is_empty() { String::new() } else { format!(" implements {}", names.join(" & ")) }
    }

    fn union(&self, text: &mut String, id: TypeId) {
        let def = self.ty(id);
        let members: Vec<&str> = def.members.iter().map(|&member| &*self.ty(member).name).collect();
        let _ = writeln!(text, "union {} = {}", def.name, members.join(" | "));
    }

    /// Scalars, enums and input objects.
    fn leaves(&self, text: &mut String, leaves: &BTreeSet<TypeId>) {
        for &id in leaves {
            let def = self.ty(id);
            match def.kind {
                Kind::Scalar => {
                    let _ = writeln!(text, "scalar {}", def.name);
                }
                Kind::Enum => {
                    let _ = writeln!(text, "enum {} {{ {} }}", def.name, def.values.join(" "));
                }
                Kind::Input => {
                    let inputs: Vec<String> =
                        def.inputs.iter().map(|input| self.input(input, &mut BTreeSet::new())).collect();
                    let _ = writeln!(text, "input {} {{ {} }}", def.name, inputs.join(" "));
                }
                _ => {}
            }
        }
    }
}
