//! Entity requests with one key: the first leaves at once, those that come while it is under way leave together.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use octavo_executor::{SubgraphError, SubgraphRequest, SubgraphResponse};
use std::collections::HashMap;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};

use crate::joined::Shared;
use crate::key::Key;
use crate::member::{Member, Outcome, unite};
use crate::split::split;

/// The timer counts milliseconds: a wait that is much shorter would be stretched to one.
const SHORTEST_SLEEP: Duration = Duration::from_micros(500);

/// The lanes in which something is under way.
pub(crate) type Lanes = HashMap<Key, Lane>;

/// What is under way with one key.
#[derive(Default)]
pub(crate) struct Lane {
    running: usize,
    open: Option<Open>,
}

/// Members that wait to leave.
struct Open {
    members: Vec<Member>,
    entities: usize,
    /// Told when they leave, so that their timer ends.
    left: Arc<Notify>,
}

/// How a request goes.
enum Way {
    Alone(SubgraphRequest),
    /// With others, and after those that had to leave to make room.
    Together(oneshot::Receiver<Outcome>, Option<Vec<Member>>),
}

/// Sends an entity request, alone or with others.
pub(crate) async fn call(shared: &Arc<Shared>, key: Key, request: SubgraphRequest) -> Outcome {
    match choose(shared, &key, request) {
        Way::Alone(request) => {
            let _running = Running { shared: Arc::clone(shared), key };
            timed(shared, request).await
        }
        Way::Together(reply, full) => {
            if let Some(members) = full {
                depart(shared, key, members);
            }
            // A joined call ends without a reply only when its task was ended.
            reply.await.unwrap_or(Err(SubgraphError::Unreachable))
        }
    }
}

fn choose(shared: &Arc<Shared>, key: &Key, request: SubgraphRequest) -> Way {
    let mut lanes = shared.lanes();
    let lane = lanes.entry(key.clone()).or_default();
    if lane.running == 0 && lane.open.is_none() {
        lane.running = 1;
        return Way::Alone(request);
    }
    let (reply, receiver) = oneshot::channel();
    let member = Member { request, reply };
    let entities = member.entities();
    let is_full = |open: &Open| open.entities + entities > shared.options.max_entities;
    let full = if lane.open.as_ref().is_some_and(is_full) { lane.take() } else { None };
    let open = lane.open.get_or_insert_with(|| {
        let left = Arc::new(Notify::new());
        tokio::spawn(leave_in_time(Arc::clone(shared), key.clone(), Arc::clone(&left)));
        Open { members: Vec::new(), entities: 0, left }
    });
    open.entities += entities;
    open.members.push(member);
    Way::Together(receiver, full)
}

impl Lane {
    /// Takes the members that wait; from now on they count as under way.
    fn take(&mut self) -> Option<Vec<Member>> {
        let open = self.open.take()?;
        open.left.notify_one();
        self.running += 1;
        Some(open.members)
    }
}

/// Waits for others as long as is worth it, then lets those who wait leave.
async fn leave_in_time(shared: Arc<Shared>, key: Key, left: Arc<Notify>) {
    let delay = shared.delay(key.subgraph());
    let passed =
        async { if delay < SHORTEST_SLEEP { tokio::task::yield_now().await } else { sleep(delay).await } };
    tokio::select! {
        () = passed => {}
        () = left.notified() => return,
    }
    let members = {
        let mut lanes = shared.lanes();
        // They may have left by now, and others be waiting.
        let own = |lane: &&mut Lane| lane.open.as_ref().is_some_and(|open| Arc::ptr_eq(&open.left, &left));
        lanes.get_mut(&key).filter(own).and_then(Lane::take)
    };
    if let Some(members) = members {
        depart(&shared, key, members);
    }
}

/// Sends members in a task of its own, so that none of them depends on another's patience. Never called under the lock: a
/// runtime that goes down drops the task here.
fn depart(shared: &Arc<Shared>, key: Key, members: Vec<Member>) {
    let running = Running { shared: Arc::clone(shared), key };
    tokio::spawn(async move { send(&running, members).await });
}

async fn send(running: &Running, mut members: Vec<Member>) {
    let shared = &running.shared;
    // Whoever has gone asks for nothing.
    members.retain(|member| !member.reply.is_closed());
    if members.len() > 1 {
        members = send_together(shared, members).await;
    }
    let alone = members.into_iter().map(|Member { request, reply }| async move {
        // Whoever has gone needs no answer.
        let _ = reply.send(timed(shared, request).await);
    });
    join_all(alone).await;
}

/// Whether a joined request failed for all of its members alike, so that none is helped by asking alone.
fn is_everybodys(error: SubgraphError) -> bool {
    matches!(error, SubgraphError::Timeout | SubgraphError::Rejected | SubgraphError::Overloaded)
}

/// Sends members as one request. Gives them back when it has failed in a way that one of them may be the cause of.
async fn send_together(shared: &Shared, members: Vec<Member>) -> Vec<Member> {
    let Some((joined, call, portions)) = unite(&members) else { return members };
    let subgraph = Arc::clone(&joined.subgraph);
    let outcome = timed(shared, joined).await;
    if let Err(error) = outcome
        && is_everybodys(error)
    {
        for member in members {
            // As above.
            let _ = member.reply.send(Err(error));
        }
        return Vec::new();
    }
    let answers =
        outcome.ok().and_then(|response| Some((response.cache, split(&response.body, &call, &portions)?)));
    let Some((cache, bodies)) = answers else {
        tracing::debug!(
            subgraph = &*subgraph,
            members = members.len(),
            "a joined request failed; each goes alone"
        );
        return members;
    };
    for (member, body) in members.into_iter().zip(bodies) {
        // As above.
        let _ = member.reply.send(Ok(SubgraphResponse { body, cache }));
    }
    Vec::new()
}

async fn timed(shared: &Shared, request: SubgraphRequest) -> Outcome {
    let began = Instant::now();
    let subgraph = Arc::clone(&request.subgraph);
    let outcome = shared.next.call(request).await;
    if outcome.is_ok() {
        shared.record(&subgraph, began.elapsed());
    }
    outcome
}

/// Counts a call as under way until it is dropped; then those that wait need wait no longer.
struct Running {
    shared: Arc<Shared>,
    key: Key,
}

impl Drop for Running {
    fn drop(&mut self) {
        let members = {
            let mut lanes = self.shared.lanes();
            let Some(lane) = lanes.get_mut(&self.key) else { return };
            lane.running -= 1;
            let members = lane.take();
            if lane.running == 0 {
                lanes.remove(&self.key);
            }
            members
        };
        // Without a runtime, which is going down then, nobody waits any more.
        if let Some(members) = members.filter(|_| tokio::runtime::Handle::try_current().is_ok()) {
            depart(&self.shared, self.key.clone(), members);
        }
    }
}
