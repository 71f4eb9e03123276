//! One strict pass over JSON text, by spans: nothing is decoded, nothing is copied.
//!
//! The text is validated as it is passed (RFC 8259, pairs of surrogates included), so that a span can be written into a
//! response as it is. Nesting is counted and not recursed into, so that no answer can exhaust the stack.

/// The deepest nesting that a value outside the plan's knowledge may have.
const MAX_DEPTH: u32 = 127;

/// Why an answer cannot be used. A whole word, so that results that hold it are copied by words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[repr(u32)]
pub(crate) enum Malformed {
    #[error("it is not UTF-8")]
    Utf8,
    #[error("it is not JSON")]
    Syntax,
    #[error("it is nested too deeply")]
    Depth,
    #[error("an object has a key twice")]
    DuplicateKey,
    #[error("it is too large")]
    Size,
    #[error("it is not a GraphQL response")]
    Envelope,
    #[error("the number of entities is not what was asked for")]
    EntityCount,
}

/// A part of the text, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// Text that is expected. Its first sixteen bytes are compared as two words.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    text: Box<[u8]>,
    head: u128,
    mask: u128,
}

impl Token {
    pub(crate) fn new(text: String) -> Self {
        let text: Box<[u8]> = text.into_bytes().into();
        let (mut head, mut mask) = ([0; 16], [0; 16]);
        for (index, byte) in text.iter().take(16).enumerate() {
            head[index] = *byte;
            mask[index] = u8::MAX;
        }
        Self { text, head: u128::from_le_bytes(head), mask: u128::from_le_bytes(mask) }
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    #[inline]
    fn begins(&self, rest: &[u8]) -> bool {
        match rest.first_chunk() {
            Some(chunk) if u128::from_le_bytes(*chunk) & self.mask != self.head => false,
            Some(_) if self.text.len() <= 16 => true,
            _ => rest.starts_with(&self.text),
        }
    }
}

/// A position in JSON text.
pub(crate) struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
}

type Scan<T> = Result<T, Malformed>;

impl<'t> Scanner<'t> {
    /// Starts at the first token of `text`.
    pub(crate) fn new(text: &'t [u8]) -> Scan<Self> {
        if u32::try_from(text.len()).is_err() {
            return Err(Malformed::Size);
        }
        if simdutf8::basic::from_utf8(text).is_err() {
            return Err(Malformed::Utf8);
        }
        let mut scanner = Self { text, at: 0 };
        scanner.space();
        Ok(scanner)
    }

