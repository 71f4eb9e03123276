//! What lendings add to sagas.

lms_kit::effects_of_sagas! {
    /// What lendings made of its steps, those that changed last at the end; null where that cannot be told.
    effects_in_lendings
}
