//! Work that is shared out among the processors.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::thread;

/// Bytes of schemas that take longer to work on than a thread to start.
const WORTH_A_THREAD: usize = 8 * 1024;

/// How many threads to work on so many bytes of schemas with.
pub(crate) fn threads_for(bytes: usize) -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    processors.min(bytes / WORTH_A_THREAD).max(1)
}

/// Works on every item, each thread on the next that no other has taken; the results are in the order of the items.
pub(crate) fn on_all<I: IntoIterator<IntoIter: Send>, R: Send>(
    threads: usize,
    items: I,
    work: impl Fn(I::Item) -> R + Sync,
) -> Vec<R> {
    if threads == 1 {
        return items.into_iter().map(work).collect();
    }
    let left = Mutex::new(items.into_iter().enumerate());
    let next = || left.lock().ok()?.next();
    let work_on = || {
        let mut done = Vec::new();
        while let Some((at, item)) = next() {
            done.push((at, work(item)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work_on)).collect();
        let mut done = work_on();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Does two things, at once where there are several threads.
pub(crate) fn both<A, B: Send>(
    threads: usize,
    here: impl FnOnce() -> A,
    there: impl FnOnce() -> B + Send,
) -> (A, B) {
    if threads == 1 {
        return (here(), there());
    }
    thread::scope(|scope| {
        let there = scope.spawn(there);
        let here = here();
        (here, there.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    use super::{both, on_all};

    /// Where two threads wait for each other, for so long at most.
    #[derive(Default)]
    struct Meeting(Mutex<usize>, Condvar);

    impl Meeting {
        fn attend(&self) -> bool {
            let mut here = self.0.lock().expect("nobody panics in here");
            *here += 1;
            self.1.notify_all();
            let wait = self.1.wait_timeout_while(here, Duration::from_secs(20), |here| *here < 2);
            !wait.expect("nobody panics in here").1.timed_out()
        }
    }

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for threads in 1..5 {
            // The first items take longest.
            let work = |item: u32| (0..(100 - item) * 1_000).fold(item, |sum, next| sum ^ next ^ next);
            assert_eq!(on_all(threads, 0..100, work), (0..100).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn several_threads_work_at_once() {
        let (of_items, of_two) = (Meeting::default(), Meeting::default());
        assert_eq!(on_all(2, 0..2, |_| of_items.attend()), [true, true]);
        assert_eq!(both(2, || of_two.attend(), || of_two.attend()), (true, true));
    }
}
