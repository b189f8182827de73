//! Every RPC, asked on a state in memory.

mod create;
mod crypt;
mod lists;
mod missing;
mod persisted;
mod states;
mod time;
mod update;
