//! A plan made ready to run: what does not depend on a request is done once, and cached beside the plan.

use std::sync::Arc;

use octavo_query_plan::QueryPlan;

use crate::Options;

/// A [`QueryPlan`] made ready to run.
#[derive(Clone, Debug)]
pub struct Prepared {
    plan: Arc<QueryPlan>,
    options: Options,
}

impl Prepared {
    /// Prepares `plan`.
    pub fn new(plan: Arc<QueryPlan>, options: Options) -> Self {
        Self { plan, options }
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<QueryPlan> {
        &self.plan
    }

    /// How it is executed.
    pub fn options(&self) -> &Options {
        &self.options
    }
}