    /// The next byte, zero at the end (which no token begins with).
    #[inline]
    pub(crate) fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Passes white space.
    #[inline]
    pub(crate) fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// Passes `byte` and the white space after it, if it is next.
    #[inline]
    pub(crate) fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        if found {
            self.at += 1;
            self.space();
        }
        found
    }

    /// Passes `byte` and the white space after it.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Scan<()> {
        if self.accept(byte) { Ok(()) } else { Err(Malformed::Syntax) }
    }

    /// Passes `token` and the white space after it, if it is next.
    #[inline]
    pub(crate) fn take(&mut self, token: &Token) -> bool {
        let found = self.text.get(self.at..).is_some_and(|rest| token.begins(rest));
        if found {
            self.at += token.text.len();
            self.space();
        }
        found
    }

    /// Passes a key and its colon, and gives what stands between the key's quotes.
    pub(crate) fn key(&mut self) -> Scan<&'t [u8]> {
        let start = self.at + 1;
        self.string()?;
        let key = &self.text[start..self.at - 1];
        self.space();
        self.expect(b':')?;
        Ok(key)
    }

    /// Passes one value and the white space after it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a span that is returned in memory costs more than reading it")]
    pub(crate) fn value(&mut self) -> Scan<Span> {
        let start = self.at;
        self.pass()?;
        let span = self.span_from(start);
        self.space();
        Ok(span)
    }

    #[inline]
    fn pass(&mut self) -> Scan<()> {
        match self.peek() {
            b'"' => self.string(),
            b'{' | b'[' => self.container(),
            _ => self.atom(),
        }
    }

    /// Where the next token begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// From `start` to here; trailing white space is the caller's.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "`new` takes no text of 4 GiB")]
    pub(crate) fn span_from(&self, start: usize) -> Span {
        Span { start: start as u32, len: (self.at - start) as u32 }
    }

    /// The text of a span.
    pub(crate) fn text(&self, span: Span) -> &'t [u8] {
        &self.text[span.start as usize..][..span.len as usize]
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Scan<()> {
        if self.at == self.text.len() { Ok(()) } else { Err(Malformed::Syntax) }
    }

    /// An object or array, whatever is in it. The innermost bit of `open` tells which of the two is open.
    fn container(&mut self) -> Scan<()> {
        let mut open = 0_u128;
        let mut depth = 0_u32;
        loop {
            match self.peek() {
                bracket @ (b'{' | b'[') => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(Malformed::Depth);
                    }
                    let object = bracket == b'{';
                    open = open << 1 | u128::from(object);
                    self.at += 1;
                    self.space();
                    if self.peek() == bracket + 2 {
                        self.at += 1;
                        depth -= 1;
                        open >>= 1;
                    } else {
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => self.string()?,
                _ => self.atom()?,
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                self.space();
                let object = open & 1 == 1;
                if self.accept(b',') {
                    if object {
                        self.key()?;
                    }
                    break;
                }
                if self.peek() != if object { b'}' } else { b']' } {
                    return Err(Malformed::Syntax);
                }
                self.at += 1;
                depth -= 1;
                open >>= 1;
            }
        }
    }

    /// A string with its quotes, eight bytes at a time.
    #[inline]
    fn string(&mut self) -> Scan<()> {
        if self.peek() != b'"' {
            return Err(Malformed::Syntax);
        }
        self.at += 1;
        loop {
            while let Some(chunk) = self.text.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
                let stop = stops(u64::from_le_bytes(*chunk));
                if stop != 0 {
                    self.at += stop.trailing_zeros() as usize / 8;
                    break;
                }
                self.at += 8;
            }
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.at += 1,
                _ => return Err(Malformed::Syntax),
            }
        }
    }

    #[cold]
    fn escape(&mut self) -> Scan<()> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => match self.code_unit()? {
                0xD800..=0xDBFF if (0xDC00..=0xDFFF).contains(&self.code_unit()?) => Ok(()),
                0xD800..=0xDFFF => Err(Malformed::Syntax),
                _ => Ok(()),
            },
            _ => Err(Malformed::Syntax),
        }
    }

    /// `\uXXXX`.
    fn code_unit(&mut self) -> Scan<u32> {
        let Some([b'\\', b'u', digits @ ..]) = self.text.get(self.at..self.at + 6) else {
            return Err(Malformed::Syntax);
        };
        self.at += 6;
        digits.iter().try_fold(0, |unit, &digit| {
            let digit = char::from(digit).to_digit(16).ok_or(Malformed::Syntax)?;
            Ok(unit << 4 | digit)
        })
    }

    /// A number, `true`, `false` or `null`.
    #[inline]
    fn atom(&mut self) -> Scan<()> {
        let word: &[u8] = match self.peek() {
            b'-' | b'0'..=b'9' => return self.number(),
            b't' => b"true",
            b'f' => b"false",
            b'n' => b"null",
            _ => return Err(Malformed::Syntax),
        };
        if !self.text[self.at..].starts_with(word) {
            return Err(Malformed::Syntax);
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Scan<()> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if let b'e' | b'E' = self.peek() {
            self.at += 1;
            if let b'+' | b'-' = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Scan<()> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start { Err(Malformed::Syntax) } else { Ok(()) }
    }
}

/// Marks the high bit of bytes that end the plain part of a string: quotes, backslashes, control characters. Only the
/// lowest mark is exact.
#[inline]
fn stops(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let quote = word ^ (ONES * u64::from(b'"'));
    let backslash = word ^ (ONES * u64::from(b'\\'));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    ((quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash) | control) & HIGH
}
