//! What this service measures of sagas and of the ways between services.

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    service::{Labels, Measure, Measures, seconds},
    sql::{Db, Sql},
};

use crate::{
    consistency::{Edge, edges},
    watching::Watch,
};

/// Measures the sagas of a database, and what the services told last.
pub(crate) struct Measured {
    db: Db,
    watch: Watch,
}

impl Measured {
    pub(crate) fn new(db: Db, watch: Watch) -> Self {
        Self { db, watch }
    }

    /// Sagas that have not been taken up since they were found to be lost.
    async fn missed(&self) -> Result<Measure, StoreError> {
        let missed = self.db.one(&Sql::new("SELECT COUNT(*) AS sagas FROM missed"), "missed").await?;
        let help = "Sagas that services did something for, and that are not known";
        Ok(Measure { name: "sagas_missed", help, samples: vec![(Vec::new(), count(missed.int("sagas")?))] })
    }

    async fn unfinished(&self) -> Result<[Measure; 2], StoreError> {
        let query = Sql::new(
            "SELECT kind, phase, COUNT(*) AS sagas, now_ms() - MIN(created_at) AS age FROM sagas \
             WHERE phase IN ('RUNNING', 'COMPENSATING', 'STUCK') GROUP BY kind, phase",
        );
        let (mut number, mut oldest) = (Vec::new(), Vec::new());
        for row in self.db.rows(&query).await? {
            let labels: Labels = vec![("kind", row.text("kind")?), ("phase", row.text("phase")?)];
            number.push((labels.clone(), count(row.int("sagas")?)));
            oldest.push((labels, seconds(row.int("age")?)));
        }
        Ok([
            Measure { name: "sagas_unfinished", help: "Sagas that have not come to an end", samples: number },
            Measure {
                name: "sagas_oldest_unfinished_seconds",
                help: "How long ago the oldest saga began that has not come to an end",
                samples: oldest,
            },
        ])
    }
}

#[async_trait]
impl Measures for Measured {
    async fn measure(&self) -> Result<Vec<Measure>, StoreError> {
        let edges = self.watch.last().map(|round| edges(&round)).unwrap_or_default();
        let behind = edges.iter().filter_map(|edge| Some((labels(edge), seconds(edge.behind_ms?))));
        let healthy = edges.iter().map(|edge| (labels(edge), f64::from(u8::from(edge.healthy))));
        let mut measures = vec![
            Measure {
                name: "edge_behind_seconds",
                help: "How far a consumer is behind its source, by the source's clock",
                samples: behind.collect(),
            },
            Measure {
                name: "edge_healthy",
                help: "1 if markers return in time and nothing is held up between two services",
                samples: healthy.collect(),
            },
        ];
        measures.extend(self.unfinished().await?);
        measures.push(self.missed().await?);
        Ok(measures)
    }
}

fn labels(edge: &Edge) -> Labels {
    let kind = format!("{:?}", edge.kind).to_lowercase();
    vec![
        ("from", edge.from.clone()),
        ("to", edge.to.clone()),
        ("consumer", edge.consumer.clone()),
        ("kind", kind),
    ]
}

fn count(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap_or(i32::MAX))
}
