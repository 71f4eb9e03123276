//! Reads a page of the documentation as the steps that its reader takes.
//!
//! A block of code in a language of files begins with a comment that names its file. A block of commands is run; one that
//! is marked `running` goes on while the reader does. A block of JSON is what the commands before it answer.

use anyhow::{Context, bail};

/// What a reader does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes a file.
    File {
        /// Where.
        path: String,
        /// Its text.
        text: String,
    },
    /// Runs commands to their end.
    Run(String),
    /// Runs a command in a terminal of its own.
    Start(String),
    /// Sees this.
    See(String),
}

/// The steps of a page, in their order.
pub fn steps(page: &str) -> anyhow::Result<Vec<Step>> {
    let (mut steps, mut lines) = (Vec::new(), page.lines().enumerate());
    while let Some((number, line)) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let mut text = String::new();
        loop {
            let (_, line) =
                lines.next().with_context(|| format!("the block of line {} has no end", number + 1))?;
            if line == "```" {
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        steps.push(step(kind, text).with_context(|| format!("the block of line {}", number + 1))?);
    }
    Ok(steps)
}

fn step(kind: &str, text: String) -> anyhow::Result<Step> {
    let mark = match kind {
        "sh" => return Ok(Step::Run(text)),
        "sh running" => return Ok(Step::Start(text)),
        "json" => return Ok(Step::See(text)),
        "rust" => "// ",
        "toml" => "# ",
        other => bail!("nobody knows what to do with `{other}`"),
    };
    let (first, text) = text.split_once('\n').context("it is empty")?;
    let path = first.strip_prefix(mark).with_context(|| format!("it names no file: `{first}`"))?;
    Ok(Step::File { path: path.to_owned(), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_blocks_in_their_order() {
        let page = "# T\n\n```toml\n# a/b.toml\n[x]\n```\ntext\n```sh running\ngo\n```\n```json\n{}\n```\n```sh\nls\n```\n";
        let file = Step::File { path: "a/b.toml".into(), text: "[x]\n".into() };
        let all = [file, Step::Start("go\n".into()), Step::See("{}\n".into()), Step::Run("ls\n".into())];
        assert_eq!(steps(page).unwrap(), all);
    }

    #[test]
    fn a_block_that_cannot_be_followed_is_named_by_its_line() {
        for (page, said) in [
            ("x\n```rust\nfn main() {}\n```\n", "the block of line 2: it names no file: `fn main() {}`"),
            ("```yaml\na: b\n```\n", "the block of line 1: nobody knows what to do with `yaml`"),
            ("\n\n```sh\nls\n", "the block of line 3 has no end"),
            ("```rust\n```\n", "the block of line 1: it is empty"),
        ] {
            let error = format!("{:#}", steps(page).unwrap_err());
            assert_eq!(error, said);
        }
    }
}
