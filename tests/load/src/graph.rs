//! The graph: users, products, their stock and their reviews, each kept by a subgraph of its own, and the operation.

/// The operation's text.
pub(crate) const OPERATION: &str = "
  fragment Person on User { id username name }
  fragment Words on Review { id body }
  fragment Goods on Product { inStock name price shippingEstimate upc weight }
  query Everything {
    users {
      ...Person
      reviews {
        ...Words
        product {
          ...Goods
          reviews { ...Words author { ...Person reviews { ...Words product { ...Goods } } } }
        }
      }
    }
    topProducts {
      ...Goods
      reviews { ...Words author { ...Person reviews { ...Words product { ...Goods } } } }
    }
  }";

/// Each subgraph's name and schema.
pub(crate) const SUBGRAPHS: [(&str, &str); 4] =
    [("accounts", ACCOUNTS), ("inventory", INVENTORY), ("products", PRODUCTS), ("reviews", REVIEWS)];

const ACCOUNTS: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
  type Query { users: [User] }
  type User @key(fields: "id") { id: ID! name: String username: String @shareable }"#;

const INVENTORY: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])
  type Product @key(fields: "upc") {
    upc: String!
    weight: Int @external
    price: Int @external
    inStock: Boolean
    shippingEstimate: Int @requires(fields: "price weight")
  }"#;

const PRODUCTS: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { topProducts(first: Int = 5): [Product] }
  type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }"#;

const REVIEWS: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@provides"])
  type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
  type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
  type Product @key(fields: "upc") { upc: String! reviews: [Review] }"#;
