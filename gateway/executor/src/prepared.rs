//! A plan made ready to run: what does not depend on a request is done once, and cached beside the plan.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use octavo_index::{Id, IndexVec};
use octavo_query_plan::{
    ConditionId, DeferId, EntityGroup, Fetch, FetchId, OutputValue, QueryPlan, ReadField, ReadTarget,
    Selection, SelectionId, Shape, ShapeId, SlotId, TypeSet,
};

use crate::Options;
use crate::failure::Segment;
use crate::scan::Token;

/// A [`QueryPlan`] made ready to run.
#[derive(Clone, Debug)]
pub struct Prepared {
    plan: Arc<QueryPlan>,
    options: Options,
    pub(crate) shapes: IndexVec<ShapeId, PreparedShape>,
    pub(crate) selections: IndexVec<SelectionId, PreparedSelection>,
    pub(crate) fetches: IndexVec<FetchId, PreparedFetch>,
    /// For the selection of each group of entities, the types of the objects inside them.
    pub(crate) inside: HashMap<SelectionId, Arc<[Arc<str>]>>,
    /// For each deferred part, the shapes that lead to its fields.
    pub(crate) leads: IndexVec<DeferId, IndexVec<ShapeId, bool>>,
}

/// The constant bytes that a shape's rows are written with.
#[derive(Clone, Debug)]
pub(crate) struct PreparedShape {
    /// The quoted name of each type.
    pub(crate) type_names: Vec<Box<str>>,
    /// For each output, what is written before its value.
    pub(crate) keys: Vec<OutputKey>,
    /// For each slot, the keys of its outputs; those of all types first.
    pub(crate) response_keys: IndexVec<SlotId, Vec<ResponseKey>>,
}

/// The key of a slot's output, as a step of an error's path.
#[derive(Clone, Debug)]
pub(crate) struct ResponseKey {
    /// The condition under which it is written.
    pub(crate) when: Option<ConditionId>,
    /// The types of objects of which it is written.
    pub(crate) types: TypeSet,
    pub(crate) segment: Segment,
}

/// What is written before an output's value.
#[derive(Clone, Debug)]
pub(crate) struct OutputKey {
    /// A comma, the quoted key and a colon.
    pub(crate) text: Box<str>,
    /// The same with bytes after it, so that it is copied with a constant size.
    pub(crate) padded: Box<[u8]>,
}

/// A selection that can be compared with an answer's bytes.
#[derive(Clone, Debug)]
pub(crate) struct PreparedSelection {
    pub(crate) shape: ShapeId,
    pub(crate) keys: Vec<PreparedKey>,
    /// Positions in `keys`, by name.
    by_name: Vec<u32>,
}

/// One key of a selection.
#[derive(Clone, Debug)]
pub(crate) struct PreparedKey {
    /// The quoted key and a colon.
    pub(crate) token: Token,
    pub(crate) target: Target,
}

/// Where a value goes, and what is expected of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Typename,
    Slot { slot: SlotId, kind: ReadKind },
}

/// What a value looks like: that many lists around objects that are read by a selection, or around leaves. It fits one
/// register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadKind {
    lists: u32,
    /// One more than the selection's index, or zero.
    object: u32,
}

const _: () = assert!(size_of::<ReadKind>() == 8);

impl ReadKind {
    pub(crate) const LEAF: Self = Self { lists: 0, object: 0 };

    fn new(lists: u32, object: Option<SelectionId>) -> Self {
        let object = object.map_or(0, |id| id.index() + 1);
        Self { lists, object: u32::try_from(object).expect("selection ids fit 32 bits") }
    }

    #[inline]
    pub(crate) fn is_leaf(self) -> bool {
        self.lists == 0 && self.object == 0
    }

    /// The selection that reads objects.
    #[inline]
    pub(crate) fn object(self) -> Option<SelectionId> {
        (self.object as usize).checked_sub(1).map(SelectionId::new)
    }

    /// What an item looks like, if this is a list.
    #[inline]
    pub(crate) fn item(self) -> Option<Self> {
        Some(Self { lists: self.lists.checked_sub(1)?, ..self })
    }
}

/// The constant bytes of a request body.
#[derive(Clone, Debug)]
pub(crate) struct PreparedFetch {
    /// The object's beginning: the query and the operation's name.
    pub(crate) head: Box<str>,
    /// For each variable of the client, its quoted name and a colon.
    pub(crate) variables: Vec<Box<str>>,
    /// For each entity group, its response key and its variable.
    pub(crate) groups: Vec<(Arc<str>, Arc<str>)>,
}

