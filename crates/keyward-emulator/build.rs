//! Compiles the interface definition in `proto/` into messages, service traits and a descriptor, without protoc.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// Everything that is served; what these import comes along.
const SERVED: [&str; 6] = [
    "google/cloud/kms/v1/key_management_service.proto",
    "google/cloud/location/locations.proto",
    "google/iam/v1/iam_policy.proto",
    "google/longrunning/operations.proto",
    "google/rpc/error_details.proto",
    "keyward/emulator/v1/trouble.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no folder to write to")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).open_files(SERVED)?;
    fs::write(out.join("descriptor.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .build_client(false)
        .btree_map(".")
        .bytes(".google.cloud.kms.v1")
        .include_file("interface.rs")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
