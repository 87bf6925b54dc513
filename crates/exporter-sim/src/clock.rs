//! The clock of an Exporter: off by some, running away slowly, and counting from its boot.

/// Microseconds of true time since the epoch.
pub(crate) type Micros = i64;

/// Microseconds of `millis`, clamped.
pub(crate) const fn micros(millis: i64) -> Micros {
    millis.saturating_mul(1000)
}

/// How an Exporter tells the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExporterClock {
    /// True time of the boot.
    pub(crate) boot: Micros,
    /// True time at which the clock was off by `offset` alone.
    pub(crate) set: Micros,
    /// How far it was ahead then.
    pub(crate) offset: Micros,
    /// How far it runs ahead in a million.
    pub(crate) drift_ppm: i64,
}

impl ExporterClock {
    /// Milliseconds of the epoch that it shows at a point of true time.
    pub(crate) const fn shown_millis(&self, at: Micros) -> i64 {
        self.shown(at).div_euclid(1000)
    }

    /// `SysUptime`: milliseconds since the boot in 32 bits, which wrap after 49.7 days.
    pub(crate) fn uptime(&self, at: Micros) -> u32 {
        let millis = at.saturating_sub(self.boot).div_euclid(1000);
        u32::try_from(millis.rem_euclid(1 << 32)).unwrap_or_default()
    }

    /// Milliseconds of the epoch that it shows for its boot.
    pub(crate) const fn boot_millis(&self) -> i64 {
        self.shown_millis(self.boot)
    }

    const fn shown(&self, at: Micros) -> Micros {
        let since = at.saturating_sub(self.set);
        let ahead = since.saturating_mul(self.drift_ppm).div_euclid(1_000_000);
        at.saturating_add(self.offset).saturating_add(ahead)
    }
}

#[cfg(test)]
mod tests;
