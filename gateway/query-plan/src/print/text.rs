//! Conventional nodes as indented text.

use super::document::{self, Line};
use super::node::{BatchFetch, Condition, Defer, Fetch, Node, Plan, Request, Selection};

pub(super) fn write(plan: &Plan) -> String {
    let mut out = Text { lines: Vec::new(), depth: 0 };
    match &plan.node {
        None => out.line("QueryPlan {}"),
        Some(node) => out.block("QueryPlan", "", |out| out.node(node)),
    }
    out.finish()
}

struct Text {
    lines: Vec<Line>,
    depth: usize,
}

impl Text {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Fetch(fetch) => self.fetch(fetch),
            Node::BatchFetch(batch) => self.batch(batch),
            Node::Flatten(flatten) => {
                let head = format!("Flatten(path: \"{}\")", path(&flatten.path));
                self.block(&head, ",", |out| out.node(&flatten.node));
            }
            Node::Sequence(several) => self.block("Sequence", ",", |out| out.nodes(&several.nodes)),
            Node::Parallel(several) => self.block("Parallel", ",", |out| out.nodes(&several.nodes)),
            Node::Condition(condition) => self.condition(condition),
            Node::Defer(defer) => self.defer(defer),
            Node::Subscription(subscription) => self.block("Subscription", ",", |out| {
                out.block("Primary", ",", |out| out.node(&subscription.primary));
                if let Some(rest) = &subscription.rest {
                    out.block("Rest", ",", |out| out.node(rest));
                }
            }),
            Node::Introspection(introspection) => {
                self.block("Introspection", ",", |out| {
                    for field in &introspection.fields {
                        out.line(field);
                    }
                });
            }
        }
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn fetch(&mut self, fetch: &Fetch) {
        let head = format!("Fetch(service: \"{}\")", fetch.request.service_name);
        let lines = document::lines(&fetch.request.operation);
        self.block(&head, ",", |out| match (&fetch.requires, &fetch.entities) {
            (Some(requires), Some(key)) => {
                out.contexts(&fetch.request);
                out.block("", " =>", |out| out.selections(requires));
                let (selection, fragments) = document::under(&lines, key);
                out.block("", "", |out| out.append(&selection));
                out.append(&fragments);
            }
            _ => out.append(&lines),
        });
    }

    fn batch(&mut self, batch: &BatchFetch) {
        let head = format!("BatchFetch(service: \"{}\")", batch.request.service_name);
        self.block(&head, ",", |out| {
            out.contexts(&batch.request);
            out.block("", "", |out| {
                for alias in &batch.entity_batch.aliases {
                    out.block(&alias.alias, "", |out| {
                        out.line("paths: [");
                        for one in &alias.paths {
                            out.line(&format!("  \"{}\"", path(one)));
                        }
                        out.line("]");
                        out.block("", "", |out| out.selections(&alias.requires));
                    });
                }
            });
            out.append(&document::lines(&batch.request.operation));
        });
    }

    fn contexts(&mut self, request: &Request) {
        for rewrite in &request.context_rewrites {
            self.line(&format!("${} = {}", rewrite.rename_key_to, rewrite.path.join("/")));
        }
    }

    fn condition(&mut self, condition: &Condition) {
        let clauses = [("Include", &condition.if_clause), ("Skip", &condition.else_clause)];
        for (name, clause) in clauses {
            let Some(node) = clause else { continue };
            let head = format!("{name}(if: {})", variables(&condition.variables));
            self.block(&head, ",", |out| out.node(node));
        }
    }

    fn defer(&mut self, defer: &Defer) {
        self.block("Defer", ",", |out| {
            out.block("Primary", ",", |out| {
                if let Some(node) = &defer.primary.node {
                    out.node(node);
                }
            });
            for (id, part) in defer.deferred.iter().enumerate() {
                let mut about = vec![format!("id: {id}")];
                about.extend(part.depends.iter().map(|before| format!("depends: {}", before.id)));
                about.extend(part.label.iter().map(|label| format!("label: \"{label}\"")));
                about.extend(part.when.iter().map(|when| format!("if: {}", variables(when))));
                about.push(format!("path: \"{}\"", path(&part.query_path)));
                about.extend(part.initial_count.iter().map(|count| format!("initialCount: {count}")));
                out.block(&format!("Deferred({})", about.join(", ")), ",", |out| {
                    if let Some(node) = &part.node {
                        out.node(node);
                    }
                });
            }
        });
    }

    fn selections(&mut self, selections: &[Selection]) {
        for selection in selections {
            match selection {
                Selection::Field { name, selections } if selections.is_empty() => self.line(name),
                Selection::Field { name, selections } => {
                    self.block(name, "", |out| out.selections(selections));
                }
                Selection::InlineFragment { type_condition, selections } => {
                    let head = format!("... on {type_condition}");
                    self.block(&head, "", |out| out.selections(selections));
                }
            }
        }
    }

    fn block(&mut self, head: &str, tail: &str, inside: impl FnOnce(&mut Self)) {
        self.line(format!("{head} {{").trim_start());
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line(&format!("}}{tail}"));
    }

    fn append(&mut self, lines: &[Line]) {
        let base = self.depth;
        self.lines
            .extend(lines.iter().map(|line| Line { depth: base + line.depth, text: line.text.clone() }));
    }

    fn line(&mut self, text: &str) {
        self.lines.push(Line { depth: self.depth, text: text.to_owned() });
    }

    fn finish(self) -> String {
        let mut text = String::new();
        for line in self.lines {
            text.push_str(&"  ".repeat(line.depth));
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }
}

fn path(segments: &[String]) -> String {
    segments.join(".")
}

/// `a && !b` as `$a && !$b`.
fn variables(expression: &str) -> String {
    let word = |word: &str| match word {
        "&&" | "||" => word.to_owned(),
        negated if negated.starts_with('!') => format!("!${}", &negated[1..]),
        name => format!("${name}"),
    };
    expression.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
