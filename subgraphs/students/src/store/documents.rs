//! The adapter for document engines: what is read, and how it is found.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use lms_kit::{
    OpenError, Refusal, Sources, StoreError,
    documents::{self, Aggregate, Collection, DocumentOutbox, Documents, Find, FindEach, Found, Match},
    idempotency::Command,
    page::{Cursor, Page, Window},
    saga::{DocumentEffects, with_replies},
};
use serde::de::DeserializeOwned;

use super::{
    Grades, ImportedComment, ImportedStudent, PerOwner, StudentStore, Target,
    collections::{
        ACTIVITY, AT, COMMENTS, CREATED_AT, CommentRecord, GRADE, ISBN_KEY, MIGRATIONS, NAME_KEY, PHONE_KEY,
        STUDENT_KEY, STUDENTS, StudentRecord, USER_KEY, user_key,
    },
    projection::ActivityLog,
};
use crate::{
    NAME,
    domain::{
        Activity, Comment, CommentChange, CommentInput, Isbn, Registration, Student, StudentChange,
        StudentFilter, phone_key,
    },
};

/// Students over any document engine.
#[derive(Clone)]
pub(crate) struct DocumentStudents {
    pub(super) engine: Arc<dyn Documents>,
    pub(super) outbox: Arc<DocumentOutbox>,
}

impl DocumentStudents {
    /// Opens the engine that a URL names, and brings it up to date.
    pub(crate) async fn open(url: &str, sources: &Sources) -> Result<Self, OpenError> {
        let engine = documents::open(NAME, url).await?;
        engine.migrate(NAME, MIGRATIONS, sources.clock.now_ms()).await?;
        Ok(Self::over(engine, sources.clone()))
    }

    /// Over an engine that is up to date.
    pub(crate) fn over(engine: Arc<dyn Documents>, sources: Sources) -> Self {
        let outbox = DocumentOutbox::new(Arc::clone(&engine), ActivityLog { sources });
        let outbox = Arc::new(with_replies(outbox.over::<StudentRecord>().over::<CommentRecord>()));
        Self { engine, outbox }
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Arc<dyn Documents> {
        &self.engine
    }

    /// What was done to the documents for sagas.
    pub(crate) fn effects(&self) -> DocumentEffects {
        let effects = DocumentEffects::new(Arc::clone(&self.engine));
        effects.over::<StudentRecord>().over::<CommentRecord>()
    }

    /// The outboxes of the documents.
    pub(crate) fn outbox(&self) -> &Arc<DocumentOutbox> {
        &self.outbox
    }

    /// The newest first, a page for each owner.
    async fn newest_of_each<T>(
        &self,
        list: List,
        owners: &[String],
        window: &Window,
        read: fn(Found) -> Result<(Cursor, T), StoreError>,
    ) -> Result<PerOwner<Page<T>>, StoreError> {
        let find = Find { matches: Vec::new(), order: list.order, descending: true, window: window.clone() };
        let find = FindEach { by: list.by, values: owners.to_vec(), find };
        let mut found = self.engine.find_each(list.collection, &find).await?;
        let page = |owner: &String| {
            let entries = found.remove(owner).unwrap_or_default().into_iter().map(read);
            Ok((owner.clone(), Page::from_walk(window, entries.collect::<Result<_, StoreError>>()?)))
        };
        owners.iter().map(page).collect()
    }
}

/// A collection read in the order of one column, for the values of another.
#[derive(Clone, Copy)]
struct List {
    collection: &'static Collection,
    by: &'static str,
    order: &'static str,
}

const COMMENTS_OF_BOOKS: List = List { collection: &COMMENTS, by: ISBN_KEY, order: CREATED_AT };
const COMMENTS_OF_STUDENTS: List = List { collection: &COMMENTS, by: STUDENT_KEY, order: CREATED_AT };
const LOG_OF_STUDENTS: List = List { collection: &ACTIVITY, by: STUDENT_KEY, order: AT };

#[async_trait]
impl StudentStore for DocumentStudents {
    async fn students(&self, numbers: &[String]) -> Result<Vec<Student>, StoreError> {
        let found = self.engine.get(&STUDENTS, numbers).await?.into_iter().map(student);
        let students = found.collect::<Result<Vec<_>, _>>()?;
        Ok(students.into_iter().filter(|student| student.standing.is_there()).collect())
    }

    async fn by_users(&self, user_ids: &[String]) -> Result<PerOwner<Student>, StoreError> {
        let keys: Vec<String> = user_ids.iter().map(|id| user_key(id)).collect();
        let found = self.engine.get_by(&STUDENTS, USER_KEY, &keys).await?;
        let students = found.into_iter().map(student).collect::<Result<Vec<_>, _>>()?;
        Ok(students.into_iter().filter_map(|student| Some((student.user_id.clone()?, student))).collect())
    }

