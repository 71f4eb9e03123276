//! What is there, and what sending it costs.

use async_graphql::{Object, SimpleObject};

/// What is dearer than this is sent for nothing.
const DEAR: i32 = 1_000;

#[derive(SimpleObject)]
struct Product {
    upc: String,
    in_stock: bool,
    shipping_estimate: Option<i32>,
}

pub(crate) struct Inventory;

#[Object]
impl Inventory {
    /// A subgraph has a root of its own.
    async fn warehouses(&self) -> i32 {
        1
    }

    #[graphql(entity)]
    async fn product(&self, #[graphql(key)] upc: String, price: Option<i32>, weight: Option<i32>) -> Product {
        let shipping_estimate =
            price.zip(weight).map(|(price, weight)| if price > DEAR { 0 } else { weight / 2 });
        Product { upc, in_stock: true, shipping_estimate }
    }
}
