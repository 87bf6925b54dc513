//! Where the rows of a SAG flow log go, and its aging: read and checked in the documented order.

use std::net::IpAddr;
use std::num::NonZero;

use crate::flow_log::SagDetail;
use crate::plan::Call;
use crate::problem::{self, Problem};
use crate::products::words;

/// What a flow log is to be after a request.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) detail: SagDetail,
    pub(super) project: String,
    pub(super) logstore: String,
}

impl Wanted {
    /// What was, with what the request says in its place; the whole is then checked as a new one is.
    pub(super) fn read(
        call: &Call<'_>,
        before: &SagDetail,
        (project, logstore): (&str, &str),
    ) -> Result<Self, Problem> {
        let sent = |name, before: &str| call.arguments.sent(name).unwrap_or(before).to_owned();
        let output = sent("OutputType", &before.output);
        if !matches!(output.as_str(), "sls" | "netflow" | "all") {
            return Err(problem::SAG_OUTPUT);
        }
        let aging = |name, before, range: std::ops::RangeInclusive<i64>, refused: &Problem| {
            let number = call.arguments.number(name).map_err(|_| refused.clone())?;
            let number = number.unwrap_or(before);
            let fits = range.contains(&number);
            let number = u32::try_from(number).ok().filter(|_| fits);
            number.ok_or_else(|| refused.clone())
        };
        let active = aging(
            "ActiveAging",
            before.active_aging.into(),
            60..=6000,
            &problem::SAG_ACTIVE_AGING,
        )?;
        let inactive = aging(
            "InactiveAging",
            before.inactive_aging.into(),
            10..=600,
            &problem::SAG_INACTIVE_AGING,
        )?;
        let mut wanted = Self {
            detail: SagDetail {
                active_aging: active,
                inactive_aging: inactive,
                sls_region: sent("SlsRegionId", &before.sls_region),
                netflow_ip: sent("NetflowServerIp", &before.netflow_ip),
                netflow_port: sent("NetflowServerPort", &before.netflow_port),
                netflow_version: sent("NetflowVersion", &before.netflow_version),
                sags: before.sags.clone(),
                output,
            },
            project: sent("ProjectName", project),
            logstore: sent("LogstoreName", logstore),
        };
        wanted.check_netflow(call)?;
        wanted.check_sls(call)?;
        Ok(wanted)
    }

    /// Port and version that are not said have a default; said to be empty, they are missing.
    fn check_netflow(&mut self, call: &Call<'_>) -> Result<(), Problem> {
        let detail = &mut self.detail;
        if detail.output != "sls" {
            let is_said = |name| call.arguments.sent(name).is_some();
            if detail.netflow_port.is_empty() && !is_said("NetflowServerPort") {
                "9995".clone_into(&mut detail.netflow_port);
            }
            if detail.netflow_version.is_empty() && !is_said("NetflowVersion") {
                "V9".clone_into(&mut detail.netflow_version);
            }
            let missing = [
                (&detail.netflow_ip, problem::SAG_NO_IP),
                (&detail.netflow_port, problem::SAG_NO_PORT),
                (&detail.netflow_version, problem::SAG_NO_VERSION),
            ];
            for (value, refused) in missing {
                if value.is_empty() {
                    return Err(refused);
                }
            }
        }
        let (ip, port) = (&detail.netflow_ip, &mut detail.netflow_port);
        if !ip.is_empty() && ip.parse::<IpAddr>().is_err() {
            return Err(problem::SAG_IP);
        }
        if !port.is_empty() {
            let number = Some(&*port).filter(|port| !port.starts_with('+'));
            let number = number.and_then(|port| port.parse().ok());
            let number: NonZero<u16> = number.ok_or(problem::SAG_PORT)?;
            *port = number.to_string();
        }
        match detail.netflow_version.as_str() {
            "" | "V5" | "V9" | "V10" => {}
            _ => return Err(problem::SAG_VERSION),
        }
        let collector = detail.collector().filter(|_| detail.output != "sls");
        match collector {
            Some(it) if !call.destinations.may_export_to(it.server) => Err(problem::SAG_IP),
            _ => Ok(()),
        }
    }

    /// Refuses a project or Logstore that is not there and will not be made.
    pub(super) fn check_destination(&self, call: &Call<'_>) -> Result<(), Problem> {
        let region = &self.detail.sls_region;
        call.check_destination(region, (&self.project, &self.logstore))
    }

    fn check_sls(&self, call: &Call<'_>) -> Result<(), Problem> {
        let region = &self.detail.sls_region;
        if self.detail.output != "netflow" {
            let missing = [
                (region, problem::SAG_NO_SLS_REGION),
                (&self.project, problem::SAG_NO_PROJECT),
                (&self.logstore, problem::SAG_NO_LOGSTORE),
            ];
            for (value, refused) in missing {
                if value.is_empty() {
                    return Err(refused);
                }
            }
        }
        if !region.is_empty() && !call.has_region(region) {
            return Err(problem::SAG_SLS_REGION);
        }
        let is_project = self.project.is_empty() || words::is_project(&self.project);
        let is_logstore = self.logstore.is_empty() || words::is_logstore(&self.logstore);
        if is_project && is_logstore {
            Ok(())
        } else {
            Err(problem::SAG_INVALID)
        }
    }
}
