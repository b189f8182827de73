"""The interop list with google-cloud-kms: `kms.py grpc|rest http://HOST:PORT`.

Only the endpoint, the plaintext channel, the anonymous credentials, and the clock at the end know of an emulator.
"""

import datetime
import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import kms_v1 as kms
from google.cloud.kms_v1.services.key_management_service import transports
from google.rpc import error_details_pb2

from check import Clock, crc32c, expect, ok, refused, same, wait_until

LOCATION = "projects/interop/locations/europe-west3"
RING = f"{LOCATION}/keyRings/ring"
KEY = f"{RING}/cryptoKeys/key"
DAY = datetime.timedelta(days=1)
TEXT = "Grüße, a data key".encode()
AAD = b"projects/interop/objects/1"
SYMMETRIC = {"purpose": "ENCRYPT_DECRYPT"}
State = kms.CryptoKeyVersion.CryptoKeyVersionState
# What callers may do is by the text of the bearer token.
ANN = [("authorization", "Bearer user:ann@example.com")]


def client_of(transport, endpoint):
    host = endpoint.removeprefix("http://")
    if transport == "grpc":
        channel = grpc.insecure_channel(host)
        return kms.KeyManagementServiceClient(transport=transports.KeyManagementServiceGrpcTransport(channel=channel))
    return kms.KeyManagementServiceClient(
        transport=transports.KeyManagementServiceRestTransport(
            host=host, credentials=AnonymousCredentials(), url_scheme="http"
        )
    )


def version(number, key=KEY):
    return f"{key}/cryptoKeyVersions/{number}"


def encrypt(client, name, text=TEXT, aad=AAD, **call):
    """Encrypts with checksums both ways, as Google asks of its callers."""
    answer = client.encrypt(
        request={
            "name": name,
            "plaintext": text,
            "plaintext_crc32c": crc32c(text),
            "additional_authenticated_data": aad,
            "additional_authenticated_data_crc32c": crc32c(aad),
        },
        **call,
    )
    expect(answer.verified_plaintext_crc32c, "the checksum of the plaintext was not verified")
    expect(answer.verified_additional_authenticated_data_crc32c, "the checksum of the AAD was not verified")
    same(answer.ciphertext_crc32c, crc32c(answer.ciphertext), "checksum of the ciphertext")
    return answer


def decrypt(client, ciphertext, aad=AAD, key=KEY, **call):
    answer = client.decrypt(
        request={
            "name": key,
            "ciphertext": ciphertext,
            "ciphertext_crc32c": crc32c(ciphertext),
            "additional_authenticated_data": aad,
            "additional_authenticated_data_crc32c": crc32c(aad),
        },
        **call,
    )
    same(answer.plaintext_crc32c, crc32c(answer.plaintext), "checksum of the plaintext")
    same(answer.protection_level, kms.ProtectionLevel.SOFTWARE, "protection level")
    return answer


def violation(error):
    """Kind and subject of the PreconditionFailure. Over gRPC the client unpacks it, over REST it is as in the JSON."""
    for detail in error.details:
        if isinstance(detail, error_details_pb2.PreconditionFailure):
            return detail.violations[0].type, detail.violations[0].subject
        if isinstance(detail, dict) and detail["@type"] == "type.googleapis.com/google.rpc.PreconditionFailure":
            return detail["violations"][0]["type"], detail["violations"][0]["subject"]
    return None


def state(client, name):
    return client.get_crypto_key_version(name=name).state


def set_state(client, name, state):
    return client.update_crypto_key_version(
        crypto_key_version={"name": name, "state": state}, update_mask={"paths": ["state"]}
    ).state


def rings(client):
    made = client.create_key_ring(parent=LOCATION, key_ring_id="ring", key_ring={})
    same(made.name, RING, "name of the ring")
    expect(made.create_time is not None, "the ring has no time of creation")
    same(client.get_key_ring(name=RING), made, "the ring as read back")
    same([ring.name for ring in client.list_key_rings(parent=LOCATION)], [RING], "rings")
    same(list(client.list_key_rings(parent="projects/interop/locations/global")), [], "rings of another location")
    ok("rings")


