"""The loss of archived logs with google-cloud-storage and google-cloud-kms: `storage.py http://HOST:PORT`.

Only the endpoint, the plaintext channel, the anonymous credentials, and the clock at the end know of an emulator.
"""

import datetime
import os
import sys

import grpc
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import kms_v1 as kms
from google.cloud import storage
from google.cloud.kms_v1.services.key_management_service import transports

from check import Clock, expect, ok, same

PROJECT = "interop-storage"
MIB = 1 << 20
DAY = datetime.timedelta(days=1)
State = kms.CryptoKeyVersion.CryptoKeyVersionState


def storage_of(endpoint):
    return storage.Client(
        project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint}
    )


def kms_of(endpoint):
    channel = grpc.insecure_channel(endpoint.removeprefix("http://"))
    return kms.KeyManagementServiceClient(transport=transports.KeyManagementServiceGrpcTransport(channel=channel))


def key_in(keys, location):
    parent = f"projects/{PROJECT}/locations/{location}"
    keys.create_key_ring(request={"parent": parent, "key_ring_id": "logs", "key_ring": {}})
    key = {"purpose": "ENCRYPT_DECRYPT"}
    request = {"parent": f"{parent}/keyRings/logs", "crypto_key_id": "export", "crypto_key": key}
    return keys.create_crypto_key(request=request).name


def refused(kind, call, said=""):
    """What the storage raises is chosen by the HTTP status; the sentence is in the body."""
    line = sys._getframe(1).f_lineno
    try:
        answer = call()
    except Exception as error:
        if type(error) is kind and said in str(error):
            return
        sys.exit(f"line {line}: {type(error).__name__}: {error}, and not {kind.__name__} with {said!r}")
    sys.exit(f"line {line}: {answer!r}, and it should be refused as {kind.__name__} with {said!r}")


def unreadable(blob):
    refused(exceptions.BadRequest, blob.download_as_bytes, "disabled, destroyed, or scheduled to be destroyed")


def buckets(client, key):
    bucket = client.bucket("interop-logs")
    bucket.default_kms_key_name = key
    bucket.versioning_enabled = True
    bucket.labels = {"team": "ops"}
    bucket.create(location="europe-west3")
    found = client.get_bucket("interop-logs")
    same((found.default_kms_key_name, found.location), (key, "EUROPE-WEST3"), "what the bucket shows")
    same([each.name for each in client.list_buckets(prefix="interop-")], ["interop-logs"], "the buckets")
    refused(exceptions.Conflict, lambda: client.create_bucket("interop-logs"))
    refused(exceptions.NotFound, lambda: client.get_bucket("interop-nothing"))
    agent = client.get_service_account_email()
    expect(agent.endswith("@gs-project-accounts.iam.gserviceaccount.com"), agent)
    ok("buckets")
    return found


def objects(bucket, key):
    blob = bucket.blob("2018/january ä.log")
    blob.metadata = {"source": "export"}
    blob.upload_from_string("a month of logs", content_type="text/plain", if_generation_match=0)
    same(blob.kms_key_name, f"{key}/cryptoKeyVersions/1", "the version that it is under")
    again = bucket.blob(blob.name)
    refused(exceptions.PreconditionFailed, lambda: again.upload_from_string("no", if_generation_match=0))
    same(blob.download_as_bytes(checksum="crc32c"), b"a month of logs", "the content")
    same(blob.download_as_bytes(start=2, end=6, raw_download=True), b"month", "a range of it")
    blob.metadata = {"source": "import"}
    blob.patch()
    found = bucket.get_blob(blob.name)
    same((found.metadata, found.metageneration), ({"source": "import"}, 2), "the metadata")
    expect(bucket.get_blob("nothing") is None, "an object that is not there was found")
    ok("objects")
    return blob


