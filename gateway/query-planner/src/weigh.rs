//! What was weighed for a field, for whoever wants the plan explained.

use octavo_operation::ItemField;
use octavo_query_plan::print::{Considered, Weighed};
use octavo_supergraph::TypeId;

use crate::choose::Choice;
use crate::planner::Planner;
use crate::state::PositionId;
use crate::want::Want;

impl<'g> Planner<'g> {
    /// The options among which one was taken that is not free; `None` where nothing is explained, or there was no other.
    pub(crate) fn weighed(
        &mut self,
        (position, ty): (PositionId, TypeId),
        want: &Want<'g>,
        taken: &Choice<'g>,
    ) -> Option<Considered> {
        self.considered.as_ref()?;
        let ItemField::Field(field) = want.field else { return None };
        let ways = self.ways(position, ty);
        let options = self.field_options(position, ty, want, &ways);
        if options.len() < 2 || taken.cost == 0 {
            return None;
        }
        let name = |subgraph| self.supergraph.subgraph_name(subgraph).to_owned();
        let field = self.supergraph.name(self.supergraph.field(field).name);
        Some(Considered {
            field: format!("{}.{field}", self.supergraph.type_name(ty)),
            taken: name(taken.subgraph),
            options: options
                .iter()
                .map(|option| Weighed { subgraph: name(option.subgraph), cost: option.cost })
                .collect(),
        })
    }
}
