//! What is left when a student is erased: the number, which is never given out again, and the grades, so that averages
//! stay true.

use lms_kit::Problem;

use super::{Comment, Slots, Standing, Student, no_student};

impl Student {
    /// What is kept of a number before its student is there.
    pub(crate) fn absent(number: String) -> Self {
        Self {
            number,
            name: String::new(),
            birth_date: String::new(),
            phone: String::new(),
            interests: Vec::new(),
            user_id: None,
            consented_at_ms: 0,
            version: 0,
            slots: Slots::default(),
            standing: Standing::Absent,
        }
    }

    /// The student while a saga erases it; `account` is the only one that may ask for it, if that is said.
    pub(crate) fn erasing(&self, saga: &str, account: Option<&str>) -> Result<Self, Problem> {
        if account.is_some() && (self.user_id.as_deref() != account || !self.standing.is_there()) {
            return Err(Problem::forbidden(
                "this is not for the token's user: it is for whose it is, librarian or admin",
            ));
        }
        self.standing.check(&self.number)?;
        let open = self.slots.in_use();
        if open > 0 {
            let message = format!("the student has {open} open loans");
            return Err(Problem::invalid(&["studentNumber"], "no open loans", message));
        }
        Ok(Self { standing: Standing::Erasing { saga: saga.to_owned() }, ..self.clone() })
    }

    /// The student as before a saga began to erase it.
    pub(crate) fn kept(&self, saga: &str) -> Self {
        let standing = if self.is_erased_by(saga) { Standing::Active } else { self.standing.clone() };
        Self { standing, ..self.clone() }
    }

    /// What is left of the student when a saga has erased it.
    pub(crate) fn erased(&self, saga: &str) -> Result<Self, Problem> {
        if !self.is_erased_by(saga) {
            return Err(no_student(&self.number));
        }
        let (version, standing) = (self.version + 1, Standing::Erased);
        Ok(Self { version, standing, ..Self::absent(self.number.clone()) })
    }

    fn is_erased_by(&self, saga: &str) -> bool {
        matches!(&self.standing, Standing::Erasing { saga: by } if by == saga)
    }
}

impl Comment {
    /// The comment once its student is erased: nothing is said any more, and the grade stays.
    pub(crate) fn silenced(&self, now_ms: i64) -> Self {
        let (text, version) = (String::new(), self.version + 1);
        Self { text, version, silenced: true, updated_at_ms: now_ms, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Registration;

    fn student() -> Student {
        let registration = Registration {
            name: "Zoë Größe".into(),
            birth_date: "2001-02-03".into(),
            phone: "+351 912 345 678".into(),
            gdpr_consent: true,
            interests: vec!["Poetry".into()],
            user_id: Some("u1".into()),
        };
        let student = registration.check(1_700_000_000_000).unwrap();
        Student { number: "2023/1".into(), ..student }
    }

    #[test]
    fn nothing_is_left_but_the_number() {
        let erased = student().erasing("s", None).unwrap().erased("s").unwrap();
        let left = serde_json::to_string(&erased).unwrap();
        for gone in ["Zo", "2001", "912", "Poetry", "u1"] {
            assert!(!left.contains(gone), "{gone} is left: {left}");
        }
        assert!(left.contains("2023/1") && !erased.standing.is_there());
    }

    #[test]
    fn only_the_saga_that_began_goes_on_or_takes_it_back() {
        let erasing = student().erasing("s", None).unwrap();
        assert!(erasing.erasing("other", None).is_err() && erasing.erased("other").is_err());
        assert_eq!(erasing.kept("other"), erasing);
        assert_eq!(erasing.kept("s"), student());
    }

    #[test]
    fn whoever_has_a_book_stays_and_so_does_who_is_another() {
        let student = student();
        let slots = student.slots.reserved("l", 0).unwrap().unwrap();
        assert!(matches!(
            Student { slots, ..student.clone() }.erasing("s", None),
            Err(Problem::Invalid { .. })
        ));
        assert!(matches!(student.erasing("s", Some("u2")), Err(Problem::Forbidden { .. })));
        assert!(student.erasing("s", Some("u1")).is_ok());
    }
}
