//! Which methods there are, and which faults each can have: read off the interface definition.

use std::sync::LazyLock;

use keyward_core::error::{Error, Result, nearest};
use prost_reflect::{DescriptorPool, MethodDescriptor};

use super::CONTROL;
use super::fault::Kind;
use super::matching::MethodName;
use crate::rest::DESCRIPTOR;
use crate::rpc::{KMS, Method};

/// The storage's methods. Downloads and uploads carry checksums.
const STORAGE: &[&str] = &[
    "storage.buckets.delete",
    "storage.buckets.get",
    "storage.buckets.insert",
    "storage.buckets.list",
    "storage.buckets.patch",
    "storage.buckets.update",
    "storage.objects.copy",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.insert",
    "storage.objects.list",
    "storage.objects.patch",
    "storage.objects.rewrite",
    "storage.objects.update",
    "storage.projects.serviceAccount.get",
];

/// The service that the storage's methods belong to.
const STORAGE_SERVICE: &str = "storage";

struct Known {
    service: String,
    name: String,
    has_checksum: bool,
    shows_keys: bool,
}

static METHODS: LazyLock<Vec<Known>> = LazyLock::new(|| {
    // The build made it; a test sees that it can be read.
    let pool = DescriptorPool::decode(DESCRIPTOR).unwrap_or_default();
    let rpcs: Vec<_> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect();
    let storage = STORAGE.iter().map(|name| Known {
        service: STORAGE_SERVICE.to_owned(),
        name: (*name).to_owned(),
        has_checksum: name.starts_with("storage.objects."),
        shows_keys: false,
    });
    let rpcs = rpcs.iter().map(Known::rpc);
    rpcs.filter(|known| known.service != CONTROL)
        .chain(storage)
        .collect()
});

impl Known {
    fn rpc(method: &MethodDescriptor) -> Self {
        let (service, name) = (method.parent_service().full_name(), method.name());
        let looks = name.starts_with("Get") || name.starts_with("List");
        Self {
            has_checksum: method
                .output()
                .fields()
                .any(|field| field.name().ends_with("_crc32c")),
            shows_keys: service == KMS && looks,
            service: service.to_owned(),
            name: name.to_owned(),
        }
    }

    fn can(&self, kind: &Kind) -> bool {
        match kind {
            Kind::CorruptChecksum => self.has_checksum,
            Kind::StaleRead => self.shows_keys,
            Kind::Delay(_) | Kind::Error(_) | Kind::DropReply => true,
        }
    }
}

/// Whether calls of this method can meet such a fault: `*` passes those by that cannot.
pub(super) fn can(method: &Method, kind: &Kind) -> bool {
    let mut known = METHODS.iter().filter(|known| known.name == method.name);
    match kind {
        Kind::Delay(_) | Kind::Error(_) | Kind::DropReply => true,
        Kind::CorruptChecksum | Kind::StaleRead => known.any(|known| known.can(kind)),
    }
}

/// Whether there is such a method, and it can have such a fault.
///
/// # Errors
/// A usage error that says which methods there are, or which faults this one can have.
pub(super) fn check(name: MethodName<'_>, kind: &Kind) -> Result<()> {
    check_name(name)?;
    let meant = || {
        METHODS
            .iter()
            .filter(|known| name.fits_names(&known.service, &known.name))
    };
    if meant().any(|known| known.can(kind)) {
        return Ok(());
    }
    let word = kind.word();
    let others = METHODS.iter().filter(|known| known.can(kind));
    let others: Vec<_> = others.map(|known| &*known.name).collect();
    let possible = match meant().any(|known| known.has_checksum) {
        true => "delay, error, drop_reply, corrupt_checksum",
        false if meant().any(|known| known.shows_keys) => "delay, error, drop_reply, stale_read",
        false => "delay, error, drop_reply",
    };
    Err(Error::usage(format!(
        "{} cannot have the fault `{word}`: it can have {possible}",
        name.as_str()
    ))
    .hint(format!("`{word}` is for {}", others.join(", "))))
}

/// Whether there is such a method.
///
/// # Errors
/// A usage error with the nearest name.
pub(super) fn check_name(name: MethodName<'_>) -> Result<()> {
    if METHODS
        .iter()
        .any(|known| name.fits_names(&known.service, &known.name))
    {
        return Ok(());
    }
    let names = || METHODS.iter().map(|known| &*known.name);
    let error = Error::usage(format!("`{}` is not a method", shown(name.as_str())));
    Err(match nearest(name.as_str(), names()) {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint(format!("methods: *, {}", names().collect::<Vec<_>>().join(", "))),
    })
}

/// Somebody's text, fit for a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use crate::trouble::Fault;

    fn refusal(fault: &Fault) -> String {
        let error = fault.check().unwrap_err();
        format!("{error} {:?}", error.hints())
    }

    #[test]
    fn methods_are_those_of_the_interface() {
        for method in [
            "Encrypt",
            "google.cloud.kms.v1.KeyManagementService/Encrypt",
            "*",
            "SetIamPolicy",
            "storage.objects.get",
        ] {
            Fault::error(method, Code::Aborted).check().unwrap();
        }
        assert!(refusal(&Fault::error("Encrpyt", Code::Aborted)).contains("did you mean `Encrypt`?"));
        // Control calls meet no faults.
        assert!(Fault::error("AddFault", Code::Aborted).check().is_err());
        assert!(refusal(&Fault::error("x", Code::Aborted)).contains("Decrypt"));
    }

    #[test]
    fn a_method_has_the_faults_that_it_can_have() {
        Fault::corrupt_checksum("Encrypt").check().unwrap();
        Fault::stale_read("ListCryptoKeyVersions").check().unwrap();
        Fault::corrupt_checksum("*").check().unwrap();
        let told = refusal(&Fault::corrupt_checksum("GetKeyRing"));
        assert!(told.contains("delay, error, drop_reply, stale_read"), "{told}");
        assert!(told.contains("Decrypt"), "{told}");
        let told = refusal(&Fault::stale_read("Encrypt"));
        assert!(told.contains("corrupt_checksum"), "{told}");
    }
}
