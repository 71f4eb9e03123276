//! Who may see what: `@authenticated`, `@requiresScopes` and `@policy` (<https://specs.apollo.dev/requiresScopes/v0.1/>).
//!
//! 1. The rules are read where they are written.
//! 2. A rule of an interface that its implementations do not ask for together anyway is asked for by each of them, so that no
//!    fragment on an object type leads around it.
//! 3. A field asks for its own rules, those of the type that it stands on, and those of the type that it returns.

use std::collections::HashMap;

use octavo_index::{IdMap, NameId};
use octavo_language::{Node, ast};

use crate::error::SupergraphError;
use crate::links::Links;
use crate::model::{FieldId, RequirementId, Supergraph, TypeId, TypeKind};

/// Beyond so many combinations a rule is taken for one that others do not imply, which asks for more and never for less.
const MOST_COMBINATIONS: usize = 1_000;

/// What a caller must have. Equal requirements of one supergraph have one id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// Has said who it is.
    Authenticated,
    /// Has all scopes of one of the alternatives.
    Scopes(Alternatives),
    /// All policies of one of the alternatives hold.
    Policies(Alternatives),
}

/// Sets of names, each sorted; one of them must be held whole.
pub type Alternatives = Vec<Box<[NameId]>>;

/// Requirements that must all be met, sorted.
pub type Access = Box<[RequirementId]>;

/// Gives every field what it asks of callers.
pub(crate) fn freeze(
    supergraph: &mut Supergraph,
    document: &ast::Document,
    links: &Links,
) -> Result<(), Vec<SupergraphError>> {
    let mut rules = Rules::new(links);
    rules.read(supergraph, document);
    if !rules.errors.is_empty() {
        return Err(rules.errors);
    }
    if rules.of_types.is_empty() && rules.of_fields.is_empty() {
        return Ok(());
    }
    rules.reach_implementations(supergraph);
    rules.settle(supergraph);
    Ok(())
}

/// The rules as they are written.
struct Rules {
    authenticated: String,
    scopes: String,
    policies: String,
    ids: HashMap<Requirement, RequirementId>,
    of_types: IdMap<TypeId, Vec<RequirementId>>,
    of_fields: IdMap<FieldId, Vec<RequirementId>>,
    errors: Vec<SupergraphError>,
}

impl Rules {
    fn new(links: &Links) -> Self {
        Self {
            authenticated: links.directive("authenticated", "authenticated"),
            scopes: links.directive("requiresScopes", "requiresScopes"),
            policies: links.directive("policy", "policy"),
            ids: HashMap::new(),
            of_types: IdMap::default(),
            of_fields: IdMap::default(),
            errors: Vec::new(),
        }
    }

    fn read(&mut self, supergraph: &mut Supergraph, document: &ast::Document) {
        for definition in &document.definitions {
            let Some(name) = definition.name() else { continue };
            let Some(ty) = supergraph.type_named(name) else { continue };
            let found = self.rules(supergraph, name, definition.directives());
            if !found.is_empty() {
                self.of_types.insert(ty, found);
            }
            let fields = match definition {
                ast::Definition::ObjectTypeDefinition(object) => &object.fields,
                ast::Definition::InterfaceTypeDefinition(interface) => &interface.fields,
                _ => continue,
            };
            for field in fields.iter().filter(|field| !field.directives.is_empty()) {
                let Some(id) = supergraph.field_named(ty, &field.name) else { continue };
                let place = format!("{name}.{}", field.name);
                let found = self.rules(supergraph, &place, &field.directives);
                if !found.is_empty() {
                    self.of_fields.insert(id, found);
                }
            }
        }
    }

    /// The requirements among the directives of an element.
    fn rules(
        &mut self,
        supergraph: &mut Supergraph,
        place: &str,
        directives: &[Node<ast::Directive>],
    ) -> Vec<RequirementId> {
        let mut found = Vec::new();
        for directive in directives {
            let name = directive.name.as_str();
            let requirement = if name == self.authenticated {
                Some(Requirement::Authenticated)
            } else if name == self.scopes {
                alternatives(supergraph, directive, "scopes").map(Requirement::Scopes)
            } else if name == self.policies {
                alternatives(supergraph, directive, "policies").map(Requirement::Policies)
            } else {
                continue;
            };
            if let Some(requirement) = requirement {
                found.push(self.id(supergraph, requirement));
            } else {
                let (place, directive) = (place.to_owned(), name.to_owned());
                self.errors.push(SupergraphError::AccessRule { place, directive });
            }
        }
        found
    }

    fn id(&mut self, supergraph: &mut Supergraph, requirement: Requirement) -> RequirementId {
        if let Some(id) = self.ids.get(&requirement) {
            return *id;
        }
        let id = supergraph.requirements.push(requirement.clone());
        self.ids.insert(requirement, id);
        id
    }

