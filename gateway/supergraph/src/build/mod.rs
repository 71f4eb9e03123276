//! From the syntax tree to the indexed schema, in four passes: subgraphs, type names, types with their fields, field sets.

mod field_sets;

use std::fmt::Display;
use std::panic::resume_unwind;
use std::thread;

use octavo_index::{IdMap, IndexVec, Interner, NameId, SchemaMap, SchemaState};
use octavo_language::{Limits, Node, ast, parse_without_places};

use self::field_sets::Pending;
use crate::access;
use crate::api::api_schema;
use crate::cache::{CachePolicy, policies};
use crate::context::ContextUse;
use crate::error::SupergraphError;
use crate::join::{Arguments, JoinNames, uses};
use crate::links::Links;
use crate::model::{
    Field, FieldId, FieldJoin, JoinedType, Subgraph, SubgraphId, Supergraph, Type, TypeId, TypeKind, TypeRef,
};

const BUILT_IN_SCALARS: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

impl Supergraph {
    /// Loads a supergraph from its SDL. All errors are reported, not the first.
    pub fn parse(sdl: &str) -> Result<Self, Vec<SupergraphError>> {
        let syntax = |errors: Vec<_>| errors.into_iter().map(SupergraphError::Syntax).collect::<Vec<_>>();
        let document = parse_without_places("supergraph", sdl, Limits::SCHEMA).map_err(syntax)?;
        let links = Links::read(&document);
        links.check_join().map_err(|error| vec![error])?;
        let names = JoinNames::of(&links);
        // Either needs nothing of the other.
        let (build, api) = thread::scope(|scope| {
            let api = scope.spawn(|| api_schema(&document, &links, &names));
            let build = Build::run(&links, &names, &document);
            (build, api.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let mut supergraph = build?.finish(&document, api?)?;
        access::freeze(&mut supergraph, &document, &links)?;
        supergraph.unfollowed = links.into_unfollowed();
        Ok(supergraph)
    }
}

struct Build<'a> {
    links: &'a Links,
    join: &'a JoinNames,
    names: Interner<SchemaState>,
    subgraphs: IndexVec<SubgraphId, Subgraph>,
    graphs: SchemaMap<&'a str, SubgraphId>,
    types: IndexVec<TypeId, Type>,
    fields: IndexVec<FieldId, Field>,
    types_by_name: IdMap<NameId, TypeId>,
    fields_by_name: IdMap<(TypeId, NameId), FieldId>,
    /// The types that set each context.
    setters: SchemaMap<&'a str, Vec<TypeId>>,
    pending: Vec<Pending<'a>>,
    errors: Vec<SupergraphError>,
}

impl<'a> Build<'a> {
    fn new(links: &'a Links, join: &'a JoinNames) -> Self {
        Self {
            links,
            join,
            names: Interner::default(),
            subgraphs: IndexVec::new(),
            graphs: SchemaMap::default(),
            types: IndexVec::new(),
            fields: IndexVec::new(),
            types_by_name: IdMap::default(),
            fields_by_name: IdMap::default(),
            setters: SchemaMap::default(),
            pending: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// All but what clients see.
    fn run(
        links: &'a Links,
        join: &'a JoinNames,
        document: &'a ast::Document,
    ) -> Result<Self, Vec<SupergraphError>> {
        let mut build = Self::new(links, join);
        build.subgraphs(document);
        if build.subgraphs.is_empty() {
            return Err(vec![SupergraphError::NotASupergraph]);
        }
        build.type_names(document);
        for definition in &document.definitions {
            build.definition(definition);
        }
        build.field_sets();
        build.possible_types();
        if build.errors.is_empty() { Ok(build) } else { Err(build.errors) }
    }

    fn subgraphs(&mut self, document: &'a ast::Document) {
        for definition in &document.definitions {
            let ast::Definition::EnumTypeDefinition(graphs) = definition else { continue };
            if graphs.name.as_str() != self.join.graph_enum {
                continue;
            }
            for value in &graphs.values {
                let graph = uses(&value.directives, &self.join.graph).next();
                let name = graph.and_then(|g| g.text("name")).unwrap_or(&value.value);
                let url = graph.and_then(|g| g.text("url")).unwrap_or_default();
                let subgraph = Subgraph { name: self.names.intern(name), url: self.names.intern(url) };
                self.graphs.insert(&value.value, self.subgraphs.push(subgraph));
            }
        }
    }

    fn type_names(&mut self, document: &ast::Document) {
        for scalar in BUILT_IN_SCALARS {
            self.add_type(scalar, TypeKind::Scalar);
        }
        for definition in &document.definitions {
            let kind = match definition {
                ast::Definition::ScalarTypeDefinition(_) => TypeKind::Scalar,
                ast::Definition::ObjectTypeDefinition(_) => TypeKind::Object,
                ast::Definition::InterfaceTypeDefinition(_) => TypeKind::Interface,
                ast::Definition::UnionTypeDefinition(_) => TypeKind::Union,
                ast::Definition::EnumTypeDefinition(_) => TypeKind::Enum,
                ast::Definition::InputObjectTypeDefinition(_) => TypeKind::Input,
                _ => continue,
            };
            let Some(name) = definition.name() else { continue };
            if !self.links.is_feature_element(name) && self.type_id(name).is_none() {
                self.add_type(name, kind);
            }
        }
    }

    fn add_type(&mut self, name: &str, kind: TypeKind) {
        let name = self.names.intern(name);
        let ty = Type {
            name,
            kind,
            inaccessible: false,
            fields: Vec::new(),
            joins: Vec::new(),
            implements: Vec::new(),
            members: Vec::new(),
            possible: Vec::new(),
            values: Vec::new(),
            cache: Vec::new(),
        };
        let id = self.types.push(ty);
        self.types_by_name.insert(name, id);
    }

    fn type_id(&self, name: &str) -> Option<TypeId> {
        self.types_by_name.get(&self.names.get(name)?).copied()
    }

    /// The type that `place` names; an error is recorded when there is none.
    fn expect_type(&mut self, place: &dyn Display, name: &str) -> Option<TypeId> {
        let id = self.type_id(name);
        if id.is_none() {
            let error = SupergraphError::UnknownType { place: place.to_string(), name: name.to_owned() };
            self.errors.push(error);
        }
        id
    }

    /// The subgraph that the directive at `place` names.
    fn graph(&mut self, place: &dyn Display, arguments: Arguments<'_>) -> Option<SubgraphId> {
        let graph = arguments.text("graph")?;
        let id = self.graphs.get(graph).copied();
        if id.is_none() {
            let error = SupergraphError::UnknownGraph { place: place.to_string(), graph: graph.to_owned() };
            self.errors.push(error);
        }
        id
    }

    fn definition(&mut self, definition: &'a ast::Definition) {
        let Some(name) = definition.name() else { return };
        if self.links.is_feature_element(name)
            || matches!(definition, ast::Definition::DirectiveDefinition(_))
        {
            return;
        }
        let Some(id) = self.type_id(name) else { return };
        let directives = definition.directives();
        self.types[id].inaccessible = directives.has(&self.join.inaccessible);
        self.types[id].cache = self.cache(directives);
        for context in uses(directives, &self.join.context).filter_map(|set| set.text("name")) {
            self.setters.entry(context).or_default().push(id);
        }
        self.join_types(id, name, directives);
        match definition {
            ast::Definition::ObjectTypeDefinition(object) => {
                self.implements(id, name, directives);
                self.fields_of(id, name, &object.fields);
            }
            ast::Definition::InterfaceTypeDefinition(interface) => {
                self.implements(id, name, directives);
                self.fields_of(id, name, &interface.fields);
            }
            ast::Definition::UnionTypeDefinition(union) => self.members(id, name, union),
            ast::Definition::EnumTypeDefinition(en) => self.values(id, en),
            _ => {}
        }
    }

    fn cache(&self, directives: &ast::DirectiveList) -> Vec<CachePolicy> {
        policies(directives, &self.join.directive, |name| self.graphs.get(name).copied())
    }

    fn join_types(&mut self, id: TypeId, name: &str, directives: &'a ast::DirectiveList) {
        for join in uses(directives, &self.join.ty) {
            let Some(subgraph) = self.graph(&name, join) else { continue };
            if self.types[id].join(subgraph).is_none() {
                let interface_object = join.flag("isInterfaceObject", false);
                self.types[id].joins.push(JoinedType { subgraph, keys: Vec::new(), interface_object });
            }
            if let Some(text) = join.text("key") {
                let resolvable = join.flag("resolvable", true);
                self.pending.push(Pending::Key { ty: id, subgraph, resolvable, text });
            }
        }
        if self.types[id].joins.is_empty() {
            let everywhere = self.subgraphs.ids();
            self.types[id].joins = everywhere
                .map(|subgraph| JoinedType { subgraph, keys: Vec::new(), interface_object: false })
                .collect();
        }
        self.types[id].joins.sort_by_key(|join| join.subgraph);
    }

    fn implements(&mut self, id: TypeId, name: &str, directives: &'a ast::DirectiveList) {
        for join in uses(directives, &self.join.implements) {
            let Some(subgraph) = self.graph(&name, join) else { continue };
            let Some(interface) = join.text("interface") else { continue };
            if let Some(interface) = self.expect_type(&name, interface) {
                self.types[id].implements.push((subgraph, interface));
            }
        }
    }

    fn members(&mut self, id: TypeId, name: &str, union: &'a ast::UnionTypeDefinition) {
        for join in uses(&union.directives, &self.join.union_member) {
            let Some(subgraph) = self.graph(&name, join) else { continue };
            let Some(member) = join.text("member") else { continue };
            if let Some(member) = self.expect_type(&name, member) {
                self.types[id].members.push((subgraph, member));
            }
        }
    }

    fn values(&mut self, id: TypeId, en: &ast::EnumTypeDefinition) {
        let visible = en.values.iter().filter(|v| !v.directives.has(&self.join.inaccessible));
        let mut values: Vec<&str> = visible.map(|v| v.value.as_str()).collect();
        values.sort_unstable();
        self.types[id].values = values.into_iter().map(|v| self.names.intern(v)).collect();
    }

    fn fields_of(&mut self, parent: TypeId, type_name: &str, fields: &'a [Node<ast::FieldDefinition>]) {
        for definition in fields {
            let place = format_args!("{type_name}.{}", definition.name);
            let Some(ty) = self.type_ref(&place, &definition.ty) else { continue };
            let name = self.names.intern(&definition.name);
            let field = Field {
                parent,
                name,
                ty,
                inaccessible: definition.directives.has(&self.join.inaccessible),
                joins: Vec::new(),
                only_by_interface: false,
                cache: self.cache(&definition.directives),
                access: Box::default(),
            };
            let id = self.fields.push(field);
            self.fields_by_name.insert((parent, name), id);
            self.types[parent].fields.push(id);
            for join in uses(&definition.directives, &self.join.field) {
                self.join_field(id, &place, join);
            }
        }
    }

    fn join_field(&mut self, id: FieldId, place: &dyn Display, join: Arguments<'a>) {
        if join.text("graph").is_none() {
            self.fields[id].only_by_interface = true;
            return;
        }
        let Some(subgraph) = self.graph(place, join) else { return };
        let ty = join.text("type").and_then(|text| {
            let parsed = ast::Type::parse(text, "type").ok()?;
            self.type_ref(place, &parsed)
        });
        let overrides = join.text("override").and_then(|name| {
            let name = self.names.get(name)?;
            self.subgraphs.iter_with_ids().find(|(_, s)| s.name == name).map(|(id, _)| id)
        });
        let index = self.fields[id].joins.len();
        self.fields[id].joins.push(FieldJoin {
            subgraph,
            external: join.flag("external", false) || join.flag("usedOverridden", false),
            requires: None,
            provides: None,
            ty,
            overrides,
            override_label: join.text("overrideLabel").map(|label| self.names.intern(label)),
            contexts: Vec::new(),
        });
        if let Some(text) = join.text("requires") {
            self.pending.push(Pending::Requires { field: id, join: index, text });
        }
        if let Some(text) = join.text("provides") {
            self.pending.push(Pending::Provides { field: id, join: index, text });
        }
        for item in join.items("contextArguments") {
            match ContextUse::of(item) {
                Some(argument) => self.pending.push(Pending::Context { field: id, join: index, argument }),
                None => self.errors.push(SupergraphError::ContextArgument { place: place.to_string() }),
            }
        }
    }

    fn type_ref(&mut self, place: &dyn Display, ty: &ast::Type) -> Option<TypeRef> {
        let (inner, non_null) = match ty {
            ast::Type::Named(name) => (Err(name), false),
            ast::Type::NonNullNamed(name) => (Err(name), true),
            ast::Type::List(item) => (Ok(item), false),
            ast::Type::NonNullList(item) => (Ok(item), true),
        };
        match inner {
            Ok(item) => Some(TypeRef::List { item: Box::new(self.type_ref(place, item)?), non_null }),
            Err(name) => Some(TypeRef::Named { ty: self.expect_type(place, name)?, non_null }),
        }
    }

    fn possible_types(&mut self) {
        for id in self.types.ids() {
            match self.types[id].kind {
                TypeKind::Object => {
                    self.types[id].possible.push(id);
                    let mut interfaces: Vec<TypeId> =
                        self.types[id].implements.iter().map(|(_, i)| *i).collect();
                    interfaces.sort_unstable();
                    interfaces.dedup();
                    for interface in interfaces {
                        self.types[interface].possible.push(id);
                    }
                }
                TypeKind::Union => {
                    let mut members: Vec<TypeId> = self.types[id].members.iter().map(|(_, m)| *m).collect();
                    members.sort_unstable();
                    members.dedup();
                    self.types[id].possible = members;
                }
                _ => {}
            }
        }
    }

    fn finish(
        mut self,
        document: &ast::Document,
        (api, gateway_directives): (octavo_language::ValidSchema, Vec<&'static str>),
    ) -> Result<Supergraph, Vec<SupergraphError>> {
        let root = |operation: ast::OperationType, default: &str| {
            let schema = document.definitions.iter().find_map(|d| match d {
                ast::Definition::SchemaDefinition(schema) => Some(schema),
                _ => None,
            });
            let Some(schema) = schema else { return Some(default.to_owned()) };
            let entry = schema.root_operations.iter().find(|entry| entry.0 == operation);
            entry.map(|entry| entry.1.to_string())
        };
        let query = root(ast::OperationType::Query, "Query");
        let mutation = root(ast::OperationType::Mutation, "Mutation");
        let subscription = root(ast::OperationType::Subscription, "Subscription");
        let find = |name: Option<String>| name.and_then(|name| self.type_id(&name));
        let (query, mutation, subscription) = (find(query), find(mutation), find(subscription));
        let Some(query) = query else {
            self.errors.push(SupergraphError::NoQuery);
            return Err(self.errors);
        };
        Ok(Supergraph {
            names: self.names,
            subgraphs: self.subgraphs,
            types: self.types,
            fields: self.fields,
            types_by_name: self.types_by_name,
            fields_by_name: self.fields_by_name,
            requirements: IndexVec::new(),
            query,
            mutation,
            subscription,
            api,
            gateway_directives,
            unfollowed: Vec::new(),
        })
    }
}
