//! When snapshots are taken, and by whom: not by the task that answers, but by a thread that reads the journal as a
//! start would, adds it up, and stores the sum. Commands wait for none of it, and it yields the processor to them.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rustix::process::setpriority_process;
use tokio::runtime::Handle;

use super::{
    OpenError,
    ledger::{Ledger, Origin},
};
use crate::journal::Journal;

/// Rows between two snapshots at least, and in a large journal this part of it: at a start, at most that many are read.
const EVERY: (u64, u64) = (20_000, 10);
/// Between two snapshots at least: while thousands ask every second, the rows of ten seconds are soon read at a start.
const PAUSE: Duration = Duration::from_secs(10);
/// The lowest priority there is (setpriority(2)).
const LOWEST: i32 = 19;
/// Rows since the last snapshot for which a closing queue takes one more.
const AT_CLOSE: u64 = 1_000;

/// Keeps account of one queue's snapshots.
pub(super) struct Snapshots {
    /// The row the newest stands for, as far as this node knows.
    newest: u64,
    /// When the latest was begun.
    begun: Option<Instant>,
    work: Option<JoinHandle<()>>,
}

impl Snapshots {
    pub(super) fn new(newest: u64) -> Self {
        Self {
            newest,
            begun: None,
            work: None,
        }
    }

    /// The journal was read again, from the snapshot that stands for this row.
    pub(super) fn found(&mut self, newest: u64) {
        self.newest = newest;
    }

    /// Has one taken when it is time. `seq`: the last row stored.
    pub(super) fn due(&mut self, journal: &Arc<dyn Journal>, origin: &Arc<Origin>, seq: u64) {
        let works = self.work.as_ref().is_some_and(|work| !work.is_finished());
        let rests = self.begun.is_some_and(|begun| begun.elapsed() < PAUSE);
        if works || rests || !is_due(self.newest, seq) {
            return;
        }
        (self.newest, self.begun) = (seq, Some(Instant::now()));
        let (journal, origin, runtime) =
            (Arc::clone(journal), Arc::clone(origin), Handle::current());
        let thread = std::thread::Builder::new().name("question-sum".to_owned());
        let work = thread.spawn(move || {
            let _ = setpriority_process(None, LOWEST); // of this thread alone; without it all is as well, only slower
            if let Err(error) = runtime.block_on(take(&*journal, &origin)) {
                tracing::warn!(%error, "no snapshot of the questions could be taken; starts are slower");
            }
        });
        self.work = work.ok(); // no thread is left: with the next rows it is tried again
    }

    /// Takes one of a queue that closes, when that spares the next start something.
    pub(super) async fn take_last(self, journal: &Arc<dyn Journal>, ledger: Ledger) {
        if let Some(work) = self.work {
            let _ = tokio::task::spawn_blocking(|| work.join()).await; // it has said what went wrong
        }
        if ledger.seq() - self.newest.min(ledger.seq()) < AT_CLOSE {
            return;
        }
        let Ok(snapshot) = tokio::task::spawn_blocking(move || ledger.to_snapshot()).await else {
            return;
        };
        if let Err(error) = journal.save_snapshot(snapshot).await {
            tracing::warn!(%error, "no last snapshot of the questions could be taken; the next start is slower");
        }
    }
}

fn is_due(newest: u64, seq: u64) -> bool {
    seq.saturating_sub(newest) >= EVERY.0.max(seq / EVERY.1)
}

async fn take(journal: &dyn Journal, origin: &Origin) -> Result<(), OpenError> {
    let (ledger, from) = Ledger::read(journal, origin).await?;
    if from == 0 || is_due(from, ledger.seq()) {
        journal.save_snapshot(ledger.to_snapshot()).await?;
    } // else another node was first
    Ok(())
}
