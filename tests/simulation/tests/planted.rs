//! Each mistake that is made on purpose is found, and by the rule that it breaks.

use lms_kit::planted::Bug;
use octavo_simulation::find;

/// Most are found within a few seeds; none may need more than these.
const WITHIN: u64 = 2_000;

macro_rules! found {
    ($($name:ident: $bug:ident breaks $rule:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let found = find(Bug::$bug, WITHIN).expect("it is found");
                let rules = found.broken.join("\n");
                assert!(rules.contains($rule), "seed {} breaks other rules than {}:\n{rules}", found.seed, $rule);
            }
        )*

        #[test]
        fn every_mistake_has_a_test() {
            assert_eq!(Bug::ALL, [$(Bug::$bug),*]);
        }
    };
}

found! {
    what_is_not_stored_is_not_acknowledged: AcknowledgeFirst breaks "I2";
    an_undo_of_nothing_leaves_a_tombstone: NoTombstone breaks "I6";
    a_relay_without_its_fence_settles_nothing: NoFence breaks "I";
    events_are_applied_in_their_order: NoOrder breaks "I4";
    what_is_settled_was_sent: SettleFirst breaks "I2";
    a_pivot_is_abandoned_before_a_saga_turns: NoAbandon breaks "I6";
    answers_to_older_generations_are_passed_over: AnyGeneration breaks "I3";
    an_answer_is_taken_once: AnswerTwice breaks "I3";
    effect_and_mark_are_one_transaction: MarkApart breaks "I4";
    what_failed_is_not_settled_as_sent: FailedIsSent breaks "I2";
    timers_go_by_the_engines_clock: ProcessClock breaks "I5";
    a_step_keeps_its_name: NewStepName breaks "I3";
}