def keys(client):
    asked = {**SYMMETRIC, "labels": {"team": "alpha"}, "destroy_scheduled_duration": DAY}
    made = client.create_crypto_key(parent=RING, crypto_key_id="key", crypto_key=asked)
    same(made.name, KEY, "name of the key")
    same(made.primary.name, version(1), "primary")
    same(made.primary.state, State.ENABLED, "state of the primary")
    same(made.primary.algorithm.name, "GOOGLE_SYMMETRIC_ENCRYPTION", "algorithm")
    same(made.version_template.protection_level.name, "SOFTWARE", "protection level")
    same(made.destroy_scheduled_duration, DAY, "time that a destruction waits")
    same(dict(made.labels), {"team": "alpha"}, "labels")
    same(client.get_crypto_key(name=KEY), made, "the key as read back")
    usual = client.create_crypto_key(parent=RING, crypto_key_id="usual", crypto_key=SYMMETRIC)
    same(usual.destroy_scheduled_duration, 30 * DAY, "time that a destruction waits when nothing is said")
    same([key.name for key in client.list_crypto_keys(parent=RING)], [KEY, usual.name], "keys")
    ok("keys")


def encrypt_and_decrypt(client):
    for text, aad in itertools.product((TEXT, b"", b"\0" * 65536), (AAD, b"")):
        made = encrypt(client, KEY, text, aad)
        same(made.name, version(1), "version that encrypted")
        opened = decrypt(client, made.ciphertext, aad)
        same(opened.plaintext, text, "plaintext")
        expect(opened.used_primary, "the primary was not used")
    too_long = {"name": KEY, "plaintext": b"\0" * 65537}
    refused(exceptions.InvalidArgument, lambda: client.encrypt(request=too_long))
    ok("encrypt and decrypt")


def checksums(client):
    bare = client.encrypt(name=KEY, plaintext=TEXT)
    expect(not bare.verified_plaintext_crc32c, "a checksum that was not sent cannot be verified")
    wrong = {"name": KEY, "plaintext": TEXT, "plaintext_crc32c": crc32c(TEXT) ^ 1}
    said = "The checksum in field plaintext_crc32c did not match the data in field plaintext."
    refused(exceptions.InvalidArgument, lambda: client.encrypt(request=wrong), said)
    wrong = {"name": KEY, "ciphertext": bare.ciphertext, "ciphertext_crc32c": crc32c(bare.ciphertext) ^ 1}
    said = "The checksum in field ciphertext_crc32c did not match the data in field ciphertext."
    refused(exceptions.InvalidArgument, lambda: client.decrypt(request=wrong), said)
    ok("checksums")


def another_aad(client):
    made = encrypt(client, KEY).ciphertext
    for ciphertext, aad in ((made, b""), (made, AAD + b"0"), (made[:-1], AAD), (b"nothing like it", AAD)):
        refused(exceptions.InvalidArgument, lambda: decrypt(client, ciphertext, aad), "Decryption failed")
    usual = f"{RING}/cryptoKeys/usual"
    refused(exceptions.InvalidArgument, lambda: decrypt(client, made, key=usual), "Decryption failed")
    ok("another AAD")


def encrypt_to_a_version(client):
    second = client.create_crypto_key_version(parent=KEY, crypto_key_version={})
    same((second.name, second.state), (version(2), State.ENABLED), "second version")
    same(client.get_crypto_key(name=KEY).primary.name, version(1), "primary after a version was made")
    made = encrypt(client, version(2))
    same(made.name, version(2), "version that encrypted")
    opened = decrypt(client, made.ciphertext)
    same((opened.plaintext, opened.used_primary), (TEXT, False), "plaintext, and whether the primary was used")
    ok("encrypt to a version")


def rotate(client):
    old = encrypt(client, KEY)
    same(old.name, version(1), "version that encrypted")
    key = client.update_crypto_key_primary_version(name=KEY, crypto_key_version_id="2")
    same(key.primary.name, version(2), "primary")
    same(encrypt(client, KEY).name, version(2), "version that encrypts now")
    opened = decrypt(client, old.ciphertext)
    same((opened.plaintext, opened.used_primary), (TEXT, False), "plaintext, and whether the primary was used")
    names = [each.name for each in client.list_crypto_key_versions(parent=KEY)]
    same(names, [version(1), version(2)], "versions")
    ok("rotate")
    return old.ciphertext


