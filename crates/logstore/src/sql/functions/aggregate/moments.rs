//! Statistics of one number, and of two.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::Value;

use super::{Registry, State};
use crate::sql::functions::value::{or_null, real};

pub(super) fn add(to: &mut Registry<'_>) -> Result<()> {
    to.add("stddev", &[1], |_| {
        One::of(|one| Some(one.variance(1.0)?.sqrt()))
    })?;
    to.add("stddev_samp", &[1], |_| {
        One::of(|one| Some(one.variance(1.0)?.sqrt()))
    })?;
    to.add("stddev_pop", &[1], |_| {
        One::of(|one| Some(one.variance(0.0)?.sqrt()))
    })?;
    to.add("variance", &[1], |_| One::of(|one| one.variance(1.0)))?;
    to.add("var_samp", &[1], |_| One::of(|one| one.variance(1.0)))?;
    to.add("var_pop", &[1], |_| One::of(|one| one.variance(0.0)))?;
    to.add("skewness", &[1], |_| One::of(One::skewness))?;
    to.add("kurtosis", &[1], |_| One::of(One::kurtosis))?;
    to.add("covar_pop", &[2], |_| Two::of(|two| two.covariance(0.0)))?;
    to.add("covar_samp", &[2], |_| Two::of(|two| two.covariance(1.0)))?;
    to.add("corr", &[2], |_| Two::of(Two::correlation))?;
    to.add("regr_slope", &[2], |_| Two::of(Two::slope))?;
    to.add("regr_intercept", &[2], |_| Two::of(Two::intercept))
}

/// Count, mean, and the sums of the second to fourth powers of the differences from the mean,
/// brought forward value by value.
struct One {
    say: fn(&Self) -> Option<f64>,
    count: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl One {
    fn of(say: fn(&Self) -> Option<f64>) -> Self {
        Self {
            say,
            count: 0.0,
            mean: 0.0,
            m2: 0.0,
            m3: 0.0,
            m4: 0.0,
        }
    }

    fn variance(&self, less: f64) -> Option<f64> {
        let divisor = self.count - less;
        (divisor > 0.0).then(|| self.m2 / divisor)
    }

    fn skewness(&self) -> Option<f64> {
        (self.count >= 3.0).then(|| self.count.sqrt() * self.m3 / self.m2.powf(1.5))
    }

    fn kurtosis(&self) -> Option<f64> {
        let n = self.count;
        let spread = self.m2 * self.m2;
        (n >= 4.0).then(|| {
            let scale = (n - 1.0) / ((n - 2.0) * (n - 3.0));
            scale * ((n + 1.0) * n * self.m4 / spread - 3.0 * (n - 1.0))
        })
    }
}

impl State for One {
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let Some(value) = real(ctx, 0)? else {
            return Ok(());
        };
        let before = self.count;
        self.count += 1.0;
        let n = self.count;
        let delta = value - self.mean;
        let part = delta / n;
        let square = part * part;
        let term = delta * part * before;
        self.m4 +=
            term * square * (n * n - 3.0 * n + 3.0) + 6.0 * square * self.m2 - 4.0 * part * self.m3;
        self.m3 += term * part * (n - 2.0) - 3.0 * part * self.m2;
        self.mean += part;
        self.m2 += delta * (value - self.mean);
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        Ok(or_null((self.say)(self), Value::Real))
    }
}

/// Count, means, and the sums of the squares and products of the differences from them.
struct Two {
    say: fn(&Self) -> Option<f64>,
    count: f64,
    mean_y: f64,
    mean_x: f64,
    yy: f64,
    xx: f64,
    xy: f64,
}

impl Two {
    fn of(say: fn(&Self) -> Option<f64>) -> Self {
        Self {
            say,
            count: 0.0,
            mean_y: 0.0,
            mean_x: 0.0,
            yy: 0.0,
            xx: 0.0,
            xy: 0.0,
        }
    }

    fn covariance(&self, less: f64) -> Option<f64> {
        let divisor = self.count - less;
        (divisor > 0.0).then(|| self.xy / divisor)
    }

    fn correlation(&self) -> Option<f64> {
        let spread = (self.xx * self.yy).sqrt();
        (spread > 0.0).then(|| self.xy / spread)
    }

    fn slope(&self) -> Option<f64> {
        (self.xx > 0.0).then(|| self.xy / self.xx)
    }

    fn intercept(&self) -> Option<f64> {
        Some(self.mean_y - self.slope()? * self.mean_x)
    }
}

impl State for Two {
    /// The dependent value comes first.
    fn step(&mut self, ctx: &Context<'_>) -> Result<()> {
        let Some((y, x)) = real(ctx, 0)?.zip(real(ctx, 1)?) else {
            return Ok(());
        };
        self.count += 1.0;
        let (from_y, from_x) = (y - self.mean_y, x - self.mean_x);
        self.mean_y += from_y / self.count;
        self.mean_x += from_x / self.count;
        self.yy += from_y * (y - self.mean_y);
        self.xx += from_x * (x - self.mean_x);
        self.xy += from_x * (y - self.mean_y);
        Ok(())
    }

    fn result(&mut self) -> Result<Value> {
        Ok(or_null((self.say)(self), Value::Real))
    }
}
