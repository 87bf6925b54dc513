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
    for command in command.get_subcommands_mut() {
        if command.get_name() != "help" {
            let help = command.render_help().to_string();
            assert!(help.contains("Example"), "{help}");
        }
    }
}

#[test]
fn times_before_now_may_begin_with_a_hyphen() {
    let Some(Command::Query(args)) = parsed(&["query", "--from", "-15m", "*"]).unwrap().command
    else {
        panic!("query");
    };
    assert_eq!(
        (args.from.as_str(), args.to.as_str(), args.query.as_str()),
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
