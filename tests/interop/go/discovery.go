package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/cloudkms/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

const (
	oldLocation = "projects/discovery/locations/us-east1"
	oldRing     = oldLocation + "/keyRings/ring"
	oldKey      = oldRing + "/cryptoKeys/key"
	oldFirst    = oldKey + "/cryptoKeyVersions/1"
)

// generated is the list of discovery.txt, with the client that Google generates from its discovery document.
type generated struct {
	locations *cloudkms.ProjectsLocationsService
	rings     *cloudkms.ProjectsLocationsKeyRingsService
	keys      *cloudkms.ProjectsLocationsKeyRingsCryptoKeysService
	versions  *cloudkms.ProjectsLocationsKeyRingsCryptoKeysCryptoKeyVersionsService
}

func discovery(ctx context.Context, endpoint string) {
	service := must(cloudkms.NewService(ctx, option.WithEndpoint(endpoint+"/"), option.WithoutAuthentication()))
	locations := service.Projects.Locations
	g := generated{
		locations: locations,
		rings:     locations.KeyRings,
		keys:      locations.KeyRings.CryptoKeys,
		versions:  locations.KeyRings.CryptoKeys.CryptoKeyVersions,
	}
	g.ringsAndKeys()
	sealed := g.encryptAndDecrypt()
	g.versionsOf(sealed)
	g.updateByMask()
	g.paging()
	g.policies()
	g.locationsOf()
	g.errors()
}

// failed says that the call was refused with this HTTP status, and with this in the body.
func failed[T any](status int, said string) func(answer T, err error) {
	return func(answer T, err error) {
		var refusal *googleapi.Error
		if !errors.As(err, &refusal) {
			fail("%v, %v, and it should be refused with %d", answer, err, status)
		}
		if refusal.Code != status || !strings.Contains(refusal.Body, said) {
			fail("%v, and it should be %d with %q", refusal.Body, status, said)
		}
	}
}

func base64Of(data []byte) string {
	return base64.StdEncoding.EncodeToString(data)
}

func (g *generated) ringsAndKeys() {
	made := must(g.rings.Create(oldLocation, &cloudkms.KeyRing{}).KeyRingId("ring").Do())
	same(made.Name, oldRing, "name of the ring")
	asked := &cloudkms.CryptoKey{
		Purpose:                  "ENCRYPT_DECRYPT",
		Labels:                   map[string]string{"team": "alpha"},
		DestroyScheduledDuration: "86400s",
	}
	key := must(g.keys.Create(oldRing, asked).CryptoKeyId("key").Do())
	same(key.Primary.Name, oldFirst, "primary")
	same(key.VersionTemplate.Algorithm, "GOOGLE_SYMMETRIC_ENCRYPTION", "algorithm")
	same(key.DestroyScheduledDuration, "86400s", "time that a destruction waits")
	same(key.Labels, asked.Labels, "labels")
	read := must(g.keys.Get(oldKey).Do())
	same([]any{read.CreateTime, *read.Primary}, []any{key.CreateTime, *key.Primary}, "the key as read back")
	ok("rings and keys")
}

func (g *generated) encryptAndDecrypt() *cloudkms.DecryptRequest {
	made := must(g.keys.Encrypt(oldKey, &cloudkms.EncryptRequest{
		Plaintext:                   base64Of(text),
		PlaintextCrc32c:             crc32c(text).Value,
		AdditionalAuthenticatedData: base64Of(aad),
	}).Do())
	same(made.Name, oldFirst, "version that encrypted")
	expect(made.VerifiedPlaintextCrc32c, "the checksum of the plaintext was not verified")
	ciphertext := must(base64.StdEncoding.DecodeString(made.Ciphertext))
	same(made.CiphertextCrc32c, crc32c(ciphertext).Value, "checksum of the ciphertext")
	sealed := &cloudkms.DecryptRequest{
		Ciphertext:                  made.Ciphertext,
		AdditionalAuthenticatedData: base64Of(aad),
	}
	opened := must(g.keys.Decrypt(oldKey, sealed).Do())
	same(opened.Plaintext, base64Of(text), "plaintext")
	same(opened.PlaintextCrc32c, crc32c(text).Value, "checksum of the plaintext")
	bare := &cloudkms.DecryptRequest{Ciphertext: made.Ciphertext}
	failed[*cloudkms.DecryptResponse](http.StatusBadRequest, "Decryption failed")(g.keys.Decrypt(oldKey, bare).Do())
	ok("encrypt and decrypt")
	return sealed
}

func (g *generated) setState(state string) *cloudkms.CryptoKeyVersion {
	changed := &cloudkms.CryptoKeyVersion{State: state}
	return must(g.versions.Patch(oldFirst, changed).UpdateMask("state").Do())
}

