//! Google Cloud KMS, over Google's official client.
