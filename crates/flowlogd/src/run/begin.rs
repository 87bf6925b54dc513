//! How the partitions begin: from saved state, or anew with a new epoch of row ids.

use flowlog_flowlog::Definition;
use flowlog_pipeline::{Generation, Merger, Partition, RestoreError, Settings};
use tracing::{info, warn};

use super::StartError;
use super::book::{Numbered, NumberingError};
use super::limits;
use super::saved::{self, Book, Saved};
use crate::config::Config;
use crate::data_directory::DataDirectory;
use crate::telemetry::metrics;

/// A partition and its number.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(crate) number: u16,
    pub(crate) partition: Partition,
}

/// The partitions as a start finds them, and what their numbers mean.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) numbered: Numbered,
    pub(super) epoch: u64,
    pub(super) partitions: Vec<Owned>,
    pub(super) merger: Merger,
}

/// Takes up saved state, which stays where it is until the daemon runs; or begins a new epoch.
/// State that cannot be used is set aside, and said.
pub(super) fn begin(
    config: &Config,
    api: &[Definition],
    data: &DataDirectory,
) -> Result<Begun, StartError> {
    let start = Start {
        config,
        api,
        data,
        settings: limits::of_partition(&config.limits, data.identity()),
    };
    let dir = saved::directory(data.path());
    let unusable = match saved::read(&dir) {
        Ok(None) => return start.anew(data.begin_epoch()?),
        Ok(Some(saved)) => match start.resume(saved) {
            Ok(begun) => return Ok(begun),
            Err(Unusable::Start(problem)) => return Err(problem),
            Err(Unusable::State(problem)) => problem,
        },
        Err(problem) => problem.to_string(),
    };
    let epoch = data.begin_epoch()?;
    let aside =
        saved::set_aside(&dir, epoch).map_err(StartError::system("to set saved state aside"))?;
    warn!(
        problem = unusable,
        path = %aside.display(),
        "saved state cannot be used and was set aside: its open rows are lost, Templates are waited for"
    );
    start.anew(epoch)
}

/// Why saved state was not taken up.
enum Unusable {
    /// It is good, but this start cannot be.
    Start(StartError),
    /// It is not good.
    State(String),
}

impl From<NumberingError> for StartError {
    fn from(problem: NumberingError) -> Self {
        Self::Configuration(problem.to_string())
    }
}

struct Start<'a> {
    config: &'a Config,
    /// The flow logs of the control API.
    api: &'a [Definition],
    data: &'a DataDirectory,
    settings: Settings,
}

impl Start<'_> {
    fn anew(&self, epoch: u64) -> Result<Begun, StartError> {
        let numbered = Numbered::with(self.config, self.api, Default::default())?;
        let generation = generation(&numbered)?;
        info!(epoch, "a new epoch of row ids begins");
        let partitions = (0..self.data.identity().partitions)
            .map(|number| Owned {
                number,
                partition: Partition::new(&self.settings, &generation),
            })
            .collect();
        Ok(Begun {
            numbered,
            epoch,
            partitions,
            merger: Merger::new(self.data.identity().partitions),
        })
    }

    fn resume(&self, saved: Saved) -> Result<Begun, Unusable> {
        let Saved {
            book,
            partitions,
            merger,
        } = saved;
        let expected = self.data.identity().partitions;
        if book.partitions != expected {
            let problem = format!("it has {} partitions, not {expected}", book.partitions);
            return Err(Unusable::State(problem));
        }
        let epoch = self.epoch(&book)?;
        let started = |problem: NumberingError| Unusable::Start(problem.into());
        let numbered = Numbered::with(self.config, self.api, (book.resources, book.flow_logs))
            .map_err(started)?;
        let generation = generation(&numbered).map_err(Unusable::Start)?;
        let mut owned = Vec::new();
        for (number, octets) in (0..).zip(partitions) {
            let partition = self
                .restore(octets.as_deref(), &generation)
                .map_err(|problem| Unusable::State(format!("partition {number}: {problem}")))?;
            owned.push(Owned { number, partition });
        }
        let merger = self.merger(merger.as_deref(), &book.missing, (&generation, &mut owned))?;
        info!(epoch, "going on from saved state");
        Ok(Begun {
            numbered,
            epoch,
            partitions: owned,
            merger,
        })
    }

    /// The epoch of the saved state; a new one when partitions are missing, for they count rows
    /// from 0 again.
    fn epoch(&self, book: &Book) -> Result<u64, Unusable> {
        if book.missing.is_empty() {
            return Ok(book.epoch);
        }
        let epoch = self
            .data
            .begin_epoch()
            .map_err(|problem| Unusable::Start(problem.into()))?;
        warn!(
            partitions = ?book.missing,
            epoch,
            "partitions were lost by the death of a worker and begin anew"
        );
        Ok(epoch)
    }

    /// The merger as it was saved, without what lost partitions owed it. If it was lost itself, all
    /// partitions watch anew.
    fn merger(
        &self,
        octets: Option<&[u8]>,
        missing: &[u16],
        (generation, partitions): (&Generation, &mut [Owned]),
    ) -> Result<Merger, Unusable> {
        let Some(octets) = octets else {
            for owned in partitions {
                owned.partition.watch_anew(generation);
            }
            return Ok(Merger::new(self.data.identity().partitions));
        };
        let restored = Merger::restore(octets);
        let mut merger =
            restored.map_err(|problem| Unusable::State(format!("merger: {problem}")))?;
        for &number in missing {
            merger.forget_partition(number);
        }
        Ok(merger)
    }

    fn restore(
        &self,
        octets: Option<&[u8]>,
        generation: &Generation,
    ) -> Result<Partition, RestoreError> {
        match octets {
            Some(octets) => Partition::restore(octets, &self.settings, generation),
            None => Ok(Partition::new(&self.settings, generation)),
        }
    }
}

/// Compiles, and says what matches nothing.
fn generation(numbered: &Numbered) -> Result<Generation, StartError> {
    let generation = numbered.generation()?;
    let warnings = numbered.warnings(&generation);
    metrics::FLOWLOGD_UNMATCHED.measure(&[], u64::try_from(warnings.len()).unwrap_or(u64::MAX));
    for warning in warnings {
        warn!("{warning}");
    }
    Ok(generation)
}
