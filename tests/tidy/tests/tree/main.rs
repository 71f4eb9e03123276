//! The rules that the tree keeps, one module a kind of rule.

mod additions;
mod files;
mod habits;
mod needs;
mod places;
mod ranks;
mod sizes;
