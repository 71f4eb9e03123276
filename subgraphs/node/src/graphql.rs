//! `Query.node` and `Query.nodes`, and the types that they can answer.
#![expect(clippy::unused_async, reason = "a resolver is asynchronous")]

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Error, ID, Interface, Object, Result, SchemaBuilder,
    SimpleObject,
};
use lms_kit::{
    Problem,
    federation::{Annotation, Federated},
    node,
};

/// What the SDL says beyond the types.
pub(crate) const ANNOTATIONS: &[Annotation] = &[Annotation::add("Query.nodes", "@listSize(assumedSize: 20)")];

/// The schema.
pub(crate) fn schema() -> SchemaBuilder<Federated<Query>, EmptyMutation, EmptySubscription> {
    lms_kit::service::schema(Query, EmptyMutation)
}

/// The types of the graph that have identifiers. One that is new takes its place in the call below.
macro_rules! nodes {
    ($($name:ident),*) => {
        $(
            #[derive(SimpleObject)]
            #[graphql(unresolvable = "nodeKey")]
            pub(crate) struct $name {
                #[graphql(inaccessible)]
                node_key: ID,
                #[graphql(external)]
                id: ID,
            }
        )*

        /// Whatever has an identifier in the graph.
        #[derive(Interface)]
        #[graphql(field(name = "id", ty = "&ID", desc = "The identifier, the same each time."))]
        pub(crate) enum Node {
            $($name($name)),*
        }

        impl Node {
            /// The reference of an identifier, if it is one of a type that is known.
            fn of(id: &ID) -> Option<Self> {
                let (type_name, _) = node::split(id)?;
                match type_name.as_str() {
                    $(stringify!($name) => Some(Self::$name($name { node_key: id.clone(), id: id.clone() })),)*
                    _ => None,
                }
            }
        }
    };
}

nodes!(
    Author,
    Book,
    CatalogueBookSaga,
    Comment,
    EraseStudentSaga,
    Genre,
    LendBookSaga,
    Lending,
    RegisterStudentSaga,
    ReturnBookSaga,
    Student,
    User
);

pub(crate) struct Query;

#[Object]
impl Query {
    /// Whatever has this identifier.
    async fn node(&self, id: ID) -> Result<Option<Node>> {
        Ok(Some(Node::of(&id).ok_or_else(|| no_identifier("id", &id))?))
    }

    /// Whatever has these identifiers, in their order; null for one that nothing has.
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Vec<Option<Node>> {
        let find = |(place, id): (usize, &ID)| {
            let found = Node::of(id);
            if found.is_none() {
                let at = ctx.with_index(place);
                ctx.add_error(at.set_error_path(no_identifier("ids", id).into_server_error(at.item.pos)));
            }
            found
        };
        ids.iter().enumerate().map(find).collect()
    }
}

fn no_identifier(argument: &'static str, id: &ID) -> Error {
    let message = format!("`{}` is no identifier of this graph: take one from a field `id`", id.as_str());
    Problem::invalid(&[argument], "an identifier of this graph", message).into()
}
