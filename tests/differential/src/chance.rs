//! Chance that comes out the same each time: a generator of numbers, and hashes for values that are worked out where they are asked for.

/// Numbers from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x9E37_79B9_7F4A_7C15))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        index(self.next(), bound)
    }

    /// A number from `low` up to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub(crate) fn percent(&mut self, of_hundred: usize) -> bool {
        self.below(100) < of_hundred
    }

    pub(crate) fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        (!items.is_empty()).then(|| &items[self.below(items.len())])
    }

    /// Some of the items: `count` of them, or all.
    pub(crate) fn some_of<T: Clone>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut left = items.to_vec();
        let mut taken = Vec::new();
        while taken.len() < count && !left.is_empty() {
            taken.push(left.remove(self.below(left.len())));
        }
        taken
    }
}

/// A number below `bound` from a hash.
pub(crate) fn index(hash: u64, bound: usize) -> usize {
    let bound = u64::try_from(bound.max(1)).unwrap_or(1);
    usize::try_from((hash >> 11) % bound).unwrap_or(0)
}

/// A hash that differs in all bits when `value` differs in one.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A hash of a hash and a number.
pub(crate) fn with(hash: u64, number: u64) -> u64 {
    mix(hash.rotate_left(23) ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

/// A hash of a hash and a text.
pub(crate) fn with_text(hash: u64, text: &str) -> u64 {
    let mut all = hash ^ 0xCBF2_9CE4_8422_2325;
    for byte in text.bytes() {
        all = (all ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    mix(all)
}
