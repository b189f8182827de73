//! What every provider must do, as functions that each provider's test calls.
