//! `cargo xtask agreement`: our composition beside the reference's, case by case.
//!
//! It reads what a comparison from outside has written (for each case and each composer: accepted or not, codes, client schema, and the
//! subgraphs that the reference extracts), and the exceptions that are known. It fails when a case differs that is no
//! exception, when an exception does not differ as it says, and when the sets of codes agree too seldom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde::Deserialize;

use crate::progress;

/// So many cases may differ on purpose.
const MOST_EXCEPTIONS: usize = 15;
/// Of a hundred cases that both refuse, so many have the same codes.
const LEAST_CODES: usize = 97;

/// What `cargo xtask agreement` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The results of a comparison, as JSON
    #[arg(long, value_name = "FILE")]
    results: PathBuf,
    /// Where composers differ on purpose
    #[arg(long, value_name = "FILE", default_value = "tests/agreement/exceptions.yaml")]
    exceptions: PathBuf,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    apollo: Outcome,
    #[serde(rename = "hive")]
    guild: Outcome,
    #[serde(rename = "ext")]
    octavo: Outcome,
}

/// What one composer makes of a case.
#[derive(Deserialize)]
struct Outcome {
    ok: bool,
    #[serde(default)]
    errors: Vec<CaseError>,
    /// The client schema.
    api: Option<String>,
    /// The subgraphs as the reference extracts them from the supergraph.
    subgraphs: Option<String>,
    /// Why the reference cannot load the supergraph.
    unusable: Option<String>,
}

#[derive(Deserialize)]
struct CaseError {
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    case: String,
    /// Where the rule is written.
    section: String,
    reason: String,
    verdicts: Verdicts,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
struct Verdicts {
    apollo: String,
    guild: String,
    octavo: String,
}

impl Outcome {
    fn codes(&self) -> BTreeSet<&str> {
        self.errors.iter().map(|error| error.code.as_deref().unwrap_or("no code")).collect()
    }

    /// The outcome in one word or several.
    fn verdict(&self) -> String {
        let codes: Vec<&str> = self.codes().into_iter().collect();
        match (self.ok, &*codes) {
            (true, _) => "accepted".to_owned(),
            (false, ["THREW"]) => "threw".to_owned(),
            (false, codes) => codes.join(" "),
        }
    }
}

impl Case {
    /// In what our outcome differs from the reference's, codes aside.
    fn difference(&self) -> Option<String> {
        let Results { apollo, octavo, .. } = &self.results;
        if apollo.ok != octavo.ok {
            return Some(format!("the reference says {}, we say {}", apollo.verdict(), octavo.verdict()));
        }
        if let Some(reason) = octavo.unusable.as_ref().filter(|_| apollo.unusable.is_none()) {
            return Some(format!("the reference cannot load our supergraph: {reason}"));
        }
        if apollo.api != octavo.api {
            return Some("the client schemas differ".to_owned());
        }
        (apollo.subgraphs != octavo.subgraphs).then(|| "the extracted subgraphs differ".to_owned())
    }

