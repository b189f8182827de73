//! The pure core of keyward: words, formats, ports and decisions.
//!
//! Nothing in this crate opens a file or a socket, reads a clock or the environment, or prints. Time and randomness
//! are arguments. Everything that touches the world is behind a port ([`kms`], [`recipient`], [`audit`]) that another
//! crate implements.
//!
//! The modules stand on four floors, and a module uses only its own floor and lower ones (`cargo xtask tidy` fails on
//! an upward edge):
//!
//! | floor | modules |
//! |---|---|
//! | words | [`secret`] [`name`] [`location`] [`context`] [`clock`] [`limits`] [`error`] |
//! | bytes | [`attest`] [`envelope`] [`credential`] [`manifest`] [`escrow`] [`terraform`] |
//! | ports | [`key`] [`kms`] [`recipient`] [`audit`] [`inventory`] [`estate`] |
//! | decisions | [`harden`] [`survive`] [`verify`] [`watch`] |

// Words: one type per noun; parsing happens here and nowhere else.
pub mod clock;
pub mod context;
pub mod error;
pub mod limits;
pub mod location;
pub mod name;
pub mod secret;

// Bytes: formats, both directions, no I/O.
pub mod attest;
pub mod credential;
pub mod envelope;
pub mod escrow;
pub mod manifest;
pub mod terraform;

// Ports: what a provider must do, in plain data.
pub mod audit;
pub mod estate;
pub mod inventory;
pub mod key;
pub mod kms;
pub mod recipient;

// Decisions: from what is seen to findings.
pub mod harden;
pub mod survive;
pub mod verify;
pub mod watch;
