//! Starts, stops and trouble of the real binary: a planned stop cuts no row, an unplanned death
//! loses no row that somebody could see, and whatever is wrong is said in one sentence.

#[path = "restarts/death.rs"]
mod death;
#[path = "restarts/full_disk.rs"]
mod full_disk;
#[path = "restarts/load.rs"]
mod load;
#[path = "restarts/reload.rs"]
mod reload;
#[path = "restarts/rows.rs"]
mod rows;
#[path = "restarts/saved_state.rs"]
mod saved_state;
#[path = "restarts/stop.rs"]
mod stop;
#[path = "restarts/tmpfs.rs"]
mod tmpfs;
#[path = "restarts/trouble.rs"]
mod trouble;
