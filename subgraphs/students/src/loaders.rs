//! Data loaders: what many resolvers of one request ask for one by one is asked of the store at once.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader, NoCache};
use lms_kit::{
    graphql::{LoadError, OwnedList, batching, by_window, owned},
    page::{CursorKind, KeyKind, Page},
};

use crate::{
    domain::{Activity, Comment, Student},
    store::{Grades, StudentStore},
};

/// What the cursors of comments and of the log hold.
pub(crate) const BY_TIME: CursorKind = CursorKind { sort: KeyKind::Int, id: KeyKind::Text, nullable: false };

/// The loader of a schema: nothing is kept from one batch to the next.
pub(crate) type Students = DataLoader<Batches, NoCache>;

/// What the schema's resolvers load from.
pub(crate) fn loader(store: Arc<dyn StudentStore>) -> Students {
    batching::<StudentNumber, _>(Batches { store })
}

/// One store call a batch.
pub(crate) struct Batches {
    pub(crate) store: Arc<dyn StudentStore>,
}

/// A student.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StudentNumber(pub(crate) String);

/// The student of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StudentOfUser(pub(crate) String);

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CommentId(pub(crate) String);

/// How a book was graded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GradesOf(pub(crate) String);

/// A page of the comments on a book.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CommentsOfBook(pub(crate) OwnedList<String>);

/// A page of the comments of a student.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CommentsOfStudent(pub(crate) OwnedList<String>);

/// A page of the log of a student.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ActivityOf(pub(crate) OwnedList<String>);

impl Loader<StudentNumber> for Batches {
    type Value = Student;
    type Error = LoadError;

    async fn load(&self, keys: &[StudentNumber]) -> Result<HashMap<StudentNumber, Student>, LoadError> {
        let numbers: Vec<_> = keys.iter().map(|StudentNumber(number)| number.clone()).collect();
        let students = self.store.students(&numbers).await?;
        Ok(students.into_iter().map(|student| (StudentNumber(student.number.clone()), student)).collect())
    }
}

impl Loader<StudentOfUser> for Batches {
    type Value = Student;
    type Error = LoadError;

    async fn load(&self, keys: &[StudentOfUser]) -> Result<HashMap<StudentOfUser, Student>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|StudentOfUser(id)| id.clone()).collect();
        let students = self.store.by_users(&ids).await?;
        Ok(students.into_iter().map(|(id, student)| (StudentOfUser(id), student)).collect())
    }
}

impl Loader<CommentId> for Batches {
    type Value = Comment;
    type Error = LoadError;

    async fn load(&self, keys: &[CommentId]) -> Result<HashMap<CommentId, Comment>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|CommentId(id)| id.clone()).collect();
        let comments = self.store.comments(&ids).await?;
        Ok(comments.into_iter().map(|comment| (CommentId(comment.id.clone()), comment)).collect())
    }
}

impl Loader<GradesOf> for Batches {
    type Value = Grades;
    type Error = LoadError;

    async fn load(&self, keys: &[GradesOf]) -> Result<HashMap<GradesOf, Grades>, LoadError> {
        let isbns: Vec<_> = keys.iter().map(|GradesOf(isbn)| isbn.clone()).collect();
        let grades = self.store.grades(&isbns).await?;
        Ok(grades.into_iter().map(|(isbn, grades)| (GradesOf(isbn), grades)).collect())
    }
}

impl Loader<CommentsOfBook> for Batches {
    type Value = Page<Comment>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[CommentsOfBook],
    ) -> Result<HashMap<CommentsOfBook, Page<Comment>>, LoadError> {
        let mut pages = HashMap::new();
        for (window, owners) in by_window(keys.iter().map(|CommentsOfBook(list)| list)) {
            let found = self.store.of_books(&owners, window).await?;
            pages.extend(owned(found, window).map(|(list, page)| (CommentsOfBook(list), page)));
        }
        Ok(pages)
    }
}

impl Loader<CommentsOfStudent> for Batches {
    type Value = Page<Comment>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[CommentsOfStudent],
    ) -> Result<HashMap<CommentsOfStudent, Page<Comment>>, LoadError> {
        let mut pages = HashMap::new();
        for (window, owners) in by_window(keys.iter().map(|CommentsOfStudent(list)| list)) {
            let found = self.store.of_students(&owners, window).await?;
            pages.extend(owned(found, window).map(|(list, page)| (CommentsOfStudent(list), page)));
        }
        Ok(pages)
    }
}

impl Loader<ActivityOf> for Batches {
    type Value = Page<Activity>;
    type Error = LoadError;

    async fn load(&self, keys: &[ActivityOf]) -> Result<HashMap<ActivityOf, Page<Activity>>, LoadError> {
        let mut pages = HashMap::new();
        for (window, owners) in by_window(keys.iter().map(|ActivityOf(list)| list)) {
            let found = self.store.activity(&owners, window).await?;
            pages.extend(owned(found, window).map(|(list, page)| (ActivityOf(list), page)));
        }
        Ok(pages)
    }
}
