//! The `flowlogd` binary: see the library of the same name.

use std::process::ExitCode;

use flowlog_collect::HugePages;

#[global_allocator]
static MEMORY: HugePages = HugePages;

fn main() -> ExitCode {
    MEMORY.keep_freed();
    flowlogd::commands::main(std::env::args_os()).into()
}
