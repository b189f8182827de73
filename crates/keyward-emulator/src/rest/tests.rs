//! A REST call from end to end.
