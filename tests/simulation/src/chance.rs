//! Chance that comes out the same each time.

/// Numbers from a seed: a counter, each value of which is mixed until all its bits look by chance.
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    counter: u64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { counter: mixed(seed) }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.counter)
    }

    /// A number from `low` up to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + (self.number() >> 8) % (high - low + 1)
    }

    /// Whether one of so many times came up; never for 0.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        times != 0 && (self.number() >> 8).is_multiple_of(times)
    }

    pub(crate) fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        let last = u64::try_from(items.len() - 1).expect("a list fits into memory");
        &items[usize::try_from(self.between(0, last)).expect("an index of the list")]
    }
}

/// A number below 100 that belongs to a seed and a text.
pub(crate) fn percent_of(seed: u64, text: &str) -> u64 {
    (hashed(seed, text) >> 8) % 100
}

/// A hash of a hash and a text.
pub(crate) fn hashed(hash: u64, text: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    mixed(text.bytes().fold(hash ^ 0xCBF2_9CE4_8422_2325, step))
}

fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    let value = (value ^ (value >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    value ^ (value >> 33)
}
