//! Conditions of `@skip` and `@include`, in disjunctive normal form.

use std::borrow::Cow;

use octavo_index::NameId;

/// A Boolean variable that must have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Literal {
    /// The variable's name, without `$`.
    pub variable: NameId,
    /// The value that it must have.
    pub value: bool,
}

/// When something is asked: if all literals of at least one alternative hold.
/// One empty alternative always holds; no alternative never does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct When {
    alternatives: Cow<'static, [Vec<Literal>]>,
}

/// One alternative that always holds. Most conditions are this one, so that copying it takes no memory.
const ALWAYS: &[Vec<Literal>] = &[Vec::new()];

/// Past this many alternatives the condition of a request becomes "always": more is asked than needed, nothing less.
const MOST_ALTERNATIVES: usize = 16;

impl When {
    /// Always.
    pub fn always() -> Self {
        Self { alternatives: Cow::Borrowed(ALWAYS) }
    }

    /// Never.
    pub fn never() -> Self {
        Self { alternatives: Cow::Borrowed(&[]) }
    }

    /// If one variable has one value.
    pub fn literal(literal: Literal) -> Self {
        Self { alternatives: Cow::Owned(vec![vec![literal]]) }
    }

    /// Whether it always holds.
    pub fn is_always(&self) -> bool {
        self.alternatives.iter().any(Vec::is_empty)
    }

    /// Whether it never holds.
    pub fn is_never(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// The alternatives, sorted.
    pub fn alternatives(&self) -> &[Vec<Literal>] {
        &self.alternatives
    }

    /// If both hold. More is never asked than either asks, unless the limit on alternatives is passed.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        if self.is_always() {
            return other.clone();
        }
        if other.is_always() || self == other {
            return self.clone();
        }
        let mut alternatives = Vec::new();
        for left in self.alternatives() {
            for right in other.alternatives() {
                let mut all: Vec<Literal> = left.iter().chain(right).copied().collect();
                all.sort_unstable();
                all.dedup();
                let contradicts = all.windows(2).any(|pair| pair[0].variable == pair[1].variable);
                if !contradicts {
                    alternatives.push(all);
                }
            }
        }
        Self { alternatives: Cow::Owned(alternatives) }.simplified()
    }

    /// If at least one holds, however many alternatives that are: for what is shown, which must not be more than is asked.
    pub(crate) fn exactly_or(&self, other: &Self) -> Self {
        Self { alternatives: self.either(other) }.reduced()
    }

    /// If this holds and the other does not; `None` if that takes too many alternatives to say.
    pub(crate) fn without(&self, other: &Self) -> Option<Self> {
        let mut left = self.clone();
        for all in other.alternatives() {
            let negated = all.iter().map(|l| Self::literal(Literal { value: !l.value, ..*l }));
            let mut next = Self::never();
            for literal in negated {
                next.alternatives.to_mut().extend(left.and(&literal).alternatives.into_owned());
            }
            left = next.reduced();
            if left.alternatives.len() > MOST_ALTERNATIVES {
                return None;
            }
        }
        Some(left)
    }

    /// If at least one holds, or always if that is too much to say.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        if self.is_always() || self == other {
            return self.clone();
        }
        Self { alternatives: self.either(other) }.simplified()
    }

    fn either(&self, other: &Self) -> Cow<'static, [Vec<Literal>]> {
        self.alternatives.iter().chain(other.alternatives()).cloned().collect()
    }

    fn simplified(mut self) -> Self {
        self.sort();
        if self.alternatives.len() > MOST_ALTERNATIVES {
            return Self::always();
        }
        self.reduced()
    }

    fn reduced(mut self) -> Self {
        self.sort();
        if self.is_always() {
            return Self::always();
        }
        while let Some((index, literal)) = self.either_way() {
            self.alternatives.to_mut()[index].remove(literal);
            self.sort();
        }
        let wider = self.alternatives.clone();
        self.alternatives.to_mut().retain(|all| {
            !wider.iter().any(|other| other.len() < all.len() && other.iter().all(|l| all.contains(l)))
        });
        self
    }

    fn sort(&mut self) {
        let alternatives = self.alternatives.to_mut();
        alternatives.sort();
        alternatives.dedup();
    }

    /// An alternative that another repeats with one literal the other way round, and that literal: it does not matter.
    fn either_way(&self) -> Option<(usize, usize)> {
        let pairs = self.alternatives.iter().enumerate();
        pairs
            .flat_map(|(index, all)| {
                self.alternatives[index + 1..].iter().map(move |other| (index, all, other))
            })
            .find_map(|(index, all, other)| Some((index, only_opposite(all, other)?)))
    }
}

/// The place of the only literal in which two alternatives differ, if it is one variable's two values.
fn only_opposite(all: &[Literal], other: &[Literal]) -> Option<usize> {
    let differ = |(a, b): (&Literal, &Literal)| a != b;
    let at = all.iter().zip(other).position(differ)?;
    let alone = all.len() == other.len() && !all.iter().zip(other).skip(at + 1).any(differ);
    (alone && all[at].variable == other[at].variable).then_some(at)
}

#[cfg(test)]
mod tests {
    use octavo_index::Interner;

    use super::{Literal, When};

    #[test]
    fn conditions_combine_by_the_laws_of_logic() {
        let mut names = <Interner>::default();
        let mut is = |name: &str, value| When::literal(Literal { variable: names.intern(name), value });
        let (a, b, not_a) = (is("a", true), is("b", true), is("a", false));
        assert!(a.and(&not_a).is_never());
        assert_eq!(a.and(&When::always()), a);
        assert!(a.or(&When::always()).is_always());
        assert_eq!(a.or(&a.and(&b)), a, "an alternative within another says nothing more");
        assert_eq!(a.or(&b), b.or(&a));
        assert_eq!(a.or(&When::never()), a);
        assert!(a.or(&not_a).is_always(), "one of them holds");
        assert_eq!(a.and(&b).or(&not_a.and(&b)), b);
        assert_eq!(When::always().without(&a), Some(not_a.clone()));
        assert_eq!(a.or(&b).without(&a), Some(not_a.and(&b)));
        assert_eq!(a.and(&b).without(&a), Some(When::never()));
    }
}
