//! Values: strings, numbers, lists and objects.

use apollo_compiler::Node;
use apollo_compiler::ast::Value;

use super::Reader;

impl Reader<'_> {
    /// A value without variables. Of numbers only those that fit 32 bits are taken.
    pub(super) fn value(&mut self) -> Option<Node<Value>> {
        Some(Node::new(match self.peek()? {
            b'"' => Value::String(self.string()?),
            b'[' => {
                self.take();
                let mut items = Vec::new();
                while !self.takes(b']') {
                    let start = self.at;
                    let item = self.value()?;
                    self.put(&item, start);
                    items.push(item);
                }
                Value::List(items)
            }
            b'{' => {
                self.take();
                let mut fields = Vec::new();
                while !self.takes(b'}') {
                    let name = self.name()?;
                    self.expect(b':')?;
                    fields.push((name, self.value()?));
                }
                Value::Object(fields)
            }
            b'-' | b'0'..=b'9' => Value::Int(self.number()?.into()),
            _ => match self.word()? {
                "true" => Value::Boolean(true),
                "false" => Value::Boolean(false),
                "null" => Value::Null,
                word => Value::Enum(self.interned(word)),
            },
        }))
    }

    fn number(&mut self) -> Option<i32> {
        let rest = &self.text[self.at..];
        let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_');
        let word = &rest[..rest.find(|c| !goes_on(c)).unwrap_or(rest.len())];
        let number: i32 = word.parse().ok()?;
        // No sign in front, no zeros: anything else is another spelling, or none.
        if number.to_string() != word {
            return None;
        }
        self.at += word.len();
        self.skip();
        Some(number)
    }

    pub(super) fn string(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        if let Some(rest) = rest.strip_prefix("\"\"\"") {
            return self.block_string(rest);
        }
        let mut out = String::new();
        let mut chars = rest[1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 2;
                    self.skip();
                    return Some(out);
                }
                '\\' => out.push(match chars.next()?.1 {
                    c @ ('"' | '\\' | '/') => c,
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    _ => return None,
                }),
                c if c < ' ' && c != '\t' => return None,
                c => out.push(c),
            }
        }
        None
    }

    /// See <https://spec.graphql.org/draft/#BlockStringValue()>.
    fn block_string(&mut self, rest: &str) -> Option<String> {
        let mut end = 0;
        loop {
            end += rest[end..].find("\"\"\"")?;
            if !rest[..end].ends_with('\\') {
                break;
            }
            end += 3;
        }
        self.at += 3 + end + 3;
        self.skip();
        let raw = &rest[..end];
        if raw.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n')) {
            return None;
        }
        let blank = |line: &&str| line.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let common = raw.split('\n').skip(1).filter(|line| !blank(line)).map(indent).min().unwrap_or(0);
        let cut = |(index, line): (usize, &'_ str)| -> String {
            let from = if index == 0 { 0 } else { common.min(line.len()) };
            line[from..].to_owned()
        };
        let lines: Vec<String> = raw.split('\n').enumerate().map(cut).collect();
        let first = lines.iter().position(|line| !blank(&line.as_str())).unwrap_or(lines.len());
        let last = lines.iter().rposition(|line| !blank(&line.as_str())).map_or(first, |last| last + 1);
        Some(lines[first..last].join("\n").replace("\\\"\"\"", "\"\"\""))
    }
}