    /// Composition lets an interface ask for what its implementations ask for; what it asks for beyond that is a rule of its own.
    fn reach_implementations(&mut self, supergraph: &Supergraph) {
        let interfaces = supergraph.types().iter_with_ids().filter(|(_, ty)| ty.kind == TypeKind::Interface);
        let (mut types, mut fields) = (Vec::new(), Vec::new());
        for (id, interface) in interfaces {
            let own = rules_of(&self.of_types, id);
            let theirs: Vec<_> =
                interface.possible.iter().flat_map(|ty| rules_of(&self.of_types, *ty)).copied().collect();
            let beyond = beyond(supergraph, own, &theirs);
            types.extend(interface.possible.iter().map(|ty| (*ty, beyond.clone())));
            for &field in &interface.fields {
                let own = rules_of(&self.of_fields, field);
                if own.is_empty() {
                    continue;
                }
                let name = supergraph.field(field).name;
                let same = interface.possible.iter().filter_map(|ty| supergraph.field_with(*ty, name));
                let same: Vec<FieldId> = same.collect();
                let theirs: Vec<_> =
                    same.iter().flat_map(|id| rules_of(&self.of_fields, *id)).copied().collect();
                let beyond = self::beyond(supergraph, own, &theirs);
                fields.extend(same.into_iter().map(|field| (field, beyond.clone())));
            }
        }
        for (ty, more) in types.into_iter().filter(|(_, more)| !more.is_empty()) {
            self.of_types.entry(ty).or_default().extend(more);
        }
        for (field, more) in fields.into_iter().filter(|(_, more)| !more.is_empty()) {
            self.of_fields.entry(field).or_default().extend(more);
        }
    }

    fn settle(&self, supergraph: &mut Supergraph) {
        for id in supergraph.fields.ids() {
            let field = &supergraph.fields[id];
            let (parent, returned) = (field.parent, field.ty.named());
            let own = rules_of(&self.of_fields, id).iter();
            let around = rules_of(&self.of_types, parent).iter().chain(rules_of(&self.of_types, returned));
            let mut all: Vec<RequirementId> = own.chain(around).copied().collect();
            all.sort_unstable();
            all.dedup();
            supergraph.fields[id].access = all.into();
        }
    }
}

fn rules_of<I>(rules: &IdMap<I, Vec<RequirementId>>, id: I) -> &[RequirementId]
where
    I: Copy + Eq + std::hash::Hash,
{
    rules.get(&id).map_or(&[], Vec::as_slice)
}

/// Those of `rules` that callers need not meet who meet all of `given`.
fn beyond(supergraph: &Supergraph, rules: &[RequirementId], given: &[RequirementId]) -> Vec<RequirementId> {
    let is_new = |rule: &&RequirementId| !given.contains(rule) && !is_implied(supergraph, **rule, given);
    rules.iter().filter(is_new).copied().collect()
}

/// Whether whoever meets all of `given` meets `rule`: each way to meet them holds one of its alternatives.
fn is_implied(supergraph: &Supergraph, rule: RequirementId, given: &[RequirementId]) -> bool {
    let given = given.iter().map(|id| supergraph.requirement(*id));
    let (needs, given): (_, Vec<&Alternatives>) = match supergraph.requirement(rule) {
        Requirement::Authenticated => return false,
        Requirement::Scopes(needs) => (needs, given.filter_map(Requirement::scopes).collect()),
        Requirement::Policies(needs) => (needs, given.filter_map(Requirement::policies).collect()),
    };
    if given.is_empty() {
        return false;
    }
    let mut ways: Vec<Vec<NameId>> = vec![Vec::new()];
    for alternatives in given {
        ways = ways.iter().flat_map(|way| alternatives.iter().map(|set| [way, &**set].concat())).collect();
        for way in &mut ways {
            way.sort_unstable();
            way.dedup();
        }
        ways.sort_unstable();
        ways.dedup();
        if ways.len() > MOST_COMBINATIONS {
            return false;
        }
    }
    ways.iter().all(|way| needs.iter().any(|set| set.iter().all(|name| way.contains(name))))
}

impl Requirement {
    fn scopes(&self) -> Option<&Alternatives> {
        if let Self::Scopes(alternatives) = self { Some(alternatives) } else { None }
    }

    fn policies(&self) -> Option<&Alternatives> {
        if let Self::Policies(alternatives) = self { Some(alternatives) } else { None }
    }
}

/// The argument of a directive; a value that is not a list is one of a single item (Input Coercion,
/// <https://spec.graphql.org/draft/#sec-List.Input-Coercion>). `None` if it is no list of lists of strings.
fn alternatives(
    supergraph: &mut Supergraph,
    directive: &ast::Directive,
    argument: &str,
) -> Option<Alternatives> {
    let value = directive.specified_argument_by_name(argument)?;
    let mut sets: Alternatives = Vec::new();
    for set in items(value) {
        let names = items(set).iter().map(|name| Some(supergraph.names.intern(name.as_str()?)));
        let mut names = names.collect::<Option<Vec<NameId>>>()?;
        names.sort_unstable();
        names.dedup();
        sets.push(names.into());
    }
    sets.sort_unstable();
    sets.dedup();
    Some(sets)
}

fn items(value: &Node<ast::Value>) -> &[Node<ast::Value>] {
    value.as_list().unwrap_or(std::slice::from_ref(value))
}

#[cfg(test)]
mod tests;
