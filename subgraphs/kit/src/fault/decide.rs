//! Who decides at a place.

use std::{
    process::abort,
    str::FromStr,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use super::Place;

/// Whether a process goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It does.
    GoOn,
    /// It does not: the call never returns.
    End,
}

/// Decides what happens at each place of this process.
pub trait Decide: Send + Sync {
    /// Whether the process goes on from here.
    fn at(&self, place: Place) -> Fate;
}

static DECIDES: OnceLock<Box<dyn Decide>> = OnceLock::new();

/// Lets something decide, for as long as the process lives; whether it is the first.
pub fn install(decide: impl Decide + 'static) -> bool {
    DECIDES.set(Box::new(decide)).is_ok()
}

/// Goes on from a place, or does not.
pub async fn at(place: Place) {
    if DECIDES.get().is_some_and(|decides| decides.at(place) == Fate::End) {
        std::future::pending::<()>().await;
    }
}

/// Aborts the process when it comes to a place for the n-th time; written `relay.after_publish` or
/// `relay.after_publish:3`.
#[derive(Debug)]
pub struct AbortAt {
    place: Place,
    left: AtomicU64,
}

impl Decide for AbortAt {
    fn at(&self, place: Place) -> Fate {
        if place == self.place && self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            abort();
        }
        Fate::GoOn
    }
}

/// No place has this name, or the number is none.
#[derive(Debug, thiserror::Error)]
#[error("`{given}` is no place to end at: write one of {}, and `:N` for the N-th time", names())]
pub struct UnknownPlace {
    given: String,
}

impl FromStr for AbortAt {
    type Err = UnknownPlace;

    fn from_str(given: &str) -> Result<Self, UnknownPlace> {
        let unknown = || UnknownPlace { given: given.to_owned() };
        let (name, times) = given.split_once(':').unwrap_or((given, "1"));
        let place = Place::ALL.into_iter().find(|place| place.name() == name).ok_or_else(unknown)?;
        let times: u64 = times.parse().map_err(|_| unknown())?;
        if times == 0 {
            return Err(unknown());
        }
        Ok(Self { place, left: AtomicU64::new(times) })
    }
}

fn names() -> String {
    Place::ALL.map(Place::name).join(", ")
}
