//! For how long the entities of a request may be kept.

/// What the schema says of the lifetime of what one request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The shortest lifetime that is said, in seconds; 0 is not kept. `None`: none is said.
    pub shortest: Option<u32>,
    /// Whether one is said for all that is asked. Where it is not, the operator's default counts as well.
    pub is_whole: bool,
    /// Whether something of it belongs to the caller alone, so that it is never given to another.
    pub is_private: bool,
}

impl Lifetime {
    /// Of what asks nothing: joined with another, it leaves that as it is.
    pub const EMPTY: Self = Self { shortest: None, is_whole: true, is_private: false };
    /// Of what the schema says nothing about.
    pub const UNSAID: Self = Self { shortest: None, is_whole: false, is_private: false };

    /// Of the two together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let ages = [self.shortest, other.shortest];
        Self {
            shortest: ages.into_iter().flatten().min(),
            is_whole: self.is_whole && other.is_whole,
            is_private: self.is_private || other.is_private,
        }
    }

    /// For how many seconds it may be kept, where `default` is the operator's word on what the schema says nothing about;
    /// `None` keeps none of that. 0 is not kept.
    pub fn seconds(self, default: Option<u32>) -> u32 {
        let default = (!self.is_whole).then_some(default.unwrap_or(0));
        [self.shortest, default].into_iter().flatten().min().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Lifetime;

    #[test]
    fn a_default_stands_in_for_what_is_unsaid_and_lengthens_nothing_that_is_said() {
        let said = |age| Lifetime { shortest: Some(age), ..Lifetime::EMPTY };
        let cases = [
            (said(60), 60, 60),
            (said(0), 0, 0),
            (Lifetime::UNSAID, 0, 30),
            (Lifetime::UNSAID.and(said(60)), 0, 30),
            (said(5).and(Lifetime::UNSAID), 0, 5),
            (said(0).and(Lifetime::UNSAID), 0, 0),
            (said(60).and(said(5)), 5, 5),
            (Lifetime::EMPTY, 0, 0),
        ];
        for (lifetime, alone, with_default) in cases {
            assert_eq!(
                (lifetime.seconds(None), lifetime.seconds(Some(30))),
                (alone, with_default),
                "{lifetime:?}"
            );
        }
    }
}
