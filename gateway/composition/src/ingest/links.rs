//! `@link` and `@core`: which specifications a subgraph uses, and under which names.
//!
//! See <https://specs.apollo.dev/link/v1.0/>.

use octavo_language::TypeSystemDocument;
use octavo_language::ast::{Definition, Directive, Value};

use super::link_names::{self, is_name};
use super::specification::{CORE, FEDERATION, LINK, NEWEST, specification};
use crate::code::Code;
use crate::model::{Declared, Link, Span, Version, span_of, span_of_name};
use crate::report::{Place, Report};

/// What the links of one document say.
#[derive(Debug)]
pub(crate) struct Links<'a> {
    pub(crate) all: Vec<Link<'a>>,
    pub(crate) version: Version,
    /// Whether the link specification's directive is used at all.
    pub(crate) are_written: bool,
}

impl<'a> Links<'a> {
    pub(crate) fn read(document: &'a TypeSystemDocument, report: &mut Report) -> Self {
        let applied = schema_directives(document);
        let link_name = bootstrap(document, &applied);
        let mut reader = Reader { document, links: Vec::new(), report };
        for directive in applied.iter().filter(|directive| directive.name == link_name) {
            reader.read(directive);
        }
        let mut links = reader.links;
        link_names::check(document.name(), &links, report);
        let are_written = !links.is_empty();
        // Nothing is linked before the link specification is, which the link to federation does.
        if !links.iter().any(|link| [LINK, CORE, FEDERATION].contains(&link.identity)) {
            links.clear();
        }
        let version = links
            .iter()
            .find(|link| link.identity == FEDERATION)
            .map_or(Version::One, |link| Version::Two(link.minor));
        Self { all: links, version, are_written }
    }

    /// Reports a version of federation that there is not: its directives mean nothing then.
    pub(crate) fn check_version(&self, document: &TypeSystemDocument, report: &mut Report) {
        let federation = self.all.iter().find(|link| link.identity == FEDERATION);
        let Some(link) = federation else { return };
        if specification(FEDERATION).is_some_and(|known| !known.has_version(link)) {
            let (major, minor) = (link.major, link.minor);
            let message = format!("federation v{major}.{minor} is not known; the newest is v2.{NEWEST}");
            let place = Place { subgraph: document.name(), span: link.span };
            report.error(Code::UnknownFederationLinkVersion, message, place);
        }
    }
}

fn schema_directives(document: &TypeSystemDocument) -> Vec<&Directive> {
    let lists = document.ast().definitions.iter().filter_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => Some(&schema.directives),
        Definition::SchemaExtension(schema) => Some(&schema.directives),
        _ => None,
    });
    lists.flat_map(|directives| directives.iter().map(|directive| &**directive)).collect()
}

/// The local name of `@link`: the directive that links its own specification, or `link`. Any other name is known only where the
/// document defines the directive.
fn bootstrap<'a>(document: &TypeSystemDocument, applied: &[&'a Directive]) -> &'a str {
    for directive in applied {
        let target = text(directive, "url").or_else(|| text(directive, "feature"));
        let Some((identity, _)) = target.and_then(|url| without_extras(url).rsplit_once('/')) else {
            continue;
        };
        if identity != LINK && identity != CORE {
            continue;
        }
        let default = if identity == LINK { "link" } else { "core" };
        let expected = imported_as(directive, default).or_else(|| text(directive, "as")).unwrap_or(default);
        if directive.name == expected && defines(document, &directive.name) {
            return &directive.name;
        }
    }
    "link"
}

fn defines(document: &TypeSystemDocument, name: &str) -> bool {
    document.ast().definitions.iter().any(|definition| match definition {
        Definition::DirectiveDefinition(directive) => directive.name == name,
        _ => false,
    })
}

fn imported_as<'a>(directive: &'a Directive, element: &str) -> Option<&'a str> {
    let list = argument(directive, "import")?.as_list()?;
    list.iter().find_map(|entry| {
        let fields = entry.as_object()?;
        let field =
            |name: &str| fields.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.as_str());
        (field("name")?.strip_prefix('@')? == element).then(|| field("as")?.strip_prefix('@'))?
    })
}

fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Value> {
    directive.arguments.iter().find(|argument| argument.name == name).map(|argument| &*argument.value)
}

fn text<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    argument(directive, name)?.as_str()
}

