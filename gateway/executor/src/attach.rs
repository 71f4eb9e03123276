//! Errors of subgraphs brought to the positions that they left null.
//!
//! 1. An error with a path is followed through the selections by which its answer was read: from the root row, or from
//!    every row that the entity at its index stands for.
//! 2. Where it meets null it stays; the rest of its path is translated into the client's keys.
//! 3. An error without a path, or whose path leads nowhere, stands for all that the fetch left empty.
//! 4. One that finds no empty position is told without a path, when the response is written.
//! 5. What another answer puts in the place of a null with an error is followed again: the error may belong beneath it.

use octavo_query_plan::{ReadTarget, SelectionId};

use crate::answer::{Asked, PathPart, UpstreamError, Wanted};
use crate::arena::{Arena, Cell, CellId, RowId};
use crate::failure::{Kept, Message, MessageId, Segment};
use crate::prepared::{Prepared, ReadKind, ResponseKey, Target};
use crate::schedule::Run;
use crate::untold::key_whatever_type;

/// Brings the errors of one answer to their positions. Gives, for each group, which of the entities sent have errors;
/// `None`: all of them may.
pub(crate) fn attach_errors(
    run: &Run<'_>,
    arena: &mut Arena,
    service: &str,
    wanted: &Wanted<'_>,
    errors: Vec<UpstreamError>,
) -> Option<Vec<(usize, usize)>> {
    let max = run.prepared.options().max_errors;
    // More errors than will be told are not followed: they could be many times many.
    let mut hurt = (errors.len() <= max).then(Vec::new);
    let mut swept = false;
    for UpstreamError { message, path, extensions } in errors.into_iter().take(max) {
        let message = arena.failures.say(Message::of_subgraph(&message, extensions, service));
        let mut at = Attach { run, arena, message };
        match at.follow(wanted, path) {
            Place::Root => {}
            Place::Entity(group, index) => {
                if let Some(hurt) = &mut hurt {
                    hurt.push((group, index));
                }
            }
            Place::Nowhere => {
                hurt = None;
                if !swept {
                    attach_everywhere(run, arena, wanted, message);
                    swept = true;
                }
            }
        }
    }
    hurt
}

/// Fails whatever is empty of what was wanted.
pub(crate) fn attach_everywhere(run: &Run<'_>, arena: &mut Arena, wanted: &Wanted<'_>, message: MessageId) {
    let mut at = Attach { run, arena, message };
    match wanted {
        Wanted::Root(rows, selection) => rows.iter().for_each(|row| at.fail_row(*row, *selection)),
        Wanted::Entities(asked) => {
            for asked in *asked {
                for index in 0..asked.sent.len() {
                    at.fail_owners(asked, index);
                }
            }
        }
    }
}

/// Follows errors again, whose positions an answer has filled.
pub(crate) fn attach_again(run: &Run<'_>, arena: &mut Arena) {
    let kept = std::mem::take(&mut arena.failures.kept);
    for Kept { message, rows, selection, path } in &kept {
        let mut at = Attach { run, arena, message: *message };
        for &row in rows {
            at.follow_row((row, *selection), path);
        }
    }
    arena.failures.kept = kept;
}

/// Where the path of an error leads.
enum Place {
    Nowhere,
    /// A root field.
    Root,
    /// An entity: its group, and its index among those that were sent.
    Entity(usize, usize),
}

struct Attach<'a> {
    run: &'a Run<'a>,
    arena: &'a mut Arena,
    message: MessageId,
}

