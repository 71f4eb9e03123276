//! Deferred fields asked for apart: what the first part asks of the same subgraph need not wait for them.

use std::collections::BTreeSet;

use octavo_operation::DeferId;
use octavo_supergraph::{FieldId, RootKind, SubgraphId, TypeId};

use crate::decide::Stop;
use crate::enter::Sent;
use crate::planner::Planner;
use crate::state::{PositionId, SourceIndex};

impl Planner<'_> {
    /// The source that a deferred field is asked of, where there is or can be one of its part alone: objects that can be
    /// looked up, and the root.
    pub(crate) fn apart(
        &mut self,
        (position, ty): (PositionId, TypeId),
        part: Option<DeferId>,
        (subgraph, field): (SubgraphId, FieldId),
    ) -> Result<Option<SourceIndex>, Stop> {
        if part.is_none() || !self.apart {
            return Ok(None);
        }
        let own = self.positions[position].sources.iter_with_ids().find(|(id, source)| {
            source.subgraph == subgraph
                && self.fetches[source.fetch].part == part
                && self.covers(position, *id, ty)
                && self.has_field(source, field)
        });
        let own = own.map(|(id, _)| id);
        if let Some(own) = own {
            return Ok(Some(own));
        }
        if self.positions[position].parent.is_none() && self.operation.kind() == RootKind::Query {
            return Ok(Some(self.start_root((position, ty), subgraph, BTreeSet::new())));
        }
        let entry = self.entry_for(position, ty, (subgraph, field));
        entry.map(|entry| self.enter((position, ty), subgraph, &entry, Sent::default())).transpose()
    }
}
