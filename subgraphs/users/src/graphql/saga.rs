//! What users add to the sagas that they take part in. They name one kind themselves, in the answer to a registration.

lms_kit::effects_of_sagas! {
    /// What users made of its steps, those that changed last at the end; null where that cannot be told.
    effects_in_users of
    /// A student comes to the library together with an account.
    RegisterStudentSaga
}

lms_kit::effects_of_sagas! {
    /// What users made of its steps, those that changed last at the end; null where that cannot be told.
    effects_in_users of
    /// A student goes, and what is known of whoever it was.
    EraseStudentSaga
}