impl Attach<'_> {
    fn prepared(&self) -> &Prepared {
        self.run.prepared
    }

    /// Follows a path from the top of the answer.
    fn follow(&mut self, wanted: &Wanted<'_>, mut path: Vec<PathPart>) -> Place {
        let asked = match wanted {
            Wanted::Root(rows, selection) => {
                for row in rows {
                    let Some(()) = self.follow_row((*row, *selection), &path) else { return Place::Nowhere };
                }
                self.keep(rows.clone(), *selection, path);
                return Place::Root;
            }
            Wanted::Entities(asked) => asked,
        };
        let [PathPart::Key(key), PathPart::Index(index), rest @ ..] = path.as_slice() else {
            return Place::Nowhere;
        };
        let Some(group) = asked.iter().position(|asked| *asked.key == **key) else {
            return Place::Nowhere;
        };
        let asked = &asked[group];
        let Some(index) = usize::try_from(*index).ok().filter(|index| *index < asked.sent.len()) else {
            return Place::Nowhere;
        };
        for &owner in asked.owners(index) {
            if self.follow_row((owner, asked.group.selection), rest).is_none() {
                self.fail_row(owner, asked.group.selection);
            }
        }
        path.drain(..2);
        self.keep(asked.owners(index).to_vec(), asked.group.selection, path);
        Place::Entity(group, index)
    }

    fn keep(&mut self, rows: Vec<RowId>, selection: SelectionId, path: Vec<PathPart>) {
        self.arena.failures.kept.push(Kept { message: self.message, rows, selection, path });
    }

    fn follow_row(&mut self, (row, selection): (RowId, SelectionId), path: &[PathPart]) -> Option<()> {
        let (PathPart::Key(key), rest) = path.split_first()? else { return None };
        let selection = &self.prepared().selections[selection];
        let target = selection.keys[selection.position(key.as_bytes())?].target;
        let Target::Slot { slot, kind } = target else { return None };
        let cell = self.arena.cell_of(row, slot);
        self.follow_cell(cell, kind, rest)
    }

    fn follow_cell(&mut self, cell: CellId, kind: ReadKind, rest: &[PathPart]) -> Option<()> {
        match (self.arena.get(cell), rest) {
            (Cell::Missing | Cell::Null, _) => {
                let beneath = self.translate(kind, rest);
                let failure = self.arena.failures.fail(self.message, beneath);
                self.arena.set(cell, Cell::Failed(failure));
            }
            (Cell::Failed(before), _) => {
                // A position has one error, but several may have happened beneath it.
                let beneath = self.translate(kind, rest);
                let failures = &mut self.arena.failures;
                if failures.chain(before).all(|known| known.beneath != beneath) {
                    let failure = failures.fail_after(Some(before), self.message, beneath);
                    self.arena.set(cell, Cell::Failed(failure));
                } else {
                    failures.known.push(self.message);
                }
            }
            (Cell::Row(row), [_, ..]) => {
                // What leads nowhere from here on belongs to this object, which is there: it is told without a path.
                let _ = self.follow_row((row, kind.object()?), rest);
            }
            (Cell::List { start, len }, [PathPart::Index(index), rest @ ..]) => {
                if let Some(item) = Arena::items(start, len).nth(usize::try_from(*index).ok()?) {
                    let _ = self.follow_cell(item, kind, rest);
                }
            }
            _ => {}
        }
        Some(())
    }

    /// The rest of a path, as far as the client has keys for it.
    fn translate(&self, mut kind: ReadKind, rest: &[PathPart]) -> Box<[Segment]> {
        let mut beneath = Vec::new();
        for part in rest {
            match part {
                PathPart::Index(index) => beneath.push(Segment::Index(*index)),
                PathPart::Key(key) => {
                    let Some(selection) = kind.object() else { break };
                    let selection = &self.prepared().selections[selection];
                    let Some(position) = selection.position(key.as_bytes()) else { break };
                    let Target::Slot { slot, kind: inner } = selection.keys[position].target else { break };
                    let keys = &self.prepared().shapes[selection.shape].response_keys[slot];
                    let Some(key) = self.client_key(keys) else { break };
                    beneath.push(key.clone());
                    kind = inner;
                }
            }
        }
        beneath.into()
    }

    /// The client's key of a field of an object that is lost.
    fn client_key<'k>(&self, keys: &'k [ResponseKey]) -> Option<&'k Segment> {
        let written = keys.iter().filter(|key| key.when.is_none_or(|when| self.run.holds(when)));
        key_whatever_type(written.map(|key| (&key.types, &key.segment)))
    }

    fn fail_owners(&mut self, asked: &Asked<'_>, index: usize) {
        for &owner in asked.owners(index) {
            self.fail_row(owner, asked.group.selection);
        }
    }

    /// Fails the empty slots of a row that the selection asked for.
    fn fail_row(&mut self, row: RowId, selection: SelectionId) {
        let ty = self.arena.ty(row);
        let mut failure = None;
        for field in &self.run.prepared.plan().selections[selection].fields {
            let ReadTarget::Slot { slot, .. } = field.target else { continue };
            let cell = self.arena.cell_of(row, slot);
            if field.types.contains(ty) && matches!(self.arena.get(cell), Cell::Missing | Cell::Null) {
                let failure =
                    *failure.get_or_insert_with(|| self.arena.failures.fail(self.message, Box::default()));
                self.arena.set(cell, Cell::Failed(failure));
            }
        }
    }
}
