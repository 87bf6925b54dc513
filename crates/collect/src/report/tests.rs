use super::*;

fn report(asked: &str, bound: &str, granted: u32, steering: Steering) -> Report {
    Report {
        listeners: vec![Listener {
            asked: asked.parse().unwrap(),
            bound: bound.parse().unwrap(),
            dual_stack: false,
            receive_buffer: ReceiveBuffer {
                asked: 1000,
                granted,
            },
        }],
        steering,
    }
}

#[test]
fn nothing_is_said_when_all_is_as_asked_for() {
    let report = report("[::]:0", "[::]:9995", 1000, Steering::BySource);
    assert_eq!(report.remarks(), Vec::<String>::new());
}

#[test]
fn a_capped_buffer_names_the_sysctl() {
    let report = report("[::]:1", "[::]:1", 999, Steering::Unneeded);
    assert_eq!(
        report.remarks(),
        [
            "udp [::]:1: the receive buffer has 999 octets instead of 1000; raise the limit \
             (sysctl -w net.core.rmem_max=1000), or give the program CAP_NET_ADMIN"
        ]
    );
}

#[test]
fn missing_ipv6_and_refused_steering_are_said() {
    let refused = Steering::Refused {
        reason: "Operation not permitted".to_owned(),
        workers: 4,
    };
    let report = report("[::]:1", "0.0.0.0:1", 1000, refused);
    assert_eq!(
        report.remarks(),
        [
            "this machine has no IPv6: listening on udp 0.0.0.0:1 instead of [::]:1",
            "the kernel refuses to steer datagrams by source address (Operation not permitted): \
             one thread receives instead of 4"
        ]
    );
}
