//! One corpus of federation cases through every stage.
