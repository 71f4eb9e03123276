//! The places that a student has for books: one is taken before a lending begins, so that of several lendings at
//! once no more come about than there are places.

use lms_kit::Problem;
use serde::{Deserialize, Serialize};

/// How many books one student may have at once.
const MOST: usize = 3;

/// A student's places that are in use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slots {
    used: Vec<Slot>,
    /// Lendings that ended before they were known here, while there are places without a lending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ended: Vec<String>,
}

/// A place in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    /// The saga that took it.
    saga: String,
    /// What it is used for, once that has come about.
    lent: Option<Lent>,
}

/// A lending, as far as students know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lent {
    /// Its key.
    pub(crate) lending_number: String,
    /// The book.
    pub(crate) isbn: String,
    /// The book's title then.
    pub(crate) title: String,
    /// When the book is to be back, in ms.
    #[serde(rename = "dueAt")]
    pub(crate) due_at_ms: i64,
}

impl Slots {
    /// How many are in use.
    pub(crate) fn in_use(&self) -> usize {
        self.used.len()
    }

    /// Takes a place for a saga at that time; `None` if it has one.
    pub(crate) fn reserved(&self, saga: &str, at_ms: i64) -> Result<Option<Self>, Problem> {
        if self.used.iter().any(|slot| slot.saga == saga) {
            return Ok(None);
        }
        if self.used.len() >= MOST {
            let message = format!("the student has {} open loans", self.used.len());
            return Err(Problem::invalid(&["studentNumber"], format!("at most {MOST} open loans"), message));
        }
        let lent = self.used.iter().filter_map(|slot| slot.lent.as_ref());
        if let Some(late) = lent.into_iter().find(|lent| lent.due_at_ms < at_ms) {
            let message = format!("lending {} is overdue", late.lending_number);
            return Err(Problem::invalid(&["studentNumber"], "no lending is overdue", message));
        }
        let mut slots = self.clone();
        slots.used.push(Slot { saga: saga.to_owned(), lent: None });
        Ok(Some(slots))
    }

    /// Gives the place of a saga back; `None` if it has none.
    pub(crate) fn freed(&self, saga: &str) -> Option<Self> {
        self.without(|slot| slot.saga == saga)
    }

    /// Gives the place of a saga back, unless it has become a lending's; `None` if there is none.
    pub(crate) fn let_go(&self, saga: &str) -> Option<Self> {
        self.without(|slot| slot.saga == saga && slot.lent.is_none())
    }

    /// Notes what the place of a saga is used for. `None` if that is known.
    pub(crate) fn confirmed(&self, saga: &str, lent: &Lent) -> Result<Option<Self>, Problem> {
        let mut slots = self.clone();
        let Some(slot) = slots.used.iter_mut().find(|slot| slot.saga == saga) else {
            let message = format!("no place is kept for lending {}", lent.lending_number);
            return Err(Problem::not_found(&["lendingNumber"], message));
        };
        if slot.lent.as_ref() == Some(lent) {
            return Ok(None);
        }
        slot.lent = Some(lent.clone());
        if slots.ended.contains(&lent.lending_number) {
            slots.ended.retain(|ended| *ended != lent.lending_number);
            return Ok(slots.freed(saga));
        }
        Ok(Some(slots.settled()))
    }

    /// Gives the place of a lending back; `None` if it has none, and none that is still to become its own.
    pub(crate) fn released(&self, lending_number: &str) -> Option<Self> {
        let is_this =
            |slot: &Slot| slot.lent.as_ref().is_some_and(|lent| lent.lending_number == lending_number);
        if let Some(slots) = self.without(is_this) {
            return Some(slots);
        }
        let is_awaited = self.used.iter().any(|slot| slot.lent.is_none());
        if !is_awaited || self.ended.iter().any(|ended| ended == lending_number) {
            return None;
        }
        let mut slots = self.clone();
        slots.ended.push(lending_number.to_owned());
        // Each place without a lending becomes one lending's.
        let too_many = slots.ended.len().saturating_sub(MOST);
        slots.ended.drain(..too_many);
        Some(slots)
    }

    fn without(&self, is_it: impl Fn(&Slot) -> bool) -> Option<Self> {
        let mut slots = self.clone();
        slots.used.retain(|slot| !is_it(slot));
        (slots.used.len() < self.used.len()).then(|| slots.settled())
    }

    /// Without what nothing waits for.
    fn settled(mut self) -> Self {
        if self.used.iter().all(|slot| slot.lent.is_some()) {
            self.ended.clear();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lent(number: &str) -> Lent {
        Lent { lending_number: number.into(), isbn: "i".into(), title: "t".into(), due_at_ms: 10 }
    }

    #[test]
    fn a_lending_that_ends_before_it_is_confirmed_keeps_no_place() {
        let slots = Slots::default().reserved("s", 0).unwrap().unwrap();
        let ended = slots.released("l").unwrap();
        assert_eq!((ended.in_use(), ended.released("l")), (1, None));
        assert_eq!(ended.confirmed("s", &lent("l")).unwrap(), Some(Slots::default()));
        assert_eq!(ended.freed("s"), Some(Slots::default()), "nothing waits for it any more");
        let other = ended.confirmed("s", &lent("other")).unwrap().unwrap();
        assert_eq!(other.released("other"), Some(Slots::default()));
    }

    #[test]
    fn a_lending_that_ended_early_is_remembered_until_its_place_is_free() {
        // Its confirmation is late; those of others come after they have ended, too.
        let mut slots = Slots::default().reserved("a", 0).unwrap().unwrap().released("of a").unwrap();
        for name in ["b", "c", "d", "e"] {
            slots = slots.reserved(name, 0).unwrap().unwrap().released(name).unwrap();
            slots = slots.confirmed(name, &lent(name)).unwrap().unwrap();
        }
        assert_eq!(slots.in_use(), 1);
        assert_eq!(slots.confirmed("a", &lent("of a")).unwrap(), Some(Slots::default()));
    }

    #[test]
    fn what_nobody_waits_for_is_not_remembered() {
        let slots = Slots::default().reserved("s", 0).unwrap().unwrap().confirmed("s", &lent("l")).unwrap();
        let slots = slots.unwrap();
        assert_eq!((slots.released("other"), slots.confirmed("s", &lent("l"))), (None, Ok(None)));
        assert!(slots.confirmed("unknown", &lent("m")).is_err());
    }
}