struct Reader<'a, 'r> {
    document: &'a TypeSystemDocument,
    links: Vec<Link<'a>>,
    report: &'r mut Report,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self, directive: &'a Directive) {
        let span = span_of_name(self.document, &directive.name);
        let Some(url) = text(directive, "url").or_else(|| text(directive, "feature")) else {
            let as_value = argument(directive, "url").or_else(|| argument(directive, "feature"));
            if as_value.is_none() {
                self.usage("a link needs a `url`".to_owned(), span);
            }
            return;
        };
        let Some(parsed) = self.parse_url(url, span) else { return };
        if self.links.iter().any(|link| link.identity == parsed.identity) {
            let message = format!("`{}` is linked twice; one link can import everything", parsed.identity);
            return self.usage(message, span);
        }
        if !self.known_version(&parsed, span) {
            return;
        }
        let namespace = text(directive, "as").unwrap_or(parsed.name);
        if let Some(other) = self.links.iter().find(|link| link.namespace == namespace) {
            let message = format!(
                "`{url}` and `{}` are both linked as `{namespace}`; give one another name by `as`",
                other.url
            );
            return self.usage(message, span);
        }
        let mut link = Link {
            identity: parsed.identity,
            url: without_extras(url),
            name: parsed.name,
            namespace,
            major: parsed.major,
            minor: parsed.minor,
            imports: Vec::new(),
            span,
        };
        if let Some(import) = argument(directive, "import") {
            self.imports(&mut link, import, span);
        }
        self.links.push(link);
    }

    fn parse_url(&mut self, url: &'a str, span: Span) -> Option<Url<'a>> {
        let parsed = Url::parse(url);
        if let Err(problem) = &parsed {
            self.report.error(
                Code::InvalidLinkIdentifier,
                format!("the link `{url}` {problem}"),
                self.place(span),
            );
        }
        parsed.ok()
    }

    fn known_version(&mut self, url: &Url<'_>, span: Span) -> bool {
        if url.identity == LINK && (url.major, url.minor) != (1, 0) {
            let message = format!("link v{}.{} is not known; the only version is v1.0", url.major, url.minor);
            self.report.error(Code::UnknownLinkVersion, message, self.place(span));
            return false;
        }
        true
    }

    fn imports(&mut self, link: &mut Link<'a>, import: &'a Value, span: Span) {
        let Some(entries) = import.as_list() else {
            return self.usage("`import` must be a list".to_owned(), span);
        };
        for entry in entries {
            let at = span_of(self.document, entry);
            match &**entry {
                Value::String(element) => self.import(link, element, element, at),
                Value::Object(fields) => {
                    let field = |name: &str| {
                        fields.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.as_str())
                    };
                    let unknown = fields.iter().find(|(key, _)| key != "name" && key != "as");
                    if let Some((key, _)) = unknown {
                        self.usage(format!("an import has no field `{key}`"), at);
                        continue;
                    }
                    match field("name") {
                        Some(element) => self.import(link, element, field("as").unwrap_or(element), at),
                        None => self.usage("an import needs a `name`".to_owned(), at),
                    }
                }
                _ => self.usage("an import must be a name or an object with `name` and `as`".to_owned(), at),
            }
        }
    }

    fn import(&mut self, link: &mut Link<'a>, element: &'a str, local: &'a str, span: Span) {
        if let Some(text) = [element, local].into_iter().find(|text| !is_name(text.trim_start_matches('@'))) {
            let message = format!("`{element}` cannot be imported as `{local}`: `{text}` is no name");
            return self.usage(message, span);
        }
        if element.starts_with('@') != local.starts_with('@') {
            let message =
                format!("`{element}` cannot be imported as `{local}`: both must be directives or types");
            return self.usage(message, span);
        }
        if let Some(known) = specification(link.identity).filter(|known| known.has_version(link))
            && !known.elements_at(link.minor).iter().any(|known| known.name == element)
        {
            let message = format!("`{}` has no element `{element}`", link.url);
            // With the link specification in charge, what cannot be imported is merely unknown where it is used.
            let is_explicit = self.links.iter().any(|link| link.identity == LINK);
            let code = if is_explicit { Code::InvalidGraphql } else { Code::InvalidLinkDirectiveUsage };
            return self.report.error(code, message, self.place(span));
        }
        let differs = |import: &&Declared<'_>| (import.element == element) != (import.local == local);
        if let Some(before) = link.imports.iter().find(differs) {
            let message = format!(
                "`{element}` of `{}` is imported as `{local}`, yet before `{}` was as `{}`; each needs one name of its own",
                link.url, before.element, before.local
            );
            return self.usage(message, span);
        }
        if let Some(other) = self.links.iter().find(|other| other.imports.iter().any(|i| i.local == local)) {
            let message = format!(
                "`{local}` is imported from `{}` and from `{}`; give one another name by `as`",
                other.url, link.url
            );
            return self.usage(message, span);
        }
        link.imports.push(Declared { element, local, span });
    }

    fn usage(&mut self, message: String, span: Span) {
        self.report.error(Code::InvalidLinkDirectiveUsage, message, self.place(span));
    }

    fn place(&self, span: Span) -> Place<'a> {
        Place { subgraph: self.document.name(), span }
    }
}

/// What a link's URL says by its path.
struct Url<'a> {
    identity: &'a str,
    name: &'a str,
    major: u32,
    minor: u32,
}

impl<'a> Url<'a> {
    /// Or what keeps it from being the URL of a specification.
    fn parse(url: &'a str) -> Result<Self, String> {
        let url = without_extras(url);
        let path = url.split_once("://").ok_or("must start with a scheme, as `https://` is one")?.1;
        let Some((rest, version)) = path.rsplit_once('/') else {
            return Err("has no path; it must end in a name and a version".to_owned());
        };
        let Some((major, minor)) = parse_version(version) else {
            return Err(format!("must end in a version such as `v1.2`, not in `{version}`"));
        };
        let Some((_, name)) = rest.rsplit_once('/') else {
            return Err("must have a name before its version".to_owned());
        };
        let identity = &url[..url.len() - version.len() - 1];
        Ok(Self { identity, name, major, minor })
    }
}

/// Name and version stand in the path: queries, fragments and slashes at the end say nothing.
fn without_extras(url: &str) -> &str {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url[..end].trim_end_matches('/')
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