func (g *generated) versionsOf(sealed *cloudkms.DecryptRequest) {
	second := must(g.versions.Create(oldKey, &cloudkms.CryptoKeyVersion{}).Do())
	primary := &cloudkms.UpdateCryptoKeyPrimaryVersionRequest{CryptoKeyVersionId: "2"}
	same(must(g.keys.UpdatePrimaryVersion(oldKey, primary).Do()).Primary.Name, second.Name, "primary")
	same(g.setState("DISABLED").State, "DISABLED", "state")
	failed[*cloudkms.DecryptResponse](http.StatusBadRequest, "KEY_DISABLED")(g.keys.Decrypt(oldKey, sealed).Do())
	scheduled := must(g.versions.Destroy(oldFirst, &cloudkms.DestroyCryptoKeyVersionRequest{}).Do())
	same(scheduled.State, "DESTROY_SCHEDULED", "state")
	restored := must(g.versions.Restore(oldFirst, &cloudkms.RestoreCryptoKeyVersionRequest{}).Do())
	same(restored.State, "DISABLED", "state")
	g.setState("ENABLED")
	opened := must(g.keys.Decrypt(oldKey, sealed).Do())
	same(opened.Plaintext, base64Of(text), "plaintext")
	expect(!opened.UsedPrimary, "the primary was used")
	ok("versions")
}

func (g *generated) updateByMask() {
	rotation := &cloudkms.CryptoKey{RotationPeriod: "7776000s", NextRotationTime: "2100-01-01T00:00:00Z"}
	changed := must(g.keys.Patch(oldKey, rotation).UpdateMask("rotationPeriod,nextRotationTime").Do())
	same(changed.RotationPeriod, rotation.RotationPeriod, "rotation period")
	same(changed.NextRotationTime, rotation.NextRotationTime, "time of the next rotation")
	same(changed.Labels, map[string]string{"team": "alpha"}, "labels, which the mask did not name")
	changed = must(g.keys.Patch(oldKey, &cloudkms.CryptoKey{}).UpdateMask("rotation_period,next_rotation_time,labels").Do())
	same([]any{changed.RotationPeriod, len(changed.Labels)}, []any{"", 0}, "what was taken away")
	failed[*cloudkms.CryptoKey](http.StatusBadRequest, "")(g.keys.Patch(oldKey, rotation).UpdateMask("nonsense").Do())
	ok("update by mask")
}

func (g *generated) paging() {
	wanted := []string{oldKey}
	for number := range 25 {
		asked := &cloudkms.CryptoKey{Purpose: "ENCRYPT_DECRYPT"}
		call := g.keys.Create(oldRing, asked).CryptoKeyId(fmt.Sprintf("page-%02d", number))
		wanted = append(wanted, must(call.SkipInitialVersionCreation(true).Do()).Name)
	}
	found := []string{}
	err := g.keys.List(oldRing).PageSize(10).Pages(context.Background(), func(page *cloudkms.ListCryptoKeysResponse) error {
		for _, key := range page.CryptoKeys {
			found = append(found, key.Name)
		}
		return nil
	})
	expect(err == nil, fmt.Sprint(err))
	same(found, wanted, "keys in pages of 10")
	ok("paging")
}

func (g *generated) policies() {
	before := must(g.keys.GetIamPolicy(oldKey).OptionsRequestedPolicyVersion(3).Do())
	binding := &cloudkms.Binding{Role: "roles/cloudkms.viewer", Members: []string{"user:ann@example.com"}}
	policy := &cloudkms.Policy{Bindings: []*cloudkms.Binding{binding}, Etag: before.Etag}
	must(g.keys.SetIamPolicy(oldKey, &cloudkms.SetIamPolicyRequest{Policy: policy}).Do())
	after := must(g.keys.GetIamPolicy(oldKey).Do())
	same(len(after.Bindings), 1, "bindings")
	same(*after.Bindings[0], *binding, "binding")
	stale := &cloudkms.SetIamPolicyRequest{Policy: policy}
	failed[*cloudkms.Policy](http.StatusConflict, "ABORTED")(g.keys.SetIamPolicy(oldKey, stale).Do())
	ok("policies")
}

func (g *generated) locationsOf() {
	found := must(g.locations.List("projects/discovery").Do())
	expect(len(found.Locations) > 20, "locations are missing")
	same(must(g.locations.Get(oldLocation).Do()).LocationId, "us-east1", "location")
	ok("locations")
}

func (g *generated) errors() {
	failed[*cloudkms.CryptoKey](http.StatusNotFound, "NOT_FOUND")(g.keys.Get(oldRing + "/cryptoKeys/absent").Do())
	again := g.rings.Create(oldLocation, &cloudkms.KeyRing{}).KeyRingId("ring")
	failed[*cloudkms.KeyRing](http.StatusConflict, "ALREADY_EXISTS")(again.Do())
	unserved := g.versions.Decapsulate(oldFirst, &cloudkms.DecapsulateRequest{})
	failed[*cloudkms.DecapsulateResponse](http.StatusNotImplemented, "Decapsulate")(unserved.Do())
	ok("errors")
}
