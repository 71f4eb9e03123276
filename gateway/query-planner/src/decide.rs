//! Choices between ways to resolve a field, numbered so that another choice can be tried.

use std::collections::BTreeMap;

/// The choices of one planning run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decisions {
    /// By number of the decision: the option to take instead of the cheapest.
    forced: BTreeMap<usize, usize>,
    /// The number of options of each decision made so far.
    made: Vec<usize>,
}

impl Decisions {
    /// Decisions of which some are forced.
    pub(crate) fn forced(forced: BTreeMap<usize, usize>) -> Self {
        Self { forced, made: Vec::new() }
    }

    /// Picks among options that are sorted from the cheapest.
    pub(crate) fn pick(&mut self, options: usize) -> usize {
        if options < 2 {
            return 0;
        }
        let number = self.made.len();
        self.made.push(options);
        self.forced.get(&number).copied().filter(|&option| option < options).unwrap_or(0)
    }

    /// The number of options of each decision.
    pub(crate) fn made(&self) -> &[usize] {
        &self.made
    }
}
