//! `INVALID_LINK_DIRECTIVE_USAGE`, `DIRECTIVE_DEFINITION_INVALID`: every name of a subgraph must tell which specification it is of.
//!
//! What is not imported is called by the link's name and its own (`federation__key`), or by the link's name alone where both are
//! the same (`tag`). An import must not take a name of that form that another element would have.

use super::specification::{FEDERATION, LINK, specification};
use crate::code::Code;
use crate::model::{Declared, Link};
use crate::report::{Place, Report};

/// The name of the link specification's own link where the document does not link it.
const LINK_NAME: &str = "link";

/// What federation's directives are called in a subgraph of Federation 1 once it is upgraded.
const UPGRADED: [&str; 11] = [
    "key",
    "requires",
    "provides",
    "external",
    "tag",
    "extends",
    "shareable",
    "inaccessible",
    "override",
    "composeDirective",
    "interfaceObject",
];

/// Checks the names that links give; `links` are all those of one document.
pub(super) fn check(subgraph: &str, links: &[Link<'_>], report: &mut Report) {
    let has = |identity: &str| links.iter().any(|link| link.identity == identity);
    let is_upgraded = has(LINK) && !has(FEDERATION);
    for link in links {
        let taken = is_upgraded.then(|| taken_by_federation(link)).flatten();
        let wrong = wrong_namespace(link).or(taken).map(|problem| (link.span, problem));
        let imports = link.imports.iter();
        let confused = imports.filter_map(|import| Some((import.span, confusion(links, link, import)?)));
        for (span, message) in wrong.into_iter().chain(confused) {
            report.error(Code::InvalidLinkDirectiveUsage, message, Place { subgraph, span });
        }
        // Whoever knows nothing of a specification does not mind what its elements are called.
        if specification(link.identity).is_some() {
            check_language(subgraph, link, report);
        }
    }
}

/// Reports imports by the names of directives that the language defines, and defines otherwise.
fn check_language(subgraph: &str, link: &Link<'_>, report: &mut Report) {
    let of_language = ["@skip", "@include", "@deprecated", "@specifiedBy"];
    for import in link.imports.iter().filter(|import| of_language.contains(&import.local)) {
        let message = format!(
            "`{}` cannot be imported as `{}`, which the language defines otherwise",
            import.element, import.local
        );
        report.error(Code::DirectiveDefinitionInvalid, message, Place { subgraph, span: import.span });
    }
}

/// What is wrong with the name that a link is given.
fn wrong_namespace(link: &Link<'_>) -> Option<String> {
    let name = link.namespace;
    let is_own = name == link.name;
    // Composition itself once wrote these two.
    let is_known = link.imports.is_empty()
        && matches!(
            (link.identity, name),
            ("https://specs.apollo.dev/tag", "federation__tag")
                | ("https://specs.apollo.dev/inaccessible", "federation__inaccessible")
        );
    let why = if is_own || is_known {
        return None;
    } else if name.contains("__") {
        "it must not hold `__`"
    } else if name.ends_with('_') {
        "it must not end in `_`"
    } else if !is_name(name) {
        "it is no name"
    } else {
        return None;
    };
    Some(format!("`{}` cannot be linked as `{name}`: {why}", link.url))
}

/// Which name of a link federation's directives need.
fn taken_by_federation(link: &Link<'_>) -> Option<String> {
    let imported = link.imports.iter().filter_map(|import| import.local.strip_prefix('@'));
    let name = imported.chain([link.namespace]).find(|name| UPGRADED.contains(name))?;
    Some(format!(
        "`{}` cannot have the name `{name}` without a link to federation, whose directive `@{name}` is; give it another by `as`, or \
         link federation",
        link.url
    ))
}

/// Whether a text is a name of the language.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Which other element an import could be taken for.
fn confusion(links: &[Link<'_>], link: &Link<'_>, import: &Declared<'_>) -> Option<String> {
    let bare = import.local.trim_start_matches('@');
    let element = import.element.trim_start_matches('@');
    let prefixed = bare.split_once("__");
    let by_prefix = prefixed.filter(|(prefix, rest)| *prefix != link.namespace || *rest != element);
    let is_directive = import.local.starts_with('@');
    let by_name = (is_directive && (bare != link.namespace || element != link.name)).then_some(bare);
    let mut taken = by_prefix.map(|(prefix, _)| prefix).into_iter().chain(by_name);
    let owner = taken.find_map(|name| owner(links, name))?;
    Some(format!(
        "`{}` cannot be imported as `{}`, which is also a name of what `{owner}` defines; give one another name by `as`",
        import.element, import.local
    ))
}

/// The specification whose link has the name.
fn owner<'a>(links: &[Link<'a>], name: &str) -> Option<&'a str> {
    let found = links.iter().find(|link| link.namespace == name).map(|link| link.identity);
    let links_itself = links.iter().any(|link| link.identity == LINK);
    found.or_else(|| {
        (name == LINK_NAME && !links_itself).then(|| specification(LINK))?.map(|link| link.identity)
    })
}
