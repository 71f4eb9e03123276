//! Data loaders: what many resolvers of one request ask for one by one is asked of the store at once.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader, NoCache};
use lms_kit::{
    graphql::{LoadError, OwnedList, batching, by_window, owned},
    page::Page,
};

use crate::{domain::Lending, store::LendingStore};

/// The loader of a schema: nothing is kept from one batch to the next.
pub(crate) type Lendings = DataLoader<Batches, NoCache>;

/// What the schema's resolvers load from.
pub(crate) fn loader(store: Arc<dyn LendingStore>) -> Lendings {
    batching::<LendingNumber, _>(Batches { store })
}

/// One store call a batch.
pub(crate) struct Batches {
    pub(crate) store: Arc<dyn LendingStore>,
}

/// A lending.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LendingNumber(pub(crate) String);

/// The account of a student.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AccountOf(pub(crate) String);

/// Whether a student is late at an instant, in ms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct IsLate {
    pub(crate) student_number: String,
    pub(crate) now_ms: i64,
}

/// A page of the lendings of a student.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LendingsOfStudent(pub(crate) OwnedList<String>);

/// A page of the lendings of a book.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LendingsOfBook(pub(crate) OwnedList<String>);

impl Loader<LendingNumber> for Batches {
    type Value = Lending;
    type Error = LoadError;

    async fn load(&self, keys: &[LendingNumber]) -> Result<HashMap<LendingNumber, Lending>, LoadError> {
        let numbers: Vec<_> = keys.iter().map(|LendingNumber(number)| number.clone()).collect();
        let lendings = self.store.by_numbers(&numbers).await?;
        Ok(lendings.into_iter().map(|found| (LendingNumber(found.number.clone()), found)).collect())
    }
}

impl Loader<AccountOf> for Batches {
    type Value = String;
    type Error = LoadError;

    async fn load(&self, keys: &[AccountOf]) -> Result<HashMap<AccountOf, String>, LoadError> {
        let numbers: Vec<_> = keys.iter().map(|AccountOf(number)| number.clone()).collect();
        let accounts = self.store.accounts(&numbers).await?;
        Ok(accounts.into_iter().map(|(number, id)| (AccountOf(number), id)).collect())
    }
}

impl Loader<IsLate> for Batches {
    type Value = ();
    type Error = LoadError;

    /// Those who are late; the instants of one request differ by nothing that matters.
    async fn load(&self, keys: &[IsLate]) -> Result<HashMap<IsLate, ()>, LoadError> {
        let now_ms = keys.iter().map(|key| key.now_ms).max().unwrap_or_default();
        let numbers: Vec<_> = keys.iter().map(|key| key.student_number.clone()).collect();
        let late = self.store.late_students(&numbers, now_ms).await?;
        let is_late = |key: &&IsLate| late.contains(&key.student_number);
        Ok(keys.iter().filter(is_late).map(|key| (key.clone(), ())).collect())
    }
}

impl Loader<LendingsOfStudent> for Batches {
    type Value = Page<Lending>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[LendingsOfStudent],
    ) -> Result<HashMap<LendingsOfStudent, Page<Lending>>, LoadError> {
        let mut pages = HashMap::new();
        for (window, owners) in by_window(keys.iter().map(|LendingsOfStudent(list)| list)) {
            let found = self.store.of_students(&owners, window).await?;
            pages.extend(owned(found, window).map(|(list, page)| (LendingsOfStudent(list), page)));
        }
        Ok(pages)
    }
}

impl Loader<LendingsOfBook> for Batches {
    type Value = Page<Lending>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[LendingsOfBook],
    ) -> Result<HashMap<LendingsOfBook, Page<Lending>>, LoadError> {
        let mut pages = HashMap::new();
        for (window, owners) in by_window(keys.iter().map(|LendingsOfBook(list)| list)) {
            let found = self.store.of_books(&owners, window).await?;
            pages.extend(owned(found, window).map(|(list, page)| (LendingsOfBook(list), page)));
        }
        Ok(pages)
    }
}
