//! Dead letters as clients see them, and mend them.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use lms_kit::{
    access::Scope,
    graphql::{DateTime, Edge, PageInfo, ProblemView, caller, command, connection, settle, views},
    idempotency::Call,
    page::{CursorKind, PageArguments},
};
use serde_json::json;

use crate::{
    letters::{self, Letter, LetterId, Mend},
    store::Done,
    watching::Watch,
};

/// A message that a service could not apply. It holds up the later ones of its sequence, and no other.
#[derive(SimpleObject)]
pub(crate) struct DeadLetter {
    /// Identifies it among those of all services.
    id: ID,
    /// The service in which it lies.
    service: String,
    /// The part of the service that could not apply it.
    consumer: String,
    /// The service that said it; of what cannot be read, the topic by which it came.
    source: String,
    /// Its sequence.
    stream: String,
    /// Its number there.
    seq: i64,
    /// The event's own identifier.
    event_id: String,
    /// What has come. It may hold what is personal.
    body: String,
    /// Why it could not be applied.
    reason: String,
    /// How often it was tried.
    attempts: i64,
    /// When it was given up.
    died_at: DateTime,
    /// How many later ones of its sequence wait for it.
    behind: i64,
}

/// A page of the dead letters.
#[derive(SimpleObject)]
pub(crate) struct DeadLetterConnection {
    /// The entries, in the order of the list.
    edges: Vec<Edge<DeadLetter>>,
    /// Where the page stands.
    page_info: PageInfo,
    /// The services that do not answer: their letters are not in the list.
    away: Vec<String>,
    /// The services that have more letters than the list has of them: these come when those are mended.
    more_in: Vec<String>,
}

/// What became of a wish to mend a dead letter.
#[derive(SimpleObject)]
pub(crate) struct DeadLetterPayload {
    /// The letter, if it was mended: it is none any more.
    id: Option<ID>,
    /// Why nothing was done.
    problems: Vec<ProblemView>,
}

/// What of [`DeadLetter`] depends on the time at which it is seen.
struct Seen(Letter, i64);

impl From<Seen> for DeadLetter {
    fn from(Seen(Letter { id, letter }, now_ms): Seen) -> Self {
        Self {
            id: ID(id.encode()),
            service: id.service,
            consumer: letter.consumer,
            source: letter.sequence.source,
            stream: letter.sequence.stream,
            seq: letter.seq,
            event_id: letter.event_id,
            body: letter.body,
            reason: letter.reason,
            attempts: letter.attempts,
            died_at: DateTime::from_ms(now_ms - letter.age_ms),
            behind: letter.behind,
        }
    }
}

#[derive(Default)]
pub(crate) struct LetterQuery;

#[Object]
impl LetterQuery {
    /// The messages that services could not apply, those of the oldest events first; of one service, if one is given.
    /// For librarians.
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        service: Option<String>,
    ) -> Result<DeadLetterConnection> {
        caller(ctx).need(&Scope::STAFF)?;
        let window = PageArguments { first, after, last, before }.window(CursorKind::TEXT)?;
        let found = letters::find(&ctx.data::<Watch>()?.peers(), service.as_deref(), &window).await;
        let now_ms = ctx.data::<Call>()?.sources.clock.now_ms();
        let page = connection(found.page.map(|letter| Seen(letter, now_ms)));
        let (edges, page_info) = (page.edges, page.page_info);
        Ok(DeadLetterConnection { edges, page_info, away: found.away, more_in: found.more_in })
    }
}

#[derive(Default)]
pub(crate) struct LetterMutation;

#[Object]
impl LetterMutation {
    /// Has a dead letter tried again; with another body, if one is given, which must still be the same event.
    async fn replay_dead_letter(
        &self,
        ctx: &Context<'_>,
        id: ID,
        body: Option<String>,
        idempotency_key: String,
    ) -> Result<DeadLetterPayload> {
        mend(ctx, "replayDeadLetter", id, Mend::Replay(body), &idempotency_key).await
    }

    /// Goes on without a dead letter, as if it had been applied.
    async fn discard_dead_letter(
        &self,
        ctx: &Context<'_>,
        id: ID,
        idempotency_key: String,
    ) -> Result<DeadLetterPayload> {
        mend(ctx, "discardDeadLetter", id, Mend::Discard, &idempotency_key).await
    }
}

async fn mend(
    ctx: &Context<'_>,
    mutation: &'static str,
    id: ID,
    how: Mend,
    idempotency_key: &str,
) -> Result<DeadLetterPayload> {
    let (peers, done) = (ctx.data::<Watch>()?.peers(), ctx.data::<Done>()?);
    let outcome = settle(async {
        caller(ctx).need(&Scope::STAFF)?;
        let command = command(ctx, mutation, idempotency_key, &json!([id.as_str(), how]))?;
        let letter = LetterId::decode(&id)?;
        done.once(&command, letters::mend(&peers, &letter, &how)).await?;
        Ok(id)
    });
    let outcome = outcome.await?;
    Ok(DeadLetterPayload { id: outcome.entity, problems: views(outcome.problems) })
}
