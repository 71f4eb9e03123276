//! The trait that all ids share, and the macro that defines one.

/// A small integer that names one element of one owner.
pub trait Id: Copy + Eq + Ord {
    /// The id of the element at `index`.
    ///
    /// # Panics
    /// When `index` does not fit 32 bits.
    fn new(index: usize) -> Self;

    /// The position of the element in its owner.
    fn index(self) -> usize;
}

/// Defines id types: `define_ids! { /// Names a type. TypeId, /// Names a field. FieldId }`.
#[macro_export]
macro_rules! define_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $crate::Id for $name {
            fn new(index: usize) -> Self {
                Self(u32::try_from(index).expect("an owner holds fewer than 2^32 elements"))
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}