impl Prepared {
    /// Prepares `plan`.
    pub fn new(plan: Arc<QueryPlan>, options: Options) -> Self {
        Self {
            shapes: plan.shapes.iter().map(PreparedShape::new).collect(),
            selections: plan.selections.iter().map(|s| PreparedSelection::new(&plan, s)).collect(),
            fetches: plan.fetches.iter().map(PreparedFetch::new).collect(),
            inside: inside(&plan),
            leads: crate::parts::leads(&plan),
            plan,
            options,
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<QueryPlan> {
        &self.plan
    }

    /// How it is executed.
    pub fn options(&self) -> &Options {
        &self.options
    }
}

impl PreparedShape {
    fn new(shape: &Shape) -> Self {
        let keys_of = |slot| {
            let mut outputs: Vec<_> =
                shape.outputs.iter().filter(|o| o.value == OutputValue::Slot(slot)).collect();
            // The type of a lost object is not known: a key that all have comes first.
            outputs.sort_by_key(|output| output.types != TypeSet::All);
            outputs
                .into_iter()
                .map(|output| ResponseKey {
                    when: output.when,
                    types: output.types.clone(),
                    segment: Segment::Key(quoted(&output.key).into()),
                })
                .collect()
        };
        Self {
            type_names: shape.types.iter().map(|ty| quoted(&ty.name).into()).collect(),
            keys: shape.outputs.iter().map(|output| OutputKey::new(&output.key)).collect(),
            response_keys: shape.slots.ids().map(keys_of).collect(),
        }
    }
}

impl OutputKey {
    fn new(key: &str) -> Self {
        let text = format!(",{}:", quoted(key));
        let mut padded = text.clone().into_bytes();
        padded.resize(text.len() + 33, 0);
        Self { text: text.into(), padded: padded.into() }
    }
}

impl PreparedSelection {
    fn new(plan: &QueryPlan, selection: &Selection) -> Self {
        let shape = &plan.shapes[selection.shape];
        Self::of(
            selection.shape,
            selection.fields.iter().map(|field| PreparedKey::new(shape, field)).collect(),
        )
    }

    /// A selection of these keys; no key stands twice.
    pub(crate) fn of(shape: ShapeId, keys: Vec<PreparedKey>) -> Self {
        let mut by_name: Vec<u32> = (0..).take(keys.len()).collect();
        by_name.sort_by_key(|&index| keys[index as usize].name());
        Self { shape, keys, by_name }
    }

    /// The position of the key of that name.
    pub(crate) fn position(&self, name: &[u8]) -> Option<usize> {
        let name_at = |index: &u32| self.keys[*index as usize].name();
        let found = self.by_name.binary_search_by(|index| name_at(index).cmp(name)).ok()?;
        Some(self.by_name[found] as usize)
    }
}

impl PreparedKey {
    fn new(shape: &Shape, field: &ReadField) -> Self {
        let target = match field.target {
            ReadTarget::Typename => Target::Typename,
            ReadTarget::Slot { slot, selection } => {
                let kind = ReadKind::new(list_depth(&shape.slots[slot].value), selection);
                Target::Slot { slot, kind }
            }
        };
        Self::of(&field.key, target)
    }

    pub(crate) fn of(key: &str, target: Target) -> Self {
        Self { token: Token::new(format!("{}:", quoted(key))), target }
    }

    fn name(&self) -> &[u8] {
        &self.token.text()[1..self.token.text().len() - 2]
    }
}

impl PreparedFetch {
    fn new(fetch: &Fetch) -> Self {
        let key = |name: &str| format!("{}:", quoted(name)).into_boxed_str();
        let names = |group: &EntityGroup| (Arc::from(&*group.key), Arc::from(&*group.variable));
        let groups = fetch.groups().iter().map(names).collect();
        let variables = fetch.variables.iter().map(|name| key(name)).collect();
        Self { head: head(&fetch.document, fetch.operation_name.as_deref()).into(), variables, groups }
    }
}

/// The beginning of a request's body.
pub(crate) fn head(document: &str, operation_name: Option<&str>) -> String {
    let mut head = format!("{{\"query\":{}", quoted(document));
    if let Some(name) = operation_name {
        head.push_str(",\"operationName\":");
        head.push_str(&quoted(name));
    }
    head
}

fn inside(plan: &QueryPlan) -> HashMap<SelectionId, Arc<[Arc<str>]>> {
    let groups = plan.fetches.iter().flat_map(Fetch::groups);
    let types = |group: &EntityGroup| {
        let mut types = BTreeSet::new();
        types_inside(plan, group.selection, &mut types);
        (group.selection, types.into_iter().map(Arc::from).collect())
    };
    groups.map(types).collect()
}

fn types_inside<'p>(plan: &'p QueryPlan, selection: SelectionId, types: &mut BTreeSet<&'p str>) {
    for field in &plan.selections[selection].fields {
        if let ReadTarget::Slot { selection: Some(inner), .. } = field.target {
            let shape = &plan.shapes[plan.selections[inner].shape];
            types.extend(shape.types.iter().map(|ty| &*ty.name));
            types_inside(plan, inner, types);
        }
    }
}

fn list_depth(value: &octavo_query_plan::ValueType) -> u32 {
    match value {
        octavo_query_plan::ValueType::List { item, .. } => 1 + list_depth(item),
        _ => 0,
    }
}

/// `text` as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
