//! A Rust file's tokens in one flat list: no comments, no insides of strings, brackets as tokens of their own.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a token is, as far as the rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or a keyword.
    Word(String),
    /// One character of punctuation, or one bracket.
    Mark(char),
    /// A literal; what it says does not matter.
    Literal,
}

/// A token and its line, counted from 1.
#[derive(Debug, Clone)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub line: usize,
}

impl Token {
    /// Whether it is this name, keyword or mark.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        match &self.kind {
            TokenKind::Word(word) => word == text,
            TokenKind::Mark(mark) => text.len() == mark.len_utf8() && text.starts_with(*mark),
            TokenKind::Literal => false,
        }
    }
}

/// Cuts a file into tokens; what is not Rust has none.
pub(crate) fn tokens_of(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    if let Ok(stream) = text.parse::<TokenStream>() {
        flatten(stream, &mut tokens);
    }
    tokens
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Ident(word) => tokens.push(Token { kind: TokenKind::Word(word.to_string()), line }),
            TokenTree::Punct(mark) => tokens.push(Token { kind: TokenKind::Mark(mark.as_char()), line }),
            TokenTree::Literal(_) => tokens.push(Token { kind: TokenKind::Literal, line }),
            TokenTree::Group(group) => {
                let brackets = match group.delimiter() {
                    Delimiter::Parenthesis => Some(('(', ')')),
                    Delimiter::Bracket => Some(('[', ']')),
                    Delimiter::Brace => Some(('{', '}')),
                    Delimiter::None => None,
                };
                if let Some((open, _)) = brackets {
                    tokens.push(Token { kind: TokenKind::Mark(open), line });
                }
                let end = group.span_close().end().line;
                flatten(group.stream(), tokens);
                if let Some((_, close)) = brackets {
                    tokens.push(Token { kind: TokenKind::Mark(close), line: end });
                }
            }
        }
    }
}
