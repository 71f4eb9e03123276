//! Documents of an older form are read in the new one, are stored so by and by, and hold up what would take the old one away.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{EmptyMutation, Object};
use lms_kit::{
    Service, Sources,
    documents::{Aggregate, Collection, DocumentOutbox, Documents, Index, Migration, State, Step},
    migrate::{Phase, Requirement, Requirements},
    page::SortKey,
    service::{ContractWish, DocumentEngine, SchemaParts, schema},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::shelf::{ENGINES, MIGRATIONS, NOTES, NoLog, Shelf};

const OLD_INDEX: Index = Index { name: "notes_by_wait", columns: &["waitingSince"], unique: false };
const NEW: &[Migration] = &[
    MIGRATIONS[0],
    MIGRATIONS[1],
    MIGRATIONS[2],
    Migration { version: 4, name: "index", phase: Phase::Expand, steps: &[Step::Index("notes", OLD_INDEX)] },
    Migration {
        version: 5,
        name: "no_index",
        phase: Phase::Contract(Requirements::all(&[Requirement::Documents {
            collection: "notes",
            at_least: 2,
        }])),
        steps: &[Step::DropIndex("notes", "notes_by_wait"), Step::DropCollection("heard")],
    },
];

/// As it was once.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Old {
    id: String,
    name: String,
}

impl State for Old {
    const COLLECTION: &'static Collection = &NOTES;

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        BTreeMap::new()
    }
}

/// As it is now: the name has parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct New {
    id: String,
    names: Vec<String>,
}

impl State for New {
    const COLLECTION: &'static Collection = &NOTES;
    const SCHEMA: u32 = 2;

    fn upgrade(mut state: Value, _from: u32) -> Value {
        let name = state["name"].take();
        state["names"] = json!(name.as_str().unwrap_or_default().split(' ').collect::<Vec<_>>());
        state
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> BTreeMap<&'static str, SortKey> {
        BTreeMap::new()
    }
}

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> Option<bool> {
        None
    }
}

fn service(shelf: &Shelf) -> Service {
    let parts = SchemaParts::new("notes", schema(Query, EmptyMutation).finish(), &[]);
    let documents = Arc::clone(&shelf.documents);
    let outbox = Arc::new(DocumentOutbox::new(Arc::clone(&documents), NoLog).over::<New>());
    let engine = DocumentEngine { documents, outbox, owner: "notes", migrations: NEW };
    Service::new(parts, Arc::new(engine), Sources::system()).unwrap()
}

async fn read<S: State>(documents: &dyn Documents) -> Result<S, String> {
    let found = documents.get(&NOTES, &["1".to_owned()]).await.unwrap().remove(0);
    Aggregate::<S>::read(found).map(|aggregate| aggregate.state).map_err(|error| error.to_string())
}

#[tokio::test]
async fn the_old_form_goes_by_and_by_and_what_needs_it_after_it() {
    for engine in ENGINES {
        let shelf = Shelf::of(engine).await;
        let documents = shelf.documents.as_ref();
        let old = Old { id: "1".into(), name: "Ana Maria".into() };
        let document = Aggregate::new(old).document().unwrap();
        assert!(documents.insert(&NOTES, &document).await.unwrap(), "{engine}");
        documents.migrate("notes", NEW, 2).await.unwrap();
        let service = service(&shelf);
        assert_eq!(service.ready().await, Ok(()), "{engine}: what waits to be asked for is not missing");

        let new = New { id: "1".into(), names: vec!["Ana".into(), "Maria".into()] };
        assert_eq!(read::<New>(documents).await.as_ref(), Ok(&new), "{engine}");
        let standing = service.standing().await.unwrap();
        assert_eq!(standing.minima.documents, BTreeMap::from([("notes".to_owned(), 1)]), "{engine}");
        assert_eq!(standing.processes.len(), 1, "{engine}: at least the one that answers");
        let wish = ContractWish { apply: true, ..ContractWish::default() };
        let held = service.contract(&wish).await.unwrap();
        assert_eq!(held[0].unmet, ["`notes` of notes has documents of schema 1"], "{engine}");

        service.purge().await.unwrap();
        assert_eq!(read::<New>(documents).await, Ok(new), "{engine}");
        let refused = read::<Old>(documents).await.unwrap_err();
        assert!(refused.contains("1 has schema 2, and this program knows 1"), "{engine}: {refused}");
        let done = service.contract(&wish).await.unwrap();
        assert!(done.len() == 1 && done[0].applied, "{engine}: {done:?}");
        assert_eq!(service.contract(&wish).await.unwrap(), [], "{engine}: once");
        assert_eq!(service.ready().await, Ok(()), "{engine}");
        let ledger: Vec<u32> =
            documents.ledger("notes").await.unwrap().iter().map(|row| row.version).collect();
        assert_eq!(ledger, [1, 2, 3, 4, 5], "{engine}");
    }
}
