//! Somebody steps in.

use lms_kit::Problem;

use super::{Ask, Turn};
use crate::{
    definition::{Definition, Role},
    saga::{Phase, Saga, Status},
};

/// What somebody says of the failed steps of a stuck saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// What should have been done or undone has been, by hand.
    Settled,
    /// They are to be tried again.
    Again,
}

/// Turns a saga back before its pivot is done. A pivot that is under way is abandoned first: if it is done
/// after all, the saga goes on.
pub fn cancel(definition: &Definition, saga: &mut Saga, now_ms: i64) -> Result<Vec<Ask>, Problem> {
    let mut turn = Turn::new(definition, saga, now_ms);
    let pivot = (0..turn.saga.steps.len()).find(|index| turn.step(*index).role == Role::Pivot);
    let status = pivot.map(|index| (index, turn.saga.steps[index].status));
    match (turn.saga.phase, status) {
        (Phase::Compensating | Phase::Compensated, _) | (Phase::Running, Some((_, Status::Abandoning))) => {}
        (Phase::Running, Some((index, Status::Doing))) => {
            turn.saga.problem = Some(cancelled());
            turn.set(index, Status::Abandoning);
            turn.ask(index);
        }
        (Phase::Running, Some((_, Status::Pending))) => turn.turn_back(Some(cancelled())),
        (Phase::Stuck, Some((_, Status::Refused | Status::Pending))) => {
            let message = "the saga is turning back already, and is stuck on the way";
            return Err(Problem::invalid(&["id"], "the saga is running", message));
        }
        _ => {
            let message = "the saga is past the point of no return";
            return Err(Problem::invalid(&["id"], "the pivot is not done", message));
        }
    }
    Ok(turn.finish())
}

fn cancelled() -> Problem {
    Problem::invalid(&["id"], "not cancelled", "the saga was cancelled")
}

/// Asks a saga's services again at once, whatever is due when, and with all their patience; a stuck one goes on.
pub fn retry(definition: &Definition, saga: &mut Saga, now_ms: i64) -> Result<Vec<Ask>, Problem> {
    if saga.phase == Phase::Stuck {
        return Ok(unstick(definition, saga, Resolution::Again, now_ms));
    }
    let due: Vec<usize> = (0..saga.steps.len()).filter(|index| saga.steps[*index].due_at.is_some()).collect();
    if due.is_empty() {
        let message = format!("the saga is {}", saga.phase.as_str());
        return Err(Problem::invalid(&["id"], "something is under way", message));
    }
    let mut turn = Turn::new(definition, saga, now_ms);
    for index in due {
        turn.saga.steps[index].attempts = 0;
        turn.ask(index);
    }
    Ok(turn.finish())
}

/// Lets a stuck saga go on.
pub fn resolve(
    definition: &Definition,
    saga: &mut Saga,
    resolution: Resolution,
    now_ms: i64,
) -> Result<Vec<Ask>, Problem> {
    if saga.phase != Phase::Stuck {
        let message = format!("the saga is {}", saga.phase.as_str());
        return Err(Problem::invalid(&["id"], "the saga is stuck", message));
    }
    Ok(unstick(definition, saga, resolution, now_ms))
}

fn unstick(definition: &Definition, saga: &mut Saga, resolution: Resolution, now_ms: i64) -> Vec<Ask> {
    let mut turn = Turn::new(definition, saga, now_ms);
    turn.saga.generation += 1;
    turn.saga.phase = Phase::Running;
    let problem = turn.saga.problem.take();
    for index in 0..turn.saga.steps.len() {
        if turn.saga.steps[index].status != Status::Failed {
            continue;
        }
        let forward = match turn.step(index).role {
            // Only an undo of it can have failed.
            Role::Compensable { .. } => {
                turn.saga.phase = Phase::Compensating;
                turn.saga.problem.clone_from(&problem);
                false
            }
            Role::BestEffort => continue,
            Role::Pivot | Role::Retriable => true,
        };
        let status = match (resolution, forward) {
            (Resolution::Settled, false) => Status::Undone,
            (Resolution::Again, true) => Status::Pending,
            // What was done by hand is done; and what is to be undone again counts as done until it is.
            (Resolution::Settled, true) | (Resolution::Again, false) => Status::Done,
        };
        turn.set(index, status);
        turn.saga.steps[index].by_hand = resolution == Resolution::Settled;
    }
    turn.finish()
}
