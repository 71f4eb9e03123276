//! Counting by the index's columns.

use std::{collections::BTreeMap, ops::Bound};

use async_trait::async_trait;
use lms_kit::StoreError;
use serde::Deserialize;
use serde_json::{Value, json};
use tantivy::{
    Term,
    aggregation::{AggContextParams, AggregationCollector, AggregationLimitsGuard},
    query::{BooleanQuery, Query, RangeQuery, TermQuery},
    schema::IndexRecordOption,
};

use super::{Graded, Index, Lent, ReportStore, index::Open};
use crate::domain::{Grades, Month, Months, Period};

pub(super) const LENDING: &str = "lending";
pub(super) const BOOK: &str = "book";
pub(super) const COMMENT: &str = "comment";

/// The most values of a column that are told apart; with more of them nothing is answered, rather than something wrong.
const MOST_VALUES: u32 = 10_000_000;
/// What counting may keep in memory, in bytes.
const MOST_BYTES: u64 = 1 << 30;

/// What a column's values come to.
#[derive(Debug, Deserialize)]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    key: Value,
    doc_count: i64,
    sum: Option<Sum>,
    isbns: Option<Box<Buckets>>,
}

#[derive(Debug, Deserialize)]
struct Sum {
    value: Option<f64>,
}

impl Bucket {
    fn text(&self) -> String {
        self.key.as_str().unwrap_or_default().to_owned()
    }

    #[expect(clippy::cast_possible_truncation, reason = "the sum of whole grades is whole")]
    fn grades(&self) -> Grades {
        let sum = self.sum.as_ref().and_then(|sum| sum.value).unwrap_or_default();
        Grades { number: self.doc_count, sum: sum as i64 }
    }
}

impl Open {
    /// The entries of a kind, and of a period if one is given.
    fn entries(&self, kind: &str, period: Period) -> Box<dyn Query> {
        let kind = Term::from_field_text(self.fields.kind, kind);
        let of_kind = Box::new(TermQuery::new(kind, IndexRecordOption::Basic));
        if period == Period::default() {
            return of_kind;
        }
        let at = |ms| Term::from_field_i64(self.fields.lent_at, ms);
        let from = period.from.map_or(Bound::Unbounded, |ms| Bound::Included(at(ms)));
        let until = period.until.map_or(Bound::Unbounded, |ms| Bound::Excluded(at(ms)));
        Box::new(BooleanQuery::intersection(vec![of_kind, Box::new(RangeQuery::new(from, until))]))
    }

    /// What some entries come to.
    fn count(&self, entries: &dyn Query, by: &Value) -> tantivy::Result<Buckets> {
        let wanted = serde_json::from_value(json!({ "counted": by })).map_err(std::io::Error::from)?;
        let searcher = self.reader.searcher();
        let limits = AggregationLimitsGuard::new(Some(MOST_BYTES), Some(MOST_VALUES));
        let context = AggContextParams::new(limits, searcher.index().tokenizers().clone());
        let counted = searcher.search(entries, &AggregationCollector::from_aggs(wanted, context))?;
        let mut counted = serde_json::to_value(counted).map_err(std::io::Error::from)?;
        Ok(serde_json::from_value(counted["counted"].take()).map_err(std::io::Error::from)?)
    }

    /// The genre of each book that has one.
    fn genres(&self) -> tantivy::Result<BTreeMap<String, String>> {
        let by = by_value("genre", &json!({ "isbns": by_value("isbn", &json!({})) }));
        let counted = self.count(self.entries(BOOK, Period::default()).as_ref(), &by)?;
        let mut genres = BTreeMap::new();
        for genre in counted.buckets {
            let name = genre.text();
            let books = genre.isbns.into_iter().flat_map(|books| books.buckets);
            genres.extend(books.map(|book| (book.text(), name.clone())));
        }
        Ok(genres)
    }

    fn lent(&self, what: Lent, period: Period) -> tantivy::Result<Vec<(String, i64)>> {
        let column = if what == Lent::Students { "student" } else { "isbn" };
        let counted = self.count(self.entries(LENDING, period).as_ref(), &by_value(column, &json!({})))?;
        let lent = counted.buckets.iter().map(|bucket| (bucket.text(), bucket.doc_count));
        if what != Lent::Genres {
            return Ok(lent.collect());
        }
        let (genres, mut of_genre) = (self.genres()?, BTreeMap::<String, i64>::new());
        for (isbn, lendings) in lent {
            if let Some(genre) = genres.get(&isbn) {
                *of_genre.entry(genre.clone()).or_default() += lendings;
            }
        }
        Ok(of_genre.into_iter().collect())
    }

    fn graded(&self, what: Graded) -> tantivy::Result<Vec<(String, Grades)>> {
        let by = by_value("isbn", &json!({ "sum": { "sum": { "field": "grade" } } }));
        let counted = self.count(self.entries(COMMENT, Period::default()).as_ref(), &by)?;
        let graded = counted.buckets.iter().map(|bucket| (bucket.text(), bucket.grades()));
        if what == Graded::Books {
            return Ok(graded.collect());
        }
        let (genres, mut of_genre) = (self.genres()?, BTreeMap::<String, Grades>::new());
        for (isbn, grades) in graded {
            if let Some(genre) = genres.get(&isbn) {
                let all = of_genre.entry(genre.clone()).or_default();
                (all.number, all.sum) = (all.number + grades.number, all.sum + grades.sum);
            }
        }
        Ok(of_genre.into_iter().collect())
    }

    fn monthly(&self, months: Months) -> tantivy::Result<Buckets> {
        let bounds = json!({ "min": months.first.index(), "max": months.last.index() });
        let by = json!({ "histogram": {
            "field": "month", "interval": 1, "hard_bounds": bounds, "extended_bounds": bounds,
        } });
        self.count(self.entries(LENDING, Period::default()).as_ref(), &by)
    }
}

/// All values of a column, and what is counted of each.
fn by_value(column: &str, also: &Value) -> Value {
    let terms = json!({ "field": column, "size": MOST_VALUES, "segment_size": MOST_VALUES });
    json!({ "terms": terms, "aggs": also })
}

#[async_trait]
impl ReportStore for Index {
    async fn lent(&self, what: Lent, period: Period, limit: usize) -> Result<Vec<(String, i64)>, StoreError> {
        let mut lent = self.with(move |open| open.lent(what, period)).await?.unwrap_or_default();
        lent.sort_by(|(key, lendings), (other_key, others)| others.cmp(lendings).then(key.cmp(other_key)));
        lent.truncate(limit);
        Ok(lent)
    }

    async fn monthly(&self, months: Months) -> Result<Vec<(Month, i64)>, StoreError> {
        let counted = self.with(move |open| open.monthly(months)).await?;
        let buckets = counted.map(|counted| counted.buckets).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "a month is a whole number")]
        let month = |bucket: &Bucket| Month::of_index(bucket.key.as_f64().unwrap_or_default() as i64);
        Ok(buckets.iter().map(|bucket| (month(bucket), bucket.doc_count)).collect())
    }

    async fn graded(
        &self,
        what: Graded,
        least: i64,
        limit: usize,
    ) -> Result<Vec<(String, Grades)>, StoreError> {
        let mut graded = self.with(move |open| open.graded(what)).await?.unwrap_or_default();
        graded.retain(|(_, grades)| grades.number >= least);
        graded.sort_by(|(key, grades), (other_key, others)| grades.compare(*others).then(key.cmp(other_key)));
        graded.truncate(limit);
        Ok(graded)
    }
}
