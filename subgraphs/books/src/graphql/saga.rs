//! What books add to sagas.

lms_kit::effects_of_sagas! {
    /// What books made of its steps, those that changed last at the end; null where that cannot be told.
    effects_in_books
}
