"""A client made from Google's discovery document, as google-api-python-client bundles it: `discovery.py http://HOST:PORT`."""

import base64
import json
import sys

import httplib2
from google.api_core.client_options import ClientOptions
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from check import crc32c, expect, ok, refused, same

LOCATION = "projects/discovery/locations/us-east1"
RING = f"{LOCATION}/keyRings/ring"
KEY = f"{RING}/cryptoKeys/key"
FIRST = f"{KEY}/cryptoKeyVersions/1"
TEXT = b"\xff\xfb a data key"
AAD = b"\xfe\xff"
SYMMETRIC = {"purpose": "ENCRYPT_DECRYPT"}


def client_of(endpoint):
    # Every call is taken from the bundled document, and no credentials are looked for.
    options = ClientOptions(api_endpoint=endpoint)
    built = discovery.build("cloudkms", "v1", http=httplib2.Http(), static_discovery=True, client_options=options)
    return built.projects().locations()


def encoded(data):
    return base64.b64encode(data).decode()


def failed(code, status, call, said=""):
    """The body of the refusal that `call` must meet."""
    error = refused(HttpError, call.execute)
    body = json.loads(error.content)["error"]
    same((error.resp.status, body["code"], body["status"]), (code, code, status), body["message"])
    expect(said in body["message"], f"{body['message']}: without {said}")
    return body


