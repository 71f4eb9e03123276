//! Operations that wander through a client schema by chance, the same ones each time.

use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::Name;

use crate::coordinates::{call, fields, is_composite};

/// How deep an operation goes.
const DEPTH: usize = 6;
/// How many selections it has, about.
const SIZE: usize = 40;

/// Operations from as many seeds. Some are not valid: chance gives two fields one key.
pub(crate) fn operations(schema: &Schema, count: u64) -> impl Iterator<Item = String> {
    (1..=count).filter_map(|seed| {
        let kind = if seed % 8 == 0 { OperationType::Mutation } else { OperationType::Query };
        let root = schema.root_operation(kind)?;
        let mut walk = Walk {
            schema,
            chance: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            left: SIZE,
            text: String::new(),
        };
        let _ = write!(walk.text, "{kind} ($a: Boolean!, $b: Boolean!) ");
        walk.selection_set(root, DEPTH, "__typename @include(if: $a) @skip(if: $b)");
        Some(walk.text)
    })
}

struct Walk<'s> {
    schema: &'s Schema,
    chance: u64,
    left: usize,
    text: String,
}

impl Walk<'_> {
    /// A number below `bound`.
    fn pick(&mut self, bound: usize) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        usize::try_from(self.chance >> 33).unwrap_or_default() % bound.max(1)
    }

    fn selection_set(&mut self, ty: &Name, depth: usize, first: &str) {
        let schema = self.schema;
        let _ = write!(self.text, "{{ {first} ");
        let fields = fields(schema, ty);
        let objects: Vec<&Name> = schema.types.keys().filter(|name| schema.is_subtype(ty, name)).collect();
        for _ in 0..=self.pick(5) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            if !objects.is_empty() && (fields.is_empty() || self.pick(3) == 0) {
                let object = objects[self.pick(objects.len())];
                let _ = write!(self.text, "... on {object} ");
                self.condition();
                self.selection_set(object, depth, "");
            } else if !fields.is_empty() {
                let field = fields[self.pick(fields.len())];
                if is_composite(schema, &field.ty) && depth == 0 {
                    continue;
                }
                self.key();
                let _ = write!(self.text, "{} ", call(schema, field));
                self.condition();
                if is_composite(schema, &field.ty) {
                    self.selection_set(field.ty.inner_named_type(), depth - 1, "");
                }
            }
        }
        self.text.push_str("__typename } ");
    }

    fn key(&mut self) {
        if self.pick(4) == 0 {
            let number = self.pick(6);
            let _ = write!(self.text, "k{number}: ");
        }
    }

    fn condition(&mut self) {
        let condition = match self.pick(12) {
            0 => "@include(if: $a) ",
            1 => "@skip(if: $a) ",
            2 => "@skip(if: $b) ",
            _ => "",
        };
        self.text.push_str(condition);
    }
}