    async fn list(&self, filter: &StudentFilter, window: &Window) -> Result<Page<Student>, StoreError> {
        let mut matches: Vec<Match> = Match::text(NAME_KEY, &filter.name).collect();
        matches
            .extend(filter.phone.as_deref().map(|phone| Match::Equals(PHONE_KEY, phone_key(phone).into())));
        let find = Find { matches, order: NAME_KEY, descending: false, window: window.clone() };
        let found = self.engine.find(&STUDENTS, &find).await?.into_iter().map(student);
        let entry = |student: Student| (Cursor::new(student.name_key(), student.number.as_str()), student);
        let entries = found.map(|found| found.map(entry)).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_walk(window, entries))
    }

    async fn comments(&self, ids: &[String]) -> Result<Vec<Comment>, StoreError> {
        let found = self.engine.get(&COMMENTS, ids).await?.into_iter().map(comment);
        let comments = found.collect::<Result<Vec<_>, _>>()?;
        Ok(comments.into_iter().filter(|comment| !comment.deleted).collect())
    }

    async fn commenter(&self, id: &str) -> Result<Option<String>, StoreError> {
        let found = self.engine.get(&COMMENTS, &[id.to_owned()]).await?.into_iter().next();
        Ok(found.map(comment).transpose()?.map(|comment| comment.student_number))
    }

    async fn of_books(
        &self,
        isbns: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Comment>>, StoreError> {
        self.newest_of_each(COMMENTS_OF_BOOKS, isbns, window, comment_entry).await
    }

    async fn of_students(
        &self,
        numbers: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Comment>>, StoreError> {
        self.newest_of_each(COMMENTS_OF_STUDENTS, numbers, window, comment_entry).await
    }

    async fn grades(&self, isbns: &[String]) -> Result<PerOwner<Grades>, StoreError> {
        let tallies: BTreeMap<_, _> = self.engine.tally(&COMMENTS, ISBN_KEY, isbns, GRADE).await?;
        let grades =
            |(isbn, tally): (String, documents::Tally)| (isbn, Grades { count: tally.count, sum: tally.sum });
        Ok(tallies.into_iter().map(grades).collect())
    }

    async fn activity(
        &self,
        numbers: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Activity>>, StoreError> {
        self.newest_of_each(LOG_OF_STUDENTS, numbers, window, activity_entry).await
    }

    async fn register(&self, command: &Command, input: Registration) -> Result<Student, Refusal> {
        self.register_student(command, input).await
    }

    async fn update(
        &self,
        command: &Command,
        target: &Target,
        change: StudentChange,
    ) -> Result<Student, Refusal> {
        self.update_student(command, target, change).await
    }

    async fn add_comment(
        &self,
        command: &Command,
        student_number: &str,
        isbn: &Isbn,
        input: CommentInput,
    ) -> Result<Comment, Refusal> {
        self.add_new_comment(command, student_number, isbn, input).await
    }

    async fn edit_comment(
        &self,
        command: &Command,
        target: &Target,
        change: CommentChange,
    ) -> Result<Comment, Refusal> {
        self.change_comment(command, target, |comment| change.clone().apply(comment, command.now_ms)).await
    }

    async fn delete_comment(&self, command: &Command, target: &Target) -> Result<Comment, Refusal> {
        self.change_comment(command, target, |comment| Ok(comment.taken_back(command.now_ms))).await
    }

    async fn import_students(
        &self,
        command: &Command,
        students: Vec<ImportedStudent>,
    ) -> Result<usize, Refusal> {
        self.load_students(command, students).await
    }

    async fn import_comments(
        &self,
        command: &Command,
        comments: Vec<ImportedComment>,
    ) -> Result<usize, Refusal> {
        self.load_comments(command, comments).await
    }
}

fn student(found: Found) -> Result<Student, StoreError> {
    Ok(Aggregate::<StudentRecord>::read(found)?.state.student)
}

fn comment(found: Found) -> Result<Comment, StoreError> {
    Ok(Aggregate::<CommentRecord>::read(found)?.state.comment)
}

fn comment_entry(found: Found) -> Result<(Cursor, Comment), StoreError> {
    let comment = comment(found)?;
    Ok((Cursor::new(comment.created_at_ms, comment.id.as_str()), comment))
}

fn activity_entry(found: Found) -> Result<(Cursor, Activity), StoreError> {
    let activity: Activity = plain(found)?;
    Ok((Cursor::new(activity.at_ms, activity.id.as_str()), activity))
}

fn plain<T: DeserializeOwned>(found: Found) -> Result<T, StoreError> {
    serde_json::from_value(found.body).map_err(|source| StoreError::corrupt("activity", source))
}
