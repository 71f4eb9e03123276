//! Arguments that a field takes from the objects around (`@context`, `@fromContext`).
//!
//! An entity stands below one other entity alone, so that this one is around it on every way: it sets the context, and a field of it
//! is what the argument gets.

use super::model::{
    Context, FieldDef, KeyPart, Kind, Nature, Pick, SubgraphId, TypeDef, TypeId, TypeRef, World,
};
use super::monolith::{ID, add};
use super::split::Splitter;

impl Splitter {
    /// An entity below another, with a field that is worked out from that one.
    pub(crate) fn add_context(&mut self, number: usize) {
        let Some((host, home, told_of)) = self.choose_context() else { return };
        let def = self.world().ty(host).fields[told_of].clone();
        self.clean(host, told_of);
        let known = self.world().subgraphs[home].types.get(&host);
        if known.is_none_or(|known| !known.fields.contains_key(&told_of)) {
            self.sub_field(home, host, told_of).external = true;
        }
        let teller = self.add_teller(number, (host, home));
        let ty = Some(self.builder.any_type()).filter(|&ty| self.can_have(home, ty));
        let ty = ty.unwrap_or_else(|| self.builder.leaf());
        let told = self.builder.field(teller, &format!("told{number}"), ty);
        let name = format!("around{number}");
        let argument = nullable(&def.ty);
        self.builder.world.types[teller].fields[told].context =
            Some(Context { name, host, picks: vec![Pick::leaf(&def.name)], argument });
        self.own(home, teller, told);
    }

    /// An entity that sets a context, a subgraph at home there, and a leaf that it can have.
    fn choose_context(&mut self) -> Option<(TypeId, SubgraphId, usize)> {
        let entities: Vec<TypeId> = self.homes.keys().copied().collect();
        let host = *self.builder.chance.pick(&entities)?;
        let homes = self.homes[&host].clone();
        let home = *self.builder.chance.pick(&homes)?;
        let known = self.world().subgraphs[home].types.get(&host).cloned().unwrap_or_default();
        let simple = |(index, def): (usize, &FieldDef)| {
            let leaf = !self.world().ty(def.ty.inner()).is_composite() && def.arguments.is_empty();
            let own = known.fields.get(&index).is_none_or(|sub| !sub.overridden && sub.requires.is_empty());
            let had = !self.owners(host, index).is_empty() && def.requires.is_none() && def.context.is_none();
            (leaf && own && had).then_some(index)
        };
        let fields = self.world().ty(host).fields.iter().enumerate();
        let candidates: Vec<usize> = fields.filter_map(simple).collect();
        let told_of = *self.builder.chance.pick(&candidates)?;
        Some((host, home, told_of))
    }

    /// The entity below `host`, at home in one subgraph, and a field that leads to it from any of the host's.
    fn add_teller(&mut self, number: usize, (host, home): (TypeId, SubgraphId)) -> TypeId {
        let mut def = TypeDef::new(&format!("Teller{number}"), Kind::Object);
        def.instances = 6;
        def.keys.push(vec![Pick::leaf("id")]);
        def.fields.push(FieldDef::new("id", TypeRef::named(ID, true), Nature::Key(KeyPart::Whole)));
        let teller = add(&mut self.builder.world, def);
        self.homes.insert(teller, vec![home]);
        self.key(home, teller, 0, true);
        let leaf = self.builder.leaf();
        let other = self.builder.field(teller, "other", leaf);
        self.own(home, teller, other);
        let field = self.builder.field(host, &format!("teller{number}"), teller);
        let homes = self.homes[&host].clone();
        let leads = self.builder.chance.pick(&homes).copied().unwrap_or(home);
        self.own(leads, host, field);
        teller
    }
}

/// A type without any `!`: the value may be missing.
fn nullable(ty: &TypeRef) -> TypeRef {
    match ty {
        TypeRef::Named { ty, .. } => TypeRef::named(*ty, false),
        TypeRef::List { item, .. } => TypeRef::List { item: Box::new(nullable(item)), non_null: false },
    }
}

impl World {
    /// The contexts that a type sets in a subgraph: those that a field there takes an argument from.
    pub(crate) fn contexts(&self, subgraph: SubgraphId, host: TypeId) -> impl Iterator<Item = &Context> {
        let known = self.subgraphs[subgraph].types.iter();
        let fields = known.flat_map(move |(&id, ty)| {
            let owned = ty.fields.iter().filter(|(_, sub)| !sub.external);
            owned.map(move |(&field, _)| &self.ty(id).fields[field])
        });
        fields.filter_map(|field| field.context.as_ref()).filter(move |context| context.host == host)
    }
}