def disable_and_enable(client, old):
    same(set_state(client, version(1), State.DISABLED), State.DISABLED, "state")
    same(state(client, version(1)), State.DISABLED, "state as read back")
    said = f"{version(1)} is not enabled, current state is: DISABLED."
    error = refused(exceptions.FailedPrecondition, lambda: decrypt(client, old), said)
    same(violation(error), ("KEY_DISABLED", version(1)), "violation")
    refused(exceptions.FailedPrecondition, lambda: encrypt(client, version(1)), said)
    same(set_state(client, version(1), State.ENABLED), State.ENABLED, "state")
    same(decrypt(client, old).plaintext, TEXT, "plaintext")
    refused(exceptions.InvalidArgument, lambda: set_state(client, version(1), State.DESTROYED))
    ok("disable and enable")


def destroy_and_restore(client, old):
    destroyed = client.destroy_crypto_key_version(name=version(1))
    same(destroyed.state, State.DESTROY_SCHEDULED, "state")
    left = destroyed.destroy_time - datetime.datetime.now(datetime.timezone.utc)
    expect(DAY - datetime.timedelta(minutes=5) < left <= DAY + datetime.timedelta(minutes=5), f"{left} left, not a day")
    error = refused(exceptions.FailedPrecondition, lambda: decrypt(client, old), "DESTROY_SCHEDULED")
    same(violation(error), ("KEY_DESTROY_SCHEDULED", version(1)), "violation")
    said = f"Resource {version(1)} has value DESTROY_SCHEDULED in field crypto_key_version.state."
    refused(exceptions.FailedPrecondition, lambda: client.destroy_crypto_key_version(name=version(1)), said)
    refused(exceptions.FailedPrecondition, lambda: set_state(client, version(1), State.ENABLED))
    restored = client.restore_crypto_key_version(name=version(1))
    same((restored.state, restored.destroy_time), (State.DISABLED, None), "state and time of destruction")
    refused(exceptions.FailedPrecondition, lambda: client.restore_crypto_key_version(name=version(1)))
    set_state(client, version(1), State.ENABLED)
    same(decrypt(client, old).plaintext, TEXT, "plaintext")
    ok("destroy and restore")


def update_by_mask(client):
    def update(paths, **fields):
        return client.update_crypto_key(crypto_key={"name": KEY, **fields}, update_mask={"paths": paths})

    next_time = client.get_key_ring(name=RING).create_time + 90 * DAY
    rotation = {"rotation_period": 90 * DAY, "next_rotation_time": next_time}
    key = update(["labels"], labels={"team": "beta", "tier": "1"}, **rotation)
    same(dict(key.labels), {"team": "beta", "tier": "1"}, "labels")
    expect("rotation_period" not in key, "a rotation period, which the mask did not name")
    key = update(["rotation_period", "next_rotation_time"], labels={}, **rotation)
    same((key.rotation_period, key.next_rotation_time), (90 * DAY, next_time), "rotation")
    same(dict(key.labels), {"team": "beta", "tier": "1"}, "labels, which the mask did not name")
    key = update(["rotation_period", "next_rotation_time", "labels"])
    expect("rotation_period" not in key and "next_rotation_time" not in key, "a rotation that was taken away")
    same(dict(key.labels), {}, "labels that were taken away")
    hour = {"rotation_period": datetime.timedelta(hours=1), "next_rotation_time": next_time}
    refused(exceptions.InvalidArgument, lambda: update(["rotation_period", "next_rotation_time"], **hour))
    refused(exceptions.InvalidArgument, lambda: update([], labels={"team": "gamma"}))
    ok("update by mask")


def errors(client):
    refused(exceptions.AlreadyExists, lambda: client.create_key_ring(parent=LOCATION, key_ring_id="ring", key_ring={}))
    again = {"parent": RING, "crypto_key_id": "key", "crypto_key": SYMMETRIC}
    refused(exceptions.AlreadyExists, lambda: client.create_crypto_key(request=again))
    absent = f"{RING}/cryptoKeys/absent"
    refused(exceptions.NotFound, lambda: client.get_crypto_key(name=absent), absent)
    refused(exceptions.NotFound, lambda: client.get_crypto_key_version(name=version(9)), version(9))
    refused(exceptions.NotFound, lambda: client.encrypt(name=absent, plaintext=TEXT))
    refused(exceptions.NotFound, lambda: client.update_crypto_key_primary_version(name=KEY, crypto_key_version_id="9"))
    refused(exceptions.InvalidArgument, lambda: client.create_key_ring(parent=LOCATION, key_ring_id="no.dots", key_ring={}))
    short = {**SYMMETRIC, "destroy_scheduled_duration": datetime.timedelta(hours=23)}
    asked = {"parent": RING, "crypto_key_id": "short", "crypto_key": short}
    refused(exceptions.InvalidArgument, lambda: client.create_crypto_key(request=asked))
    ok("errors")


