//! What there is to buy.

use async_graphql::{Object, SimpleObject};

/// Names, prices and weights.
const PRODUCTS: [(&str, i32, i32); 9] = [
    ("Table", 899, 100),
    ("Couch", 1_299, 1_000),
    ("Glass", 15, 20),
    ("Chair", 499, 100),
    ("Screen", 1_299, 1_000),
    ("Lamp", 6_999, 300),
    ("Grill", 3_999, 2_000),
    ("Fridge", 100_000, 6_000),
    ("Sofa", 9_999, 800),
];

#[derive(SimpleObject)]
struct Product {
    upc: String,
    name: &'static str,
    price: i32,
    weight: i32,
}

fn product(upc: &str) -> Option<Product> {
    let number: usize = upc.parse().ok()?;
    let (name, price, weight) = *PRODUCTS.get(number.checked_sub(1)?)?;
    Some(Product { upc: upc.to_owned(), name, price, weight })
}

pub(crate) struct Products;

#[Object]
impl Products {
    async fn top_products(&self, #[graphql(default = 5)] first: usize) -> Vec<Product> {
        (1..=first).filter_map(|number| product(&number.to_string())).collect()
    }

    #[graphql(entity)]
    async fn product(&self, upc: String) -> Option<Product> {
        product(&upc)
    }
}
