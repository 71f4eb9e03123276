//! Fields that move to another subgraph for some requests.

use std::collections::BTreeMap;

use octavo_executor::{SubgraphError, SubgraphRequest, SubgraphResponse};
use octavo_server::{Options, Share};

use crate::kit::{Kit, SUPERGRAPH, json};

const MOTTO: &str = "motto: String @join__field(graph: BOOKS)";

/// A gateway whose motto moves from the books to the grades under a label.
fn moving(label: &str, shares: &[(&str, Share)]) -> Kit {
    let moves = format!(
        "motto: String @join__field(graph: BOOKS, overrideLabel: \"{label}\") \
         @join__field(graph: GRADES, override: \"books\", overrideLabel: \"{label}\")"
    );
    let supergraph = SUPERGRAPH
        .replace("usedOverridden: Boolean", "usedOverridden: Boolean, overrideLabel: String")
        .replace(MOTTO, &moves);
    assert!(supergraph.contains(&moves));
    let override_labels: BTreeMap<_, _> =
        shares.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect();
    let options = Options { override_labels, ..Options::default() };
    Kit::of(&supergraph, (options, None), None, who_answers)
}

fn who_answers(request: &SubgraphRequest) -> Result<SubgraphResponse, SubgraphError> {
    json(&format!(r#"{{"data":{{"motto":"{}"}}}}"#, request.subgraph))
}

/// How many of forty requests the grades answer.
async fn moved(kit: &Kit) -> usize {
    let mut moved = 0;
    for _ in 0..40 {
        let motto = kit.query("{ motto }").await.json()["data"]["motto"].clone();
        assert!(motto == "books" || motto == "grades", "{motto}");
        moved += usize::from(motto == "grades");
    }
    moved
}

#[tokio::test]
async fn a_label_holds_for_the_share_of_requests_that_it_says() {
    assert_eq!(moved(&moving("percent(0)", &[])).await, 0);
    assert_eq!(moved(&moving("percent(100)", &[])).await, 40);
    // Fewer than one in a billion runs draws the same forty times.
    assert!((1..40).contains(&moved(&moving("percent(50)", &[])).await));
}

#[tokio::test]
async fn the_configuration_goes_before_the_label() {
    assert_eq!(moved(&moving("new-motto", &[])).await, 0, "a name holds for nobody by itself");
    assert_eq!(moved(&moving("new-motto", &[("new-motto", Share::ALWAYS)])).await, 40);
    assert_eq!(moved(&moving("percent(100)", &[("percent(100)", Share::NEVER)])).await, 0);
    assert_eq!(moved(&moving("percent(100)", &[("another", Share::NEVER)])).await, 40);
}
