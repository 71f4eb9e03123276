//! Choices between ways to resolve a field, numbered so that another choice can be tried, and how long a try may go on.

use std::collections::BTreeMap;

use octavo_supergraph::SubgraphId;

use crate::PlanError;

/// Why a walk was given up.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something cannot be had.
    Unplannable(PlanError),
    /// It took all the steps that it might.
    Spent,
}

/// A choice between options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    /// How many there were.
    pub(crate) options: usize,
    /// The subgraph that the cheapest asks.
    pub(crate) cheapest: SubgraphId,
}

/// The choices of one planning run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decisions {
    /// By number of the decision: the option to take instead of the cheapest.
    forced: BTreeMap<usize, usize>,
    made: Vec<Decision>,
    /// The steps after which the run is given up; `None`: never.
    most_steps: Option<usize>,
}

impl Decisions {
    /// Decisions of which some are forced, in a run that may take so many steps.
    pub(crate) fn forced(forced: BTreeMap<usize, usize>, most_steps: usize) -> Self {
        Self { forced, made: Vec::new(), most_steps: Some(most_steps) }
    }

    /// Picks among options that are sorted from the cheapest.
    pub(crate) fn pick(&mut self, options: usize, cheapest: SubgraphId) -> usize {
        if options < 2 {
            return 0;
        }
        let number = self.made.len();
        self.made.push(Decision { options, cheapest });
        self.forced.get(&number).copied().filter(|&option| option < options).unwrap_or(0)
    }

    /// What was decided so far.
    pub(crate) fn made(&self) -> &[Decision] {
        &self.made
    }

    /// Gives up a run that has taken all its steps.
    pub(crate) fn go_on(&self, steps: usize) -> Result<(), Stop> {
        match self.most_steps {
            Some(most) if steps > most => Err(Stop::Spent),
            _ => Ok(()),
        }
    }
}
