//! What composition is told beside the subgraphs, and what it comes to.

use octavo_diagnostics::Diagnostic;

use crate::contract::Contract;

/// What can be chosen.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Parts of the supergraph for kinds of clients, each rendered beside the whole.
    pub contracts: Vec<Contract>,
}

/// The result of a composition.
#[derive(Clone, Debug, Default)]
pub struct Composition {
    /// The supergraph; `None` when there are errors.
    pub supergraph_sdl: Option<String>,
    /// The schema that clients see; `None` when there are errors.
    pub api_sdl: Option<String>,
    /// The variants of [`Options::contracts`], in their order; none when there are errors.
    pub contracts: Vec<ContractVariant>,
    /// Errors and hints, those of contracts aside.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a contract makes of the supergraph.
#[derive(Clone, Debug)]
pub struct ContractVariant {
    /// The contract's name.
    pub name: String,
    /// The supergraph, with what is hidden marked `@inaccessible`; `None` when what is left is no schema.
    pub supergraph_sdl: Option<String>,
    /// The schema that its clients see.
    pub api_sdl: Option<String>,
    /// Errors and hints of this contract.
    pub diagnostics: Vec<Diagnostic>,
}
