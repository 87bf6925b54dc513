use clap::CommandFactory;

use super::*;

fn parsed(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from([&["flowlogd"], arguments].concat())
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn without_a_command_it_runs() {
    let cli = parsed(&["--data", "d", "--demo"]).unwrap();
    assert!(cli.command.is_none() && cli.run.demo);
    assert_eq!(cli.run.place.data.unwrap().to_str(), Some("d"));
    assert!(parsed(&[]).unwrap().command.is_none());
}

#[test]
fn every_command_has_help_with_an_example() {
    let mut command = Cli::command();
    command.build();
    let mut count = 0;
    for command in command.get_subcommands_mut() {
        if command.get_name() == "help" {
            continue;
        }
        let below = command.get_subcommands_mut();
        let mut helps: Vec<String> = below
            .filter(|command| command.get_name() != "help")
            .map(|command| command.render_help().to_string())
            .collect();
        helps.push(command.render_help().to_string());
        count += helps.len();
        for help in helps {
            assert!(help.contains("Example"), "{help}");
        }
    }
    assert!(count > 11, "{count}");
}

#[test]
fn times_before_now_may_begin_with_a_hyphen() {
    let Some(Command::Query(args)) = parsed(&["query", "--from", "-15m", "*"]).unwrap().command
    else {
        panic!("query");
    };
    assert_eq!(
        (
            args.from.as_deref().unwrap(),
            args.to.as_str(),
            args.query.as_str()
        ),
        ("-15m", "now", "*")
    );
}

#[test]
fn wrong_usage_has_status_two_and_help_has_none() {
    for arguments in [
        &["fly"][..],
        &["inspect"],
        &["replay"],
        &["send"],
        &["check-config"],
        &["query", "--format", "xml"],
        &["send", "f", "--rate", "5", "--as-recorded"],
        &["send", "f", "--loop", "0"],
        &["query", "--limit", "0"],
        &["query", "--last", "1h", "--from", "-1h"],
        &["query", "--last", "1h", "--to", "now"],
        &["query", "--follow", "--to", "now"],
        &["query", "--follow", "--reverse"],
        &["query", "--color", "blue"],
        &["logstore"],
        &["logstore", "create", "project"],
        &["logstore", "create", "project", "store", "--ttl", "0"],
        &["logstore", "create", "project", "store", "--shards", "257"],
        &["logstore", "delete", "project"],
        &["logstore", "info", "project"],
        &["--unknown"],
    ] {
        assert_eq!(
            parsed(arguments).unwrap_err().exit_code(),
            2,
            "{arguments:?}"
        );
    }
    assert_eq!(parsed(&["query", "--help"]).unwrap_err().exit_code(), 0);
    assert_eq!(parsed(&["--version"]).unwrap_err().exit_code(), 0);
}
