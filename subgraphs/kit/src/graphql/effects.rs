//! What a service has done for a saga, as a field of the saga. The interface is another subgraph's: here it is an object,
//! whatever kind of saga it stands for.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context, Enum, ID, Result, SimpleObject,
    dataloader::{DataLoader, Loader, NoCache},
};
use serde_json::Value;

use super::{DateTime, LoadError, ProblemView, batching, caller};
use crate::{
    node,
    saga::{Effect, Effects, StepState},
};

/// What a service has made of a step that a saga asked of it.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct SagaEffect {
    /// The step's name, unique in the saga.
    step: String,
    /// What has become of it.
    state: SagaEffectState,
    /// When.
    at: DateTime,
    /// What it came to, which later steps and its undo go by.
    came_to: Vec<SagaEffectValue>,
    /// Why it was refused.
    problem: Option<ProblemView>,
}

/// What has become of a step in the service that was asked for it.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SagaEffectState {
    /// It is done.
    Done,
    /// It was refused: nothing of it has happened.
    Refused,
    /// It was done, and is undone.
    Undone,
    /// It was not done, and never will be.
    Never,
}

/// Something that a step came to.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct SagaEffectValue {
    /// What it is; of a list each has the list's name.
    name: String,
    /// Which.
    value: String,
}

impl From<Effect> for SagaEffect {
    fn from(effect: Effect) -> Self {
        let (state, output, problem) = match effect.note.state {
            StepState::Done { output } => (SagaEffectState::Done, output, None),
            StepState::Refused { problem, .. } => (SagaEffectState::Refused, Value::Null, Some(problem)),
            StepState::Undone => (SagaEffectState::Undone, Value::Null, None),
            StepState::Tombstone => (SagaEffectState::Never, Value::Null, None),
        };
        let (at, came_to) = (DateTime::from_ms(effect.at), values(&output));
        Self { step: effect.step, state, at, came_to, problem: problem.map(ProblemView::from) }
    }
}

fn values(output: &Value) -> Vec<SagaEffectValue> {
    let mut values = Vec::new();
    for (name, value) in output.as_object().into_iter().flatten() {
        let each = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let told = each.iter().filter(|value| !value.is_null());
        values.extend(told.map(|value| SagaEffectValue { name: name.clone(), value: text(value) }));
    }
    values
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What the effects of many sagas are loaded by, at once.
pub struct EffectsLoader(Arc<dyn Effects>);

/// The effects of a saga.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct EffectsOf(String);

impl Loader<EffectsOf> for EffectsLoader {
    type Value = Vec<Effect>;
    type Error = LoadError;

    async fn load(&self, keys: &[EffectsOf]) -> Result<HashMap<EffectsOf, Vec<Effect>>, LoadError> {
        let sagas: Vec<_> = keys.iter().map(|EffectsOf(saga)| saga.clone()).collect();
        let mut found: HashMap<EffectsOf, Vec<Effect>> = HashMap::new();
        for effect in self.0.effects(&sagas).await? {
            found.entry(EffectsOf(effect.saga.clone())).or_default().push(effect);
        }
        Ok(found)
    }
}

/// What a schema's [`effects_of_sagas`](crate::effects_of_sagas) are loaded from.
pub fn effects_loader(store: impl Effects + 'static) -> DataLoader<EffectsLoader, NoCache> {
    batching::<EffectsOf, _>(EffectsLoader(Arc::new(store)))
}

/// What this service did for a saga, in the order in which it last changed; for whoever may see the saga.
pub async fn effects(ctx: &Context<'_>, saga: &ID) -> Result<Vec<SagaEffect>> {
    let wanted = EffectsOf(node::own_key(saga));
    let loader = ctx.data::<DataLoader<EffectsLoader, NoCache>>()?;
    let mut effects = loader.load_one(wanted).await?.unwrap_or_default();
    for effect in &effects {
        effect.note.owner.admit(caller(ctx))?;
    }
    effects.sort_by(|one, other| (one.at, &one.step).cmp(&(other.at, &other.step)));
    Ok(effects.into_iter().map(SagaEffect::from).collect())
}

/// Defines the type that a service adds its effects to: the field's name, and what it says of itself. The service's query
/// root finds it by `id`, and its schema is given an [`effects_loader`].
///
/// The type is `Saga`, as an object that stands for the interface. A service that names a kind of saga itself cannot have
/// that, and has a type for each kind that it takes part in: `field of Kind`.
#[macro_export]
macro_rules! effects_of_sagas {
    ($(#[$doc:meta])* $field:ident) => {
        $crate::effects_of_sagas! {
            @type async_graphql::Object(interface_object);
            /// Something that several services do step by step, and undo if it cannot be done.
            Saga;
            $(#[$doc])* $field
        }
    };
    ($(#[$doc:meta])* $field:ident of $(#[$kind_doc:meta])* $kind:ident) => {
        $crate::effects_of_sagas! { @type async_graphql::Object; $(#[$kind_doc])* $kind; $(#[$doc])* $field }
    };
    (@type $object:meta; $(#[$type_doc:meta])* $type:ident; $(#[$doc:meta])* $field:ident) => {
        pub(crate) struct $type {
            id: async_graphql::ID,
        }

        impl $type {
            pub(crate) fn new(id: async_graphql::ID) -> Self {
                Self { id }
            }
        }

        $(#[$type_doc])*
        #[$object]
        impl $type {
            /// The saga's identifier in the whole graph.
            async fn id(&self) -> &async_graphql::ID {
                &self.id
            }

            $(#[$doc])*
            async fn $field(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<Option<Vec<$crate::graphql::SagaEffect>>> {
                $crate::graphql::effects(ctx, &self.id).await.map(Some)
            }
        }
    };
}