def paging(client):
    many = f"{LOCATION}/keyRings/many"
    client.create_key_ring(parent=LOCATION, key_ring_id="many", key_ring={})

    def make(number):
        labels = {"shard": str(number % 100)}
        client.create_crypto_key(
            request={
                "parent": many,
                "crypto_key_id": f"key-{number:04}",
                "crypto_key": {**SYMMETRIC, "labels": labels},
                "skip_initial_version_creation": True,
            }
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(2500)))
    wanted = [f"{many}/cryptoKeys/key-{number:04}" for number in range(2500)]
    pages = list(client.list_crypto_keys(request={"parent": many, "page_size": 1000}).pages)
    same([len(page.crypto_keys) for page in pages], [1000, 1000, 500], "keys on each page")
    same([page.total_size for page in pages], [2500] * 3, "size of the whole list")
    same([key.name for page in pages for key in page.crypto_keys], wanted, "keys in pages of 1,000")
    same([key.name for key in client.list_crypto_keys(parent=many)], wanted, "keys in pages as the server likes")
    expect("primary" not in pages[0].crypto_keys[0], "a key without versions has a primary")
    foreign = {"parent": RING, "page_token": pages[0].next_page_token}
    refused(exceptions.InvalidArgument, lambda: client.list_crypto_keys(request=foreign))
    ok("paging")

    filtered = client.list_crypto_keys(request={"parent": many, "filter": "labels.shard=7", "page_size": 10})
    pages = list(filtered.pages)
    same([key.name for page in pages for key in page.crypto_keys], wanted[7::100], "keys that the filter passes")
    same(pages[0].total_size, 0, "size of a filtered list, which is not told")
    last = next(iter(client.list_crypto_keys(request={"parent": many, "order_by": "name desc"})))
    same(last.name, wanted[-1], "first key from the end")
    either = "name:key-0001 OR name:key-2499"
    found = [key.name for key in client.list_crypto_keys(request={"parent": many, "filter": either})]
    same(found, [wanted[1], wanted[2499]], "keys that either filter passes")
    same(list(client.list_crypto_keys(request={"parent": many, "filter": "primary.state=ENABLED"})), [], "enabled primaries")
    refused(exceptions.InvalidArgument, lambda: client.list_crypto_keys(request={"parent": many, "filter": "((("}))
    ok("filter and order")


def policies(client):
    before = client.get_iam_policy(request={"resource": KEY})
    same(list(before.bindings), [], "bindings before any was set")
    role = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
    binding = {"role": role, "members": ["user:ann@example.com"]}
    policy = {"bindings": [binding], "etag": before.etag}
    client.set_iam_policy(request={"resource": KEY, "policy": policy})
    after = client.get_iam_policy(request={"resource": KEY})
    same([(each.role, list(each.members)) for each in after.bindings], [(role, binding["members"])], "bindings")
    refused(exceptions.Aborted, lambda: client.set_iam_policy(request={"resource": KEY, "policy": policy}))
    asked = ["cloudkms.cryptoKeyVersions.useToEncrypt", "cloudkms.cryptoKeyVersions.destroy"]
    may = client.test_iam_permissions(request={"resource": KEY, "permissions": asked})
    same(list(may.permissions), asked, "what the owner may do")
    may = client.test_iam_permissions(request={"resource": KEY, "permissions": asked}, metadata=ANN)
    same(list(may.permissions), asked[:1], "what Ann may do")
    ok("policies")


def permissions(client):
    made = encrypt(client, KEY, metadata=ANN)
    same(decrypt(client, made.ciphertext, metadata=ANN).plaintext, TEXT, "plaintext")
    said = f"Permission 'cloudkms.cryptoKeys.get' denied on resource '{KEY}' (or it may not exist)."
    refused(exceptions.PermissionDenied, lambda: client.get_crypto_key(name=KEY, metadata=ANN), said)
    destroy = lambda: client.destroy_crypto_key_version(name=version(1), metadata=ANN)
    refused(exceptions.PermissionDenied, destroy, "cloudkms.cryptoKeyVersions.destroy")
    absent = f"{RING}/cryptoKeys/absent"
    refused(exceptions.PermissionDenied, lambda: client.get_crypto_key(name=absent, metadata=ANN), "may not exist")
    ok("permissions")