def uploads(bucket):
    content = os.urandom(3 * MIB + 17)
    blob = bucket.blob("2018/large.log", chunk_size=MIB)
    with blob.open("wb", content_type="application/gzip", checksum="crc32c") as writer:
        writer.write(content)
    expect(bucket.blob(blob.name).download_as_bytes(checksum="md5") == content, "a resumable upload reads otherwise")
    with bucket.blob(blob.name, chunk_size=MIB).open("rb") as reader:
        expect(reader.read() == content, "it reads otherwise by chunks")
    ok("uploads")


def versions(client, bucket):
    blob = bucket.blob("generations")
    for text in ["one", "two", "three"]:
        blob.upload_from_string(text)
    bucket.delete_blob(blob.name)
    listed = list(client.list_blobs(bucket, prefix="gen", versions=True))
    same(len(listed), 3, "how many generations are kept")
    old = bucket.blob(blob.name, generation=listed[0].generation)
    same(old.download_as_bytes(), b"one", "the oldest generation")
    same(list(client.list_blobs(bucket, prefix="gen")), [], "what is live")
    for each in listed:
        each.delete()
    same(list(client.list_blobs(bucket, prefix="gen", versions=True)), [], "what is left")
    ok("versions")


def listing(client, bucket):
    for number in range(25):
        bucket.blob(f"pages/{number:02}").upload_from_string(str(number))
    names = [blob.name for blob in client.list_blobs(bucket, prefix="pages/", page_size=4)]
    same(names, [f"pages/{number:02}" for number in range(25)], "seven pages")
    folded = client.list_blobs(bucket, delimiter="/")
    same(list(folded), [], "what is on top")
    same(folded.prefixes, {"2018/", "pages/"}, "what is under it")
    ok("listing")


def rewrite(bucket, other):
    """A key in another place saves what is written under it."""
    source = bucket.blob("2018/large.log")
    target = bucket.blob("2018/saved.log", kms_key_name=other)
    token, written, total = target.rewrite(source)
    while token is not None:
        token, written, total = target.rewrite(source, token=token)
    same((written, total), (3 * MIB + 17,) * 2, "how much was rewritten")
    same(target.kms_key_name, f"{other}/cryptoKeyVersions/1", "the version that it is under now")
    copied = bucket.copy_blob(source, bucket, "2018/copied.log")
    same(copied.size, 3 * MIB + 17, "the length of the copy")
    ok("rewrite")


def loss(keys, clock, bucket, blob, key):
    version = f"{key}/cryptoKeyVersions/1"
    keys.destroy_crypto_key_version(request={"name": version})
    unreadable(blob)
    same(bucket.get_blob(blob.name).size, 15, "what can be seen without the key")
    refused(exceptions.BadRequest, lambda: bucket.blob("new").upload_from_string("x"), "disabled, destroyed")
    clock.move(DAY * 29)
    keys.restore_crypto_key_version(request={"name": version})
    unreadable(blob)
    enabled = {"name": version, "state": State.ENABLED}
    keys.update_crypto_key_version(request={"crypto_key_version": enabled, "update_mask": {"paths": ["state"]}})
    same(blob.download_as_bytes(), b"a month of logs", "the content after the version was restored")
    ok("restored in time")
    keys.destroy_crypto_key_version(request={"name": version})
    clock.move(DAY * 31)
    same(keys.get_crypto_key_version(request={"name": version}).state, State.DESTROYED, "the state of the version")
    unreadable(blob)
    expect(len(bucket.blob("2018/saved.log").download_as_bytes()) == 3 * MIB + 17, "what was rewritten is lost too")
    blob.delete()
    ok("gone for good")


def main(endpoint):
    client, keys = storage_of(endpoint), kms_of(endpoint)
    key, other = key_in(keys, "global"), key_in(keys, "europe-west3")
    bucket = buckets(client, key)
    blob = objects(bucket, key)
    uploads(bucket)
    versions(client, bucket)
    listing(client, bucket)
    rewrite(bucket, other)
    loss(keys, Clock(endpoint), bucket, blob, key)


if __name__ == "__main__":
    main(sys.argv[1])
