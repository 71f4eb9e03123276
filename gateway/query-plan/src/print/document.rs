//! A request's document, one selection a line.
//!
//! The documents are made by the planner, so that tokens suffice and no parser is needed: inside braces a name or a
//! spread that follows a finished selection starts a line; inside parentheses nothing does.

/// A line and how deep it stands.
pub(super) struct Line {
    pub(super) depth: usize,
    pub(super) text: String,
}

/// The document's lines.
pub(super) fn lines(document: &str) -> Vec<Line> {
    let mut layout = Layout::default();
    let mut rest = document;
    while let Some((token, after)) = next_token(rest) {
        layout.token(token);
        rest = after;
    }
    layout.end_line();
    layout.lines
}

/// The selection of the `_entities` field with this response key, and the fragments of the document.
pub(super) fn under(lines: &[Line], key: &str) -> (Vec<Line>, Vec<Line>) {
    let is_field = |line: &Line| {
        let field = line.text.strip_prefix(key).map_or("", |rest| rest.trim_start_matches([':', ' ']));
        field.starts_with("_entities(") || field.starts_with('(')
    };
    let start = lines.iter().position(is_field).map_or(0, |index| index + 1);
    let outer = lines.get(start.saturating_sub(1)).map_or(0, |line| line.depth);
    let lift = |line: &Line, by| Line { depth: line.depth - by, text: line.text.clone() };
    let inside = lines[start..].iter().take_while(|line| line.depth > outer);
    let fragments = lines.iter().skip_while(|line| !line.text.starts_with("fragment "));
    (inside.map(|line| lift(line, outer + 1)).collect(), fragments.map(|line| lift(line, 0)).collect())
}

#[derive(Default)]
struct Layout {
    lines: Vec<Line>,
    line: String,
    depth: usize,
    /// Parentheses and brackets, and braces inside them.
    inside: usize,
    /// The last token ends a selection, so that a name would start another.
    complete: bool,
    last: String,
}

impl Layout {
    fn token(&mut self, token: &str) {
        match token {
            "{" if self.inside == 0 => self.open_block(),
            "}" if self.inside == 0 => self.close_block(),
            _ if self.inside > 0 => self.argument(token),
            _ => self.selection(token),
        }
        token.clone_into(&mut self.last);
    }

    fn open_block(&mut self) {
        if self.depth == 0 && self.line == "query" {
            self.line.clear();
        }
        self.spaced("{");
        self.end_line();
        self.depth += 1;
        self.complete = false;
    }

    fn close_block(&mut self) {
        self.end_line();
        self.depth = self.depth.saturating_sub(1);
        self.line.push('}');
        self.end_line();
        self.complete = false;
    }

    fn selection(&mut self, token: &str) {
        let starts = self.complete && (token == "..." || is_name(token));
        if starts && self.depth > 0 {
            self.end_line();
        }
        match token {
            "(" | "[" => {
                self.inside += 1;
                self.line.push_str(token);
            }
            "," => {}
            ":" => self.line.push(':'),
            _ if self.last == "@" || (self.last == "..." && token != "on") => self.line.push_str(token),
            _ => self.spaced(token),
        }
        let condition = self.last == "..." && token == "on";
        self.complete = is_name(token) && !condition;
    }

    fn argument(&mut self, token: &str) {
        let after_value = !matches!(self.last.as_str(), "(" | "[" | "{" | ":" | "," | "$" | "=" | "@");
        match token {
            "(" | "[" | "{" => {
                self.separate(after_value && token != "(");
                self.inside += 1;
                self.line.push_str(token);
            }
            ")" | "]" | "}" => {
                self.inside = self.inside.saturating_sub(1);
                self.line.push_str(token);
                self.complete = true;
            }
            ":" | "!" => self.line.push_str(token),
            "," => {}
            "=" => self.line.push_str(" ="),
            _ => {
                self.separate(after_value || self.last == ",");
                self.line.push_str(token);
            }
        }
    }

    /// The space or comma before an argument's token.
    fn separate(&mut self, from_value: bool) {
        if matches!(self.last.as_str(), ":" | "=") {
            self.line.push(' ');
        } else if from_value {
            self.line.push_str(", ");
        }
    }

    fn spaced(&mut self, token: &str) {
        if !self.line.is_empty() {
            self.line.push(' ');
        }
        self.line.push_str(token);
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.lines.push(Line { depth: self.depth, text: std::mem::take(&mut self.line) });
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The next token and the text after it; white space is passed over.
fn next_token(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let first = text.chars().next()?;
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.');
    let length = match first {
        '"' => string_length(text),
        '.' => text.len().min(3),
        c if word(c) => text.find(|c| !word(c)).unwrap_or(text.len()),
        c => c.len_utf8(),
    };
    Some(text.split_at(length))
}

fn string_length(text: &str) -> usize {
    if let Some(rest) = text.strip_prefix("\"\"\"") {
        let end = rest.find("\"\"\"");
        return end.map_or(text.len(), |end| end + 6);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}
