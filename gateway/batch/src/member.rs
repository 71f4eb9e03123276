//! One client request's share of a joined request.

use std::sync::Arc;

use bytes::Bytes;
use octavo_executor::{EntityCall, SubgraphError, SubgraphRequest, SubgraphResponse};
use std::collections::HashMap;
use tokio::sync::oneshot;

/// What a subgraph says.
pub(crate) type Outcome = Result<SubgraphResponse, SubgraphError>;

/// A request that waits to leave with others.
pub(crate) struct Member {
    pub(crate) request: SubgraphRequest,
    pub(crate) reply: oneshot::Sender<Outcome>,
}

impl Member {
    /// How many entities it asks for.
    pub(crate) fn entities(&self) -> usize {
        let groups = self.request.entities.iter().flat_map(|call| &call.groups);
        groups.map(|group| group.representations.len()).sum()
    }
}

/// For each group of the joined request, where each representation of a member went.
pub(crate) type Share = Vec<Vec<usize>>;

/// One request for all: equal representations once, in the order in which they first come; with the call that it makes, and each
/// member's share of it.
pub(crate) fn unite(members: &[Member]) -> Option<(SubgraphRequest, EntityCall, Vec<Share>)> {
    let first = members.first()?;
    let call = first.request.entities.as_ref()?;
    let mut groups = call.groups.clone();
    let mut shares: Vec<Share> = vec![Vec::with_capacity(groups.len()); members.len()];
    for (number, group) in groups.iter_mut().enumerate() {
        let mut known: HashMap<Bytes, usize> = HashMap::new();
        let mut united = Vec::new();
        for (member, share) in members.iter().zip(&mut shares) {
            let own = &member.request.entities.as_ref()?.groups.get(number)?.representations;
            let places = own.iter().map(|text| {
                *known.entry(text.clone()).or_insert_with(|| {
                    united.push(text.clone());
                    united.len() - 1
                })
            });
            share.push(places.collect());
        }
        group.representations = united;
    }
    let call = EntityCall { head: call.head.clone(), groups };
    let request = SubgraphRequest {
        subgraph: Arc::clone(&first.request.subgraph),
        kind: first.request.kind,
        body: call.body(),
        headers: Arc::clone(&first.request.headers),
        generation: first.request.generation,
        joined: members.iter().skip(1).map(|member| Arc::clone(&member.request.headers)).collect(),
        entities: Some(call.clone()),
    };
    Some((request, call, shares))
}
