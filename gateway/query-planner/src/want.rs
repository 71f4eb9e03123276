//! What is to be resolved at a position, whether a client or a subgraph asks for it.

use octavo_index::NameId;
use octavo_operation::{DeferId, ItemField, SetId, When};
use octavo_supergraph::{FieldId, FieldSelection, Supergraph, TypeId};

use crate::planner::Planner;
use crate::state::PositionId;

/// Some of the object types of a position, sorted; `None`: all.
pub(crate) type Types = Option<Box<[TypeId]>>;

/// One field to resolve.
#[derive(Clone, Debug)]
pub(crate) struct Want<'g> {
    pub(crate) field: ItemField,
    /// Canonical text, in the planner's interner.
    pub(crate) arguments: Option<NameId>,
    pub(crate) types: Types,
    pub(crate) when: When,
    /// The part of the response that it comes with.
    pub(crate) defer: Option<DeferId>,
    /// The part that the further items of its list come with.
    pub(crate) stream: Option<DeferId>,
    /// The client's response key; `None` when only a representation needs the value.
    pub(crate) key: Option<NameId>,
    pub(crate) children: Children<'g>,
}

/// What is wanted of the objects in a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Children<'g> {
    /// Nothing: it is a leaf.
    None,
    /// A selection set of the operation.
    Set(SetId),
    /// A part of a field set.
    Fields(&'g [FieldSelection]),
}

impl<'g> Planner<'g> {
    /// The wants of `children` at a position.
    pub(crate) fn wants(&mut self, position: PositionId, children: Children<'g>) -> Vec<Want<'g>> {
        let parent = self.positions[position].ty;
        match children {
            Children::None => Vec::new(),
            Children::Set(set) => {
                self.positions[position].sets.push(set);
                let items = &self.operation.set(set).items;
                items.iter().map(|item| self.want_of_item(item)).collect()
            }
            Children::Fields(fields) => {
                fields.iter().filter_map(|selection| self.want_of_selection(parent, selection)).collect()
            }
        }
    }

    fn want_of_item(&mut self, item: &octavo_operation::Item) -> Want<'g> {
        let arguments = item.arguments.map(|id| {
            let arguments = self.operation.arguments(id);
            let text = self.texts.intern(self.operation.text(arguments.text));
            self.argument_variables.entry(text).or_insert_with(|| arguments.variables.clone());
            text
        });
        Want {
            field: item.field,
            arguments,
            types: item.types.clone(),
            when: item.when.clone(),
            defer: item.defer,
            stream: item.stream,
            key: Some(item.key),
            children: item.children.map_or(Children::None, Children::Set),
        }
    }

    /// The want of one field of a field set; `None` for `__typename`, which every position knows.
    fn want_of_selection(&mut self, parent: TypeId, selection: &'g FieldSelection) -> Option<Want<'g>> {
        let field = selection.field?;
        let types = narrowed(self.supergraph, parent, selection.on);
        Some(self.hidden_want(field, selection, types))
    }

    /// What only a representation needs: a field of a field set, as `field` on the objects at hand.
    pub(crate) fn hidden_want(
        &mut self,
        field: FieldId,
        selection: &'g FieldSelection,
        types: Types,
    ) -> Want<'g> {
        let arguments = selection.arguments.map(|text| self.texts.intern(self.supergraph.name(text)));
        let children = match selection.selections.as_slice() {
            [] => Children::None,
            fields => Children::Fields(fields),
        };
        Want {
            field: ItemField::Field(field),
            arguments,
            types,
            when: When::always(),
            defer: None,
            stream: None,
            key: None,
            children,
        }
    }
}

/// The object types of `on` among those of `parent`.
fn narrowed(supergraph: &Supergraph, parent: TypeId, on: TypeId) -> Types {
    if on == parent {
        return None;
    }
    let allowed = &supergraph.ty(on).possible;
    let all = &supergraph.ty(parent).possible;
    let kept: Box<[TypeId]> = all.iter().copied().filter(|t| allowed.contains(t)).collect();
    (kept.len() != all.len()).then_some(kept)
}
