//! Extensions of schemas and types.

use apollo_compiler::Node;
use apollo_compiler::ast::{self, Definition};

use super::Reader;

impl Reader<'_> {
    /// What stands behind `extend`; it must add something.
    pub(super) fn extension(&mut self) -> Option<Definition> {
        let keyword = self.word()?;
        if keyword == "schema" {
            let (directives, root_operations) = (self.directives()?, self.braced(Self::root_operation)?);
            let adds = !directives.is_empty() || !root_operations.is_empty();
            let extension = ast::SchemaExtension { directives, root_operations };
            return adds.then(|| Definition::SchemaExtension(Node::new(extension)));
        }
        let name = self.placed_name()?;
        match keyword {
            "scalar" => {
                let directives = self.directives()?;
                let adds = !directives.is_empty();
                let extension = ast::ScalarTypeExtension { name, directives };
                adds.then(|| Definition::ScalarTypeExtension(Node::new(extension)))
            }
            "type" => {
                let (implements_interfaces, directives) = (self.implements()?, self.directives()?);
                let fields = self.braced(Self::field)?;
                let adds = !(implements_interfaces.is_empty() && directives.is_empty() && fields.is_empty());
                let extension = ast::ObjectTypeExtension { name, implements_interfaces, directives, fields };
                adds.then(|| Definition::ObjectTypeExtension(Node::new(extension)))
            }
            "interface" => {
                let (implements_interfaces, directives) = (self.implements()?, self.directives()?);
                let fields = self.braced(Self::field)?;
                let adds = !(implements_interfaces.is_empty() && directives.is_empty() && fields.is_empty());
                let extension =
                    ast::InterfaceTypeExtension { name, implements_interfaces, directives, fields };
                adds.then(|| Definition::InterfaceTypeExtension(Node::new(extension)))
            }
            "union" => {
                let (directives, members) = (self.directives()?, self.members()?);
                let adds = !(directives.is_empty() && members.is_empty());
                let extension = ast::UnionTypeExtension { name, directives, members };
                adds.then(|| Definition::UnionTypeExtension(Node::new(extension)))
            }
            "enum" => {
                let (directives, values) = (self.directives()?, self.braced(Self::enum_value)?);
                let adds = !(directives.is_empty() && values.is_empty());
                let extension = ast::EnumTypeExtension { name, directives, values };
                adds.then(|| Definition::EnumTypeExtension(Node::new(extension)))
            }
            "input" => {
                let (directives, fields) = (self.directives()?, self.braced(Self::input)?);
                let adds = !(directives.is_empty() && fields.is_empty());
                let extension = ast::InputObjectTypeExtension { name, directives, fields };
                adds.then(|| Definition::InputObjectTypeExtension(Node::new(extension)))
            }
            _ => None,
        }
    }
}