def random_bytes(client):
    def ask(length, level="HSM"):
        return client.generate_random_bytes(location=LOCATION, length_bytes=length, protection_level=level)

    answers = [ask(32), ask(32)]
    for answer in answers:
        same(len(answer.data), 32, "bytes")
        same(answer.data_crc32c, crc32c(answer.data), "checksum")
    expect(answers[0].data != answers[1].data, "the same bytes twice")
    refused(exceptions.InvalidArgument, lambda: ask(7))
    refused(exceptions.InvalidArgument, lambda: ask(1025))
    ok("random bytes")


def locations(client):
    found = client.list_locations(request={"name": "projects/interop"})
    ids = {location.location_id for location in found.locations}
    expect({"global", "europe", "europe-west3"} <= ids, f"locations are missing of {ids}")
    one = client.get_location(request={"name": LOCATION})
    same((one.name, one.location_id), (LOCATION, "europe-west3"), "location")
    absent = "projects/interop/locations/atlantis"
    refused(exceptions.NotFound, lambda: client.get_location(request={"name": absent}))
    ok("locations")


def not_served(client):
    call = lambda: client.decapsulate(request={"name": version(1), "ciphertext": b"c"})
    refused(exceptions.MethodNotImplemented, call, "Decapsulate")
    ok("not served")


def rotation_by_schedule(client, clock):
    name = f"{RING}/cryptoKeys/timed"
    start = clock.now()
    timed = {**SYMMETRIC, "destroy_scheduled_duration": DAY, "rotation_period": DAY, "next_rotation_time": start + DAY}
    client.create_crypto_key(parent=RING, crypto_key_id="timed", crypto_key=timed)
    old = encrypt(client, name)
    same(old.name, version(1, name), "version that encrypted")
    clock.set_rate(DAY.total_seconds())
    wait_until(lambda: client.get_crypto_key(name=name).primary.name != old.name, "another primary")
    clock.set_rate(1)
    key = client.get_crypto_key(name=name)
    # A slow machine may have seen more days than one.
    days = len(list(client.list_crypto_key_versions(parent=name))) - 1
    same(key.primary.name, version(days + 1, name), "primary")
    same(key.next_rotation_time, start + (days + 1) * DAY, "time of the next rotation")
    same(encrypt(client, name).name, key.primary.name, "version that encrypts now")
    opened = decrypt(client, old.ciphertext, key=name)
    same((opened.plaintext, opened.used_primary), (TEXT, False), "plaintext, and whether the primary was used")
    ok("rotation by schedule")
    return old


def destruction_for_good(client, clock, old):
    name = old.name.rsplit("/", 2)[0]
    due = client.destroy_crypto_key_version(name=old.name).destroy_time
    clock.move(DAY + datetime.timedelta(minutes=1))
    gone = client.get_crypto_key_version(name=old.name)
    same((gone.state, gone.destroy_event_time, gone.destroy_time), (State.DESTROYED, due, None), "version past its time")
    error = refused(exceptions.FailedPrecondition, lambda: decrypt(client, old.ciphertext, key=name), "DESTROYED")
    same(violation(error), ("KEY_DESTROYED", old.name), "violation")
    refused(exceptions.FailedPrecondition, lambda: client.restore_crypto_key_version(name=old.name))
    refused(exceptions.FailedPrecondition, lambda: set_state(client, old.name, State.ENABLED))
    ok("destruction for good")


def main():
    transport, endpoint = sys.argv[1:]
    client = client_of(transport, endpoint)
    rings(client)
    keys(client)
    encrypt_and_decrypt(client)
    checksums(client)
    another_aad(client)
    encrypt_to_a_version(client)
    old = rotate(client)
    disable_and_enable(client, old)
    destroy_and_restore(client, old)
    update_by_mask(client)
    errors(client)
    paging(client)
    policies(client)
    permissions(client)
    random_bytes(client)
    locations(client)
    not_served(client)
    clock = Clock(endpoint)
    destruction_for_good(client, clock, rotation_by_schedule(client, clock))


if __name__ == "__main__":
    main()
