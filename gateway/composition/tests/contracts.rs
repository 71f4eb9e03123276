//! Every folder under `contracts` is composed with the contract beside it; what its clients see, or why there is no such schema, is the
//! snapshot.

use std::fs;
use std::path::{Path, PathBuf};

use octavo_composition::{Composition, Contract, ContractVariant, Options, SubgraphInput, compose};
use octavo_diagnostics::{Sources, render};

struct Case {
    folder: PathBuf,
    subgraphs: Vec<(String, String)>,
    contract: Contract,
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let mut subgraphs = Vec::new();
        for entry in fs::read_dir(&folder).expect("a case") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "graphql") {
                let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
                subgraphs.push((name, fs::read_to_string(&path).expect("a schema")));
            }
        }
        subgraphs.sort();
        let text = fs::read_to_string(folder.join("contract.json")).expect("a contract");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let tags = |key: &str| serde_json::from_value(json[key].clone()).expect("a list of tags");
        let contract = Contract {
            name: "clients".to_owned(),
            include_tags: tags("include"),
            exclude_tags: tags("exclude"),
            hide_unreachable_types: json["hideUnreachableTypes"] == true,
        };
        Self { folder, subgraphs, contract }
    }

    fn compose(&self, contracts: Vec<Contract>) -> Composition {
        let inputs: Vec<SubgraphInput> =
            self.subgraphs.iter().map(|(name, sdl)| SubgraphInput { name, url: "", sdl }).collect();
        compose(&inputs, &Options { contracts })
    }

    fn variant(&self) -> (String, ContractVariant) {
        let mut composition = self.compose(vec![self.contract.clone()]);
        let whole = composition.supergraph_sdl.expect("the subgraphs of every case compose");
        (whole, composition.contracts.remove(0))
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts");
    let entries = fs::read_dir(folder).expect("a folder of cases");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders.into_iter().map(Case::read).collect()
}

#[test]
fn clients_see_what_their_contract_leaves() {
    for case in cases() {
        let (_, variant) = case.variant();
        let refused =
            case.folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("refused-"));
        assert_eq!(variant.api_sdl.is_none(), refused, "{}: {variant:?}", case.folder.display());
        assert_eq!(variant.supergraph_sdl.is_none(), refused);
        let sources: Sources =
            case.subgraphs.iter().map(|(name, sdl)| (name.as_str(), sdl.as_str())).collect();
        let report = render::human(&variant.diagnostics, &sources);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&case.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let seen = format!("{}\n{report}", variant.api_sdl.unwrap_or_default());
        settings.bind(|| insta::assert_snapshot!("expected", seen));
    }
}

#[test]
fn a_contract_changes_nothing_that_the_planner_needs() {
    for case in cases() {
        let (whole, variant) = case.variant();
        let Some(supergraph) = variant.supergraph_sdl else { continue };
        // The directive goes by another name in one case.
        let plain = |text: &str| {
            let lines = text.lines().filter(|line| !line.contains("/inaccessible/") && !is_definition(line));
            lines.map(|line| line.replace(" @inaccessible", "").replace(" @hidden", "")).collect::<Vec<_>>()
        };
        let squeeze =
            |lines: Vec<String>| lines.into_iter().filter(|l| !l.trim().is_empty()).collect::<Vec<_>>();
        let unmarked = |text: &str| {
            squeeze(plain(text))
                .into_iter()
                .filter(|l| !["@inaccessible", "@hidden"].contains(&l.trim()))
                .collect::<Vec<_>>()
        };
        assert_eq!(unmarked(&supergraph), unmarked(&whole), "{}", case.folder.display());
    }
}

fn is_definition(line: &str) -> bool {
    line.starts_with("directive @inaccessible") || line.starts_with("directive @hidden")
}

#[test]
fn several_contracts_come_from_one_run_and_do_not_touch_each_other() {
    let case = cases().into_iter().find(|case| case.folder.ends_with("exclusion-wins-over-inclusion"));
    let case = case.expect("the case is there");
    let contract = |name: &str, exclude: &[&str]| Contract {
        name: name.to_owned(),
        exclude_tags: exclude.iter().map(|&tag| tag.to_owned()).collect(),
        ..Contract::default()
    };
    let alone = case.compose(Vec::new());
    let all = case.compose(vec![contract("all", &[]), contract("public", &["internal"])]);
    assert_eq!(all.supergraph_sdl, alone.supergraph_sdl);
    let api = |index: usize| all.contracts[index].api_sdl.clone().expect("a schema");
    assert_eq!(Some(api(0)), alone.api_sdl);
    assert!(api(0).contains("cost: Int") && !api(1).contains("cost: Int") && api(1).contains("title"));
    assert_eq!(all.contracts.iter().map(|variant| &*variant.name).collect::<Vec<_>>(), ["all", "public"]);
}
