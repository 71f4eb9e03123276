//! What a process has used, as the system says: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>.

use std::{fs, time::Duration};

use anyhow::Context;

/// Where the times in user and in system mode stand after the name, in ticks of a clock.
const TIMES: [usize; 2] = [11, 12];

/// How long processors have worked for a process.
pub(crate) fn processor_time(pid: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name is in brackets, and may hold spaces.
    let (_, fields) = stat.rsplit_once(") ").context("a process has a name")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let mut ticks = 0;
    for at in TIMES {
        ticks += fields.get(at).context("a process has times")?.parse::<u32>()?;
    }
    let each = u32::try_from(rustix::param::clock_ticks_per_second())?;
    Ok(Duration::from_secs(1) * ticks / each)
}

/// The most memory that a process has had, in MiB.
pub(crate) fn peak_mib(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("a process has memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
