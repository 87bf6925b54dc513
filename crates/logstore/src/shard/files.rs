//! Files of a shard that are put out of the way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::metadata::{Metadata, SegmentRow};
use crate::segment::Segment;

/// Puts a segment that cannot be read out of the way; the path where it is now.
pub(crate) fn set_aside(
    segment: &Segment,
    metadata: &Metadata,
) -> Result<PathBuf, rusqlite::Error> {
    metadata.set_aside(segment.row())?;
    let aside = segment.path().with_extension("unreadable");
    // It may be missing altogether.
    let _: std::io::Result<()> = fs::rename(segment.path(), &aside);
    tracing::error!(
        path = %aside.display(),
        rows = segment.row().rows,
        "a segment cannot be read and is set aside; its rows are missing from answers"
    );
    Ok(aside)
}

/// Removes segments that the metadata does not know: a death came before the switch, and their
/// rows are still in the journal.
pub(super) fn remove_unknown(dir: &Path, known: &[SegmentRow]) -> Result<u64, OpenError> {
    let known: BTreeSet<String> = known.iter().map(Segment::file_name).collect();
    let mut removed = 0;
    for entry in fs::read_dir(dir).map_err(OpenError::io(dir))? {
        let path = entry.map_err(OpenError::io(dir))?.path();
        let ours = path
            .extension()
            .is_some_and(|e| e == "parquet" || e == "unfinished");
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if ours && !known.contains(name) {
            fs::remove_file(&path).map_err(OpenError::io(&path))?;
            removed += 1;
        }
    }
    Ok(removed)
}
