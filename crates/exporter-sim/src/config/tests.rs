use alloc::string::ToString;

use super::FleetConfig;

#[test]
fn the_default_can_be() {
    assert_eq!(FleetConfig::default().check(), Ok(()));
}

/// That a changed default is refused, and the field is named.
fn refused(field: &str, change: impl FnOnce(&mut FleetConfig)) {
    let mut config = FleetConfig::default();
    change(&mut config);
    let error = config.check().unwrap_err();
    assert_eq!(error.field, field);
    assert!(error.to_string().starts_with(field));
}

#[test]
fn what_cannot_be_is_named() {
    refused("exporters", |c| c.exporters = 0);
    refused("exporters", |c| c.exporters = 60_001);
    refused("versions", |c| c.versions.clear());
    refused("timeouts", |c| c.timeouts.active_ms = 999);
    refused("timeouts", |c| c.timeouts.inactive_ms = 999);
    refused("export.max_datagram", |c| c.export.max_datagram = 511);
    refused("export.max_datagram", |c| c.export.max_datagram = 65_508);
    refused("export.sampling", |c| c.export.sampling = 0);
    refused("export.sampling", |c| c.export.sampling = 16_384);
    refused("export.templates_every_ms", |c| {
        c.export.templates_every_ms = 999;
    });
    refused("impairments", |c| c.impairments.loss_ppm = 1_000_001);
    refused("impairments", |c| c.impairments.duplicate_ppm = 1_000_001);
    refused("impairments", |c| c.impairments.reorder_ppm = 1_000_001);
    refused("impairments.restart_every_ms", |c| {
        c.impairments.restart_every_ms = Some(999);
    });
}
