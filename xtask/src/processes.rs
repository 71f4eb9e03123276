//! The processes that a process started, and those that these started.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Ends everything that a process started, and leaves the process itself.
pub(crate) fn kill_below(pid: u32) {
    for child in children(pid) {
        // What is still running cannot start anything once its children are known: it is stopped first.
        signal(child, Signal::STOP);
        kill_below(child);
        signal(child, Signal::KILL);
    }
}

fn signal(pid: u32, signal: Signal) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    // One that has ended by itself is what was wanted.
    let _ = kill_process(pid, signal);
}

/// The children of all threads of a process; none of one that has ended.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::Duration;

    use super::{children, kill_below};

    #[test]
    fn children_of_children_end_and_the_process_does_not() {
        let mut shell = Command::new("sh")
            .args(["-c", "sh -c 'sleep 600 & wait'; exit 7"])
            .stdin(Stdio::null())
            .spawn()
            .expect("a shell");
        let below = || children(shell.id()).into_iter().flat_map(children).collect::<Vec<u32>>();
        while below().is_empty() {
            sleep(Duration::from_millis(5));
        }
        let sleeper = below()[0];

        kill_below(shell.id());

        assert_eq!(
            shell.wait().expect("an end").code(),
            Some(7),
            "the process goes on after what it waited for"
        );
        while std::path::Path::new(&format!("/proc/{sleeper}")).exists() {
            sleep(Duration::from_millis(5));
        }
    }
}