def rings_and_keys(rings):
    made = rings.create(parent=LOCATION, keyRingId="ring", body={}).execute()
    same(made["name"], RING, "name of the ring")
    same(rings.get(name=RING).execute(), made, "the ring as read back")
    asked = {**SYMMETRIC, "labels": {"team": "alpha"}, "destroyScheduledDuration": "86400s"}
    made = rings.cryptoKeys().create(parent=RING, cryptoKeyId="key", body=asked).execute()
    same({field: made[field] for field in asked}, asked, "what was asked for")
    wanted = {"protectionLevel": "SOFTWARE", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"}
    same(made["versionTemplate"], wanted, "version template")
    same((made["primary"]["name"], made["primary"]["state"]), (FIRST, "ENABLED"), "primary")
    same(rings.cryptoKeys().get(name=KEY).execute(), made, "the key as read back")
    expect("rotationPeriod" not in made and "importOnly" not in made, f"fields that nobody set: {made}")
    ok("rings and keys")


def encrypt_and_decrypt(keys):
    aad = {"additionalAuthenticatedData": encoded(AAD)}
    asked = {"plaintext": encoded(TEXT), "plaintextCrc32c": str(crc32c(TEXT)), **aad}
    made = keys.encrypt(name=KEY, body=asked).execute()
    ciphertext = base64.b64decode(made["ciphertext"])
    same((made["name"], made["verifiedPlaintextCrc32c"]), (FIRST, True), "version, and the checksum of the plaintext")
    same(made["ciphertextCrc32c"], str(crc32c(ciphertext)), "checksum of the ciphertext")
    opened = keys.decrypt(name=KEY, body={"ciphertext": made["ciphertext"], **aad}).execute()
    same((opened["plaintext"], opened["usedPrimary"]), (encoded(TEXT), True), "plaintext")
    same(opened["plaintextCrc32c"], str(crc32c(TEXT)), "checksum of the plaintext")
    # Both alphabets of base64 are taken, as Google takes them.
    url_safe = base64.urlsafe_b64encode(ciphertext).decode().rstrip("=")
    opened = keys.decrypt(name=KEY, body={"ciphertext": url_safe, **aad}).execute()
    same(opened["plaintext"], encoded(TEXT), "plaintext")
    failed(400, "INVALID_ARGUMENT", keys.decrypt(name=KEY, body={"ciphertext": made["ciphertext"]}), "Decryption failed")
    ok("encrypt and decrypt")
    return {"ciphertext": made["ciphertext"], **aad}


def versions(keys, sealed):
    versions = keys.cryptoKeyVersions()
    second = versions.create(parent=KEY, body={}).execute()
    keys.updatePrimaryVersion(name=KEY, body={"cryptoKeyVersionId": "2"}).execute()
    same(keys.get(name=KEY).execute()["primary"]["name"], second["name"], "primary")
    changed = versions.patch(name=FIRST, updateMask="state", body={"state": "DISABLED"}).execute()
    same(changed["state"], "DISABLED", "state")
    body = failed(400, "FAILED_PRECONDITION", keys.decrypt(name=KEY, body=sealed), "is not enabled")
    wanted = ("type.googleapis.com/google.rpc.PreconditionFailure", "KEY_DISABLED", FIRST)
    detail = next(each for each in body["details"] if "violations" in each)
    violation = detail["violations"][0]
    same((detail["@type"], violation["type"], violation["subject"]), wanted, "violation")
    same(versions.destroy(name=FIRST, body={}).execute()["state"], "DESTROY_SCHEDULED", "state")
    same(versions.restore(name=FIRST, body={}).execute()["state"], "DISABLED", "state")
    versions.patch(name=FIRST, updateMask="state", body={"state": "ENABLED"}).execute()
    opened = keys.decrypt(name=KEY, body=sealed).execute()
    same(opened["plaintext"], encoded(TEXT), "plaintext")
    # What is false is left out of JSON.
    same(opened.get("usedPrimary", False), False, "whether the primary was used")
    found = versions.list(parent=KEY).execute()
    same([each["name"] for each in found["cryptoKeyVersions"]], [FIRST, second["name"]], "versions")
    ok("versions")


def update_by_mask(keys):
    rotation = {"rotationPeriod": "7776000s", "nextRotationTime": "2100-01-01T00:00:00Z"}
    # Masks come in the case of JSON from these clients, and in the case of the interface definition from others.
    changed = keys.patch(name=KEY, updateMask="rotationPeriod,nextRotationTime", body=rotation).execute()
    same({field: changed[field] for field in rotation}, rotation, "rotation")
    same(changed["labels"], {"team": "alpha"}, "labels, which the mask did not name")
    changed = keys.patch(name=KEY, updateMask="rotation_period,next_rotation_time,labels", body={}).execute()
    expect(not {"rotationPeriod", "nextRotationTime", "labels"} & changed.keys(), f"what was taken away: {changed}")
    failed(400, "INVALID_ARGUMENT", keys.patch(name=KEY, updateMask="nonsense", body={"labels": {}}))
    ok("update by mask")


def paging(keys):
    for number in range(25):
        asked = {**SYMMETRIC, "labels": {"even": str(number % 2 == 0).lower()}}
        keys.create(parent=RING, cryptoKeyId=f"page-{number:02}", skipInitialVersionCreation=True, body=asked).execute()
    wanted = [KEY, *(f"{RING}/cryptoKeys/page-{number:02}" for number in range(25))]
    request, found = keys.list(parent=RING, pageSize=10), []
    while request is not None:
        page = request.execute()
        same(page["totalSize"], 26, "size of the whole list")
        found += [key["name"] for key in page["cryptoKeys"]]
        request = keys.list_next(request, page)
    same(found, wanted, "keys in pages of 10")
    page = keys.list(parent=RING, filter="labels.even=true", orderBy="name desc").execute()
    same([key["name"] for key in page["cryptoKeys"]], wanted[-1:0:-2], "keys that the filter passes, from the end")
    ok("paging")


def policies(keys):
    before = keys.getIamPolicy(resource=KEY, options_requestedPolicyVersion=3).execute()
    binding = {"role": "roles/cloudkms.viewer", "members": ["user:ann@example.com"]}
    policy = {"bindings": [binding], "etag": before["etag"]}
    keys.setIamPolicy(resource=KEY, body={"policy": policy}).execute()
    same(keys.getIamPolicy(resource=KEY).execute()["bindings"], [binding], "bindings")
    failed(409, "ABORTED", keys.setIamPolicy(resource=KEY, body={"policy": policy}))
    asked = {"permissions": ["cloudkms.cryptoKeys.get"]}
    same(keys.testIamPermissions(resource=KEY, body=asked).execute(), asked, "what the owner may do")
    ok("policies")


def locations(client):
    found = client.list(name="projects/discovery").execute()["locations"]
    expect("us-east1" in [each["locationId"] for each in found], "us-east1 is missing")
    same(client.get(name=LOCATION).execute()["locationId"], "us-east1", "location")
    ok("locations")


def errors(rings):
    absent = f"{RING}/cryptoKeys/absent"
    failed(404, "NOT_FOUND", rings.cryptoKeys().get(name=absent), absent)
    failed(409, "ALREADY_EXISTS", rings.create(parent=LOCATION, keyRingId="ring", body={}))
    failed(400, "INVALID_ARGUMENT", rings.create(parent=LOCATION, keyRingId="no.dots", body={}))
    failed(400, "INVALID_ARGUMENT", rings.cryptoKeys().encrypt(name=KEY, body={"plaintext": "*"}))
    unserved = rings.cryptoKeys().cryptoKeyVersions().decapsulate(name=FIRST, body={})
    failed(501, "UNIMPLEMENTED", unserved, "Decapsulate")
    ok("errors")


def main():
    client = client_of(sys.argv[1])
    rings = client.keyRings()
    keys = rings.cryptoKeys()
    rings_and_keys(rings)
    versions(keys, encrypt_and_decrypt(keys))
    update_by_mask(keys)
    paging(keys)
    policies(keys)
    locations(client)
    errors(rings)


if __name__ == "__main__":
    main()
