//! Which topic the rows of a flow log go to.

/// The most octets of a topic's name.
const LONGEST: usize = 249;
/// What stands for the flow log in a template.
const PLACE: &str = "{flow_log}";
/// The octets that are put behind a name that had to be changed: `-` and sixteen digits.
const SUFFIX: usize = 17;

/// One topic, or one for each flow log: a name in which `{flow_log}` stands for the flow log's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    before: String,
    /// What stands behind the flow log; `None` for one topic.
    behind: Option<String>,
}

/// Why something is no name of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTopic {
    /// Nothing, `.` or `..`.
    #[error("a topic needs a name other than \".\" and \"..\"")]
    Empty,
    /// It leaves no room, or is too long.
    #[error("a topic's name has at most 249 characters, of which a flow log may take 64")]
    TooLong,
    /// Kafka allows less.
    #[error(
        "a topic's name consists of letters, digits, \".\", \"_\", \"-\", and {{flow_log}} at most once"
    )]
    Character,
}

impl Topic {
    /// Reads a name or a template, `flow-logs` or `flow-logs.{flow_log}`.
    ///
    /// # Errors
    /// When Kafka would not take the name.
    pub fn new(name: &str) -> Result<Self, InvalidTopic> {
        let (before, behind) = match name.split_once(PLACE) {
            Some((before, behind)) => (before, Some(behind)),
            None => (name, None),
        };
        let rest = behind.unwrap_or_default();
        if !before.bytes().chain(rest.bytes()).all(allowed) {
            return Err(InvalidTopic::Character);
        }
        if behind.is_none() && matches!(before, "" | "." | "..") {
            return Err(InvalidTopic::Empty);
        }
        let room = if behind.is_some() { 64 } else { 0 };
        if before.len() + rest.len() + room > LONGEST {
            return Err(InvalidTopic::TooLong);
        }
        Ok(Self {
            before: before.to_owned(),
            behind: behind.map(str::to_owned),
        })
    }

    /// The topic of a flow log.
    ///
    /// What a topic's name cannot have becomes `_`, what is too long is cut; then a number made of
    /// the whole name follows, so that two flow logs never share a topic by accident.
    pub fn of(&self, flow_log: &str) -> String {
        let Some(behind) = &self.behind else {
            return self.before.clone();
        };
        let room = LONGEST.saturating_sub(self.before.len() + behind.len());
        let alone = self.before.is_empty() && behind.is_empty();
        let fits = flow_log.len() <= room
            && flow_log.bytes().all(allowed)
            && !(alone && matches!(flow_log, "" | "." | ".."));
        if fits {
            return format!("{}{flow_log}{behind}", self.before);
        }
        let kept: String = flow_log
            .chars()
            .take(room.saturating_sub(SUFFIX))
            .map(|c| {
                if u8::try_from(c).is_ok_and(allowed) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let number = fnv(flow_log.as_bytes());
        format!("{}{kept}-{number:016x}{behind}", self.before)
    }
}

/// FNV-1a: a topic's name must be the same for ever, which no hasher of the standard library promises.
fn fnv(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, octet| {
            (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3)
        })
}

fn allowed(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-')
}

#[cfg(test)]
mod tests;