    fn verdicts(&self) -> Verdicts {
        let Results { apollo, guild, octavo } = &self.results;
        Verdicts { apollo: apollo.verdict(), guild: guild.verdict(), octavo: octavo.verdict() }
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let cases: Vec<Case> = serde_json::from_str(&read(&options.results)?).context("the results")?;
    let exceptions: Vec<Exception> =
        serde_saphyr::from_str(&read(&options.exceptions)?).context("the exceptions")?;
    let findings = [differences(&cases, &exceptions), stale(&cases, &exceptions), codes(&cases)].concat();
    for finding in &findings {
        progress::note(finding);
    }
    let told = findings.len();
    progress::note(&format!("cases: {}, exceptions: {}, findings: {told}", cases.len(), exceptions.len()));
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// The last two parts of a case's path name it.
fn is_case(case: &Case, name: &str) -> bool {
    Path::new(&case.name).ends_with(name)
}

fn differences(cases: &[Case], exceptions: &[Exception]) -> Vec<String> {
    let unknown = |case: &&Case| !exceptions.iter().any(|exception| is_case(case, &exception.case));
    let mut findings: Vec<String> = cases
        .iter()
        .filter(unknown)
        .filter_map(|case| Some(format!("{}: {}", case.name, case.difference()?)))
        .collect();
    if cases.is_empty() {
        findings.push("there are no cases".to_owned());
    }
    findings
}

/// Exceptions that are not true, not explained, or too many.
fn stale(cases: &[Case], exceptions: &[Exception]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for Exception { case: name, section, reason, verdicts } in exceptions {
        *seen.entry(name).or_default() += 1;
        let case = cases.iter().find(|case| is_case(case, name));
        let finding = match case {
            None => "there is no such case".to_owned(),
            Some(case) if case.difference().is_none() => "it does not differ any more".to_owned(),
            Some(case) if case.verdicts() != *verdicts => format!("it is {:?} now", case.verdicts()),
            Some(_) if reason.is_empty() || !section.starts_with("https://") => {
                "it is not explained".to_owned()
            }
            Some(_) => continue,
        };
        findings.push(format!("the exception {name}: {finding}"));
    }
    findings
        .extend(seen.iter().filter(|(_, count)| **count > 1).map(|(name, _)| format!("{name} stands twice")));
    if exceptions.len() > MOST_EXCEPTIONS {
        findings.push(format!("there are {} exceptions; {MOST_EXCEPTIONS} are allowed", exceptions.len()));
    }
    findings
}

fn codes(cases: &[Case]) -> Vec<String> {
    let refused: Vec<_> =
        cases.iter().filter(|case| !case.results.apollo.ok && !case.results.octavo.ok).collect();
    let alike =
        refused.iter().filter(|case| case.results.apollo.codes() == case.results.octavo.codes()).count();
    progress::note(&format!("the same codes: {alike} of {} refused cases", refused.len()));
    let enough = alike * 100 >= refused.len() * LEAST_CODES;
    if enough { Vec::new() } else { vec![format!("fewer than {LEAST_CODES} % have the same codes")] }
}

#[cfg(test)]
mod tests {
    use super::{Case, Exception, codes, differences, stale};

    fn cases(ours: &str) -> Vec<Case> {
        let accepted = r#"{"ok":true,"api":"a","subgraphs":"s"}"#;
        let text = format!(
            r#"[{{"name":"../x/hive/one","results":{{"apollo":{accepted},"hive":{accepted},"ext":{ours}}}}}]"#
        );
        serde_json::from_str(&text).expect("results")
    }

    fn exception(octavo: &str) -> Vec<Exception> {
        let text = format!(
            "- {{case: hive/one, section: \"https://x\", reason: r, verdicts: {{apollo: accepted, guild: accepted, octavo: {octavo}}}}}"
        );
        serde_saphyr::from_str(&text).expect("exceptions")
    }

    #[test]
    fn whatever_differs_is_found_unless_it_is_an_exception() {
        let same = cases(r#"{"ok":true,"api":"a","subgraphs":"s"}"#);
        assert_eq!((differences(&same, &[]), codes(&same)), (Vec::new(), Vec::new()));
        for ours in [
            r#"{"ok":false,"errors":[{"code":"A"}]}"#,
            r#"{"ok":true,"api":"b","subgraphs":"s"}"#,
            r#"{"ok":true,"api":"a","subgraphs":"t"}"#,
            r#"{"ok":true,"unusable":"no"}"#,
        ] {
            let found = cases(ours);
            assert_eq!(differences(&found, &[]).len(), 1, "{ours}");
            assert_eq!(differences(&found, &exception("A")).len(), 0, "{ours}");
        }
    }

    #[test]
    fn exceptions_that_are_not_true_are_found() {
        let refused = cases(r#"{"ok":false,"errors":[{"code":"A"}]}"#);
        assert_eq!(stale(&refused, &exception("A")), Vec::<String>::new());
        assert_eq!(stale(&refused, &exception("B")).len(), 1);
        assert_eq!(stale(&[], &exception("A")).len(), 1);
        assert_eq!(stale(&cases(r#"{"ok":true,"api":"a","subgraphs":"s"}"#), &exception("A")).len(), 1);
        let twice: Vec<_> = exception("A").into_iter().chain(exception("A")).collect();
        assert_eq!(stale(&refused, &twice).len(), 1);
    }
}
