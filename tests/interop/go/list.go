package main

import (
	"context"
	"fmt"
	"time"

	kms "cloud.google.com/go/kms/apiv1"
	pb "cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	location = "projects/interop/locations/europe-west3"
	ring     = location + "/keyRings/ring"
	key      = ring + "/cryptoKeys/key"
	usual    = ring + "/cryptoKeys/usual"
	absent   = ring + "/cryptoKeys/absent"
	day      = 24 * time.Hour

	enabled          = pb.CryptoKeyVersion_ENABLED
	disabled         = pb.CryptoKeyVersion_DISABLED
	destroyScheduled = pb.CryptoKeyVersion_DESTROY_SCHEDULED
	destroyed        = pb.CryptoKeyVersion_DESTROYED
)

var (
	text = []byte("Grüße, a data key")
	aad  = []byte("projects/interop/objects/1")
)

// list is the interop list, the same in the three languages.
type list struct {
	ctx    context.Context
	client *kms.KeyManagementClient
	clock  clock
}

func version(number int, of string) string {
	return fmt.Sprintf("%s/cryptoKeyVersions/%d", of, number)
}

func symmetric() *pb.CryptoKey {
	return &pb.CryptoKey{Purpose: pb.CryptoKey_ENCRYPT_DECRYPT}
}

// all takes what an iterator gives. A page is fetched when it is needed.
func all[T any](next func() (T, error)) ([]T, error) {
	found := []T{}
	for {
		one, err := next()
		if err == iterator.Done {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
}

func names[T interface{ GetName() string }](resources []T) []string {
	found := []string{}
	for _, resource := range resources {
		found = append(found, resource.GetName())
	}
	return found
}

// tryEncrypt encrypts with checksums both ways, as Google asks of its callers.
func (l *list) tryEncrypt(ctx context.Context, name string, text, aad []byte) (*pb.EncryptResponse, error) {
	answer, err := l.client.Encrypt(ctx, &pb.EncryptRequest{
		Name:                              name,
		Plaintext:                         text,
		PlaintextCrc32C:                   crc32c(text),
		AdditionalAuthenticatedData:       aad,
		AdditionalAuthenticatedDataCrc32C: crc32c(aad),
	})
	if err != nil {
		return nil, err
	}
	expect(answer.VerifiedPlaintextCrc32C, "the checksum of the plaintext was not verified")
	expect(answer.VerifiedAdditionalAuthenticatedDataCrc32C, "the checksum of the AAD was not verified")
	sameMessage(answer.CiphertextCrc32C, crc32c(answer.Ciphertext), "checksum of the ciphertext")
	return answer, nil
}

func (l *list) encrypt(name string) *pb.EncryptResponse {
	return must(l.tryEncrypt(l.ctx, name, text, aad))
}

func (l *list) tryDecrypt(ctx context.Context, name string, ciphertext, aad []byte) (*pb.DecryptResponse, error) {
	answer, err := l.client.Decrypt(ctx, &pb.DecryptRequest{
		Name:                              name,
		Ciphertext:                        ciphertext,
		CiphertextCrc32C:                  crc32c(ciphertext),
		AdditionalAuthenticatedData:       aad,
		AdditionalAuthenticatedDataCrc32C: crc32c(aad),
	})
	if err != nil {
		return nil, err
	}
	sameMessage(answer.PlaintextCrc32C, crc32c(answer.Plaintext), "checksum of the plaintext")
	same(answer.ProtectionLevel, pb.ProtectionLevel_SOFTWARE, "protection level")
	return answer, nil
}

// opens says whether the ciphertext opens to text, by the primary or by another version.
func (l *list) opens(name string, ciphertext []byte, usedPrimary bool) {
	answer := must(l.tryDecrypt(l.ctx, name, ciphertext, aad))
	same(string(answer.Plaintext), string(text), "plaintext")
	same(answer.UsedPrimary, usedPrimary, "whether the primary was used")
}

func (l *list) trySetState(name string, state pb.CryptoKeyVersion_CryptoKeyVersionState) (*pb.CryptoKeyVersion, error) {
	return l.client.UpdateCryptoKeyVersion(l.ctx, &pb.UpdateCryptoKeyVersionRequest{
		CryptoKeyVersion: &pb.CryptoKeyVersion{Name: name, State: state},
		UpdateMask:       &fieldmaskpb.FieldMask{Paths: []string{"state"}},
	})
}

func (l *list) setState(name string, state pb.CryptoKeyVersion_CryptoKeyVersionState) {
	same(must(l.trySetState(name, state)).State, state, "state")
}

func (l *list) version(name string) *pb.CryptoKeyVersion {
	return must(l.client.GetCryptoKeyVersion(l.ctx, &pb.GetCryptoKeyVersionRequest{Name: name}))
}

func (l *list) key(name string) *pb.CryptoKey {
	return must(l.client.GetCryptoKey(l.ctx, &pb.GetCryptoKeyRequest{Name: name}))
}

func (l *list) tryCreateKey(id string, asked *pb.CryptoKey) (*pb.CryptoKey, error) {
	return l.client.CreateCryptoKey(l.ctx, &pb.CreateCryptoKeyRequest{Parent: ring, CryptoKeyId: id, CryptoKey: asked})
}

func (l *list) tryCreateRing(id string) (*pb.KeyRing, error) {
	request := &pb.CreateKeyRingRequest{Parent: location, KeyRingId: id, KeyRing: &pb.KeyRing{}}
	return l.client.CreateKeyRing(l.ctx, request)
}

func violates(refusal *apierror.APIError, kind, subject string) {
	expect(refusal.Details().PreconditionFailure != nil, "no PreconditionFailure came along")
	violation := refusal.Details().PreconditionFailure.Violations[0]
	same([]string{violation.Type, violation.Subject}, []string{kind, subject}, "violation")
}

func (l *list) rings() {
	made := must(l.tryCreateRing("ring"))
	same(made.Name, ring, "name of the ring")
	expect(made.CreateTime != nil, "the ring has no time of creation")
	sameMessage(must(l.client.GetKeyRing(l.ctx, &pb.GetKeyRingRequest{Name: ring})), made, "the ring as read back")
	found := must(all(l.client.ListKeyRings(l.ctx, &pb.ListKeyRingsRequest{Parent: location}).Next))
	same(names(found), []string{ring}, "rings")
	global := "projects/interop/locations/global"
	found = must(all(l.client.ListKeyRings(l.ctx, &pb.ListKeyRingsRequest{Parent: global}).Next))
	same(names(found), []string{}, "rings of another location")
	ok("rings")
}

func (l *list) keys() {
	asked := symmetric()
	asked.Labels = map[string]string{"team": "alpha"}
	asked.DestroyScheduledDuration = durationpb.New(day)
	made := must(l.tryCreateKey("key", asked))
	same(made.Name, key, "name of the key")
	same(made.Primary.Name, version(1, key), "primary")
	same(made.Primary.State, enabled, "state of the primary")
	same(made.Primary.Algorithm, pb.CryptoKeyVersion_GOOGLE_SYMMETRIC_ENCRYPTION, "algorithm")
	same(made.VersionTemplate.ProtectionLevel, pb.ProtectionLevel_SOFTWARE, "protection level")
	same(made.DestroyScheduledDuration.AsDuration(), day, "time that a destruction waits")
	same(made.Labels, asked.Labels, "labels")
	sameMessage(l.key(key), made, "the key as read back")
	other := must(l.tryCreateKey("usual", symmetric()))
	same(other.DestroyScheduledDuration.AsDuration(), 30*day, "time that a destruction waits when nothing is said")
	found := must(all(l.client.ListCryptoKeys(l.ctx, &pb.ListCryptoKeysRequest{Parent: ring}).Next))
	same(names(found), []string{key, usual}, "keys")
	ok("keys")
}

func (l *list) encryptAndDecrypt() {
	for _, text := range [][]byte{text, {}, make([]byte, 65536)} {
		for _, aad := range [][]byte{aad, {}} {
			made := must(l.tryEncrypt(l.ctx, key, text, aad))
			same(made.Name, version(1, key), "version that encrypted")
			opened := must(l.tryDecrypt(l.ctx, key, made.Ciphertext, aad))
			same(string(opened.Plaintext), string(text), "plaintext")
			expect(opened.UsedPrimary, "the primary was not used")
		}
	}
	refused[*pb.EncryptResponse](codes.InvalidArgument, "")(l.tryEncrypt(l.ctx, key, make([]byte, 65537), aad))
	ok("encrypt and decrypt")
}

func (l *list) checksums() {
	bare := must(l.client.Encrypt(l.ctx, &pb.EncryptRequest{Name: key, Plaintext: text}))
	expect(!bare.VerifiedPlaintextCrc32C, "a checksum that was not sent cannot be verified")
	refused[*pb.EncryptResponse](
		codes.InvalidArgument,
		"The checksum in field plaintext_crc32c did not match the data in field plaintext.",
	)(l.client.Encrypt(l.ctx, &pb.EncryptRequest{Name: key, Plaintext: text, PlaintextCrc32C: wrong(text)}))
	refused[*pb.DecryptResponse](
		codes.InvalidArgument,
		"The checksum in field ciphertext_crc32c did not match the data in field ciphertext.",
	)(l.client.Decrypt(l.ctx, &pb.DecryptRequest{
		Name:             key,
		Ciphertext:       bare.Ciphertext,
		CiphertextCrc32C: wrong(bare.Ciphertext),
	}))
	ok("checksums")
}

func (l *list) anotherAAD() {
	made := l.encrypt(key).Ciphertext
	failed := refused[*pb.DecryptResponse](codes.InvalidArgument, "Decryption failed")
	failed(l.tryDecrypt(l.ctx, key, made, nil))
	failed(l.tryDecrypt(l.ctx, key, made, append(aad, '0')))
	failed(l.tryDecrypt(l.ctx, key, made[:len(made)-1], aad))
	failed(l.tryDecrypt(l.ctx, key, []byte("nothing like it"), aad))
	failed(l.tryDecrypt(l.ctx, usual, made, aad))
	ok("another AAD")
}

func (l *list) encryptToAVersion() {
	request := &pb.CreateCryptoKeyVersionRequest{Parent: key, CryptoKeyVersion: &pb.CryptoKeyVersion{}}
	second := must(l.client.CreateCryptoKeyVersion(l.ctx, request))
	same(second.Name, version(2, key), "second version")
	same(second.State, enabled, "its state")
	same(l.key(key).Primary.Name, version(1, key), "primary after a version was made")
	made := l.encrypt(version(2, key))
	same(made.Name, version(2, key), "version that encrypted")
	l.opens(key, made.Ciphertext, false)
	ok("encrypt to a version")
}

func (l *list) tryPrimary(id string) (*pb.CryptoKey, error) {
	request := &pb.UpdateCryptoKeyPrimaryVersionRequest{Name: key, CryptoKeyVersionId: id}
	return l.client.UpdateCryptoKeyPrimaryVersion(l.ctx, request)
}

func (l *list) rotate() []byte {
	old := l.encrypt(key)
	same(old.Name, version(1, key), "version that encrypted")
	same(must(l.tryPrimary("2")).Primary.Name, version(2, key), "primary")
	same(l.encrypt(key).Name, version(2, key), "version that encrypts now")
	l.opens(key, old.Ciphertext, false)
	found := must(all(l.client.ListCryptoKeyVersions(l.ctx, &pb.ListCryptoKeyVersionsRequest{Parent: key}).Next))
	same(names(found), []string{version(1, key), version(2, key)}, "versions")
	ok("rotate")
	return old.Ciphertext
}

func (l *list) disableAndEnable(old []byte) {
	first := version(1, key)
	l.setState(first, disabled)
	same(l.version(first).State, disabled, "state as read back")
	said := first + " is not enabled, current state is: DISABLED."
	refusal := refused[*pb.DecryptResponse](codes.FailedPrecondition, said)(l.tryDecrypt(l.ctx, key, old, aad))
	violates(refusal, "KEY_DISABLED", first)
	refused[*pb.EncryptResponse](codes.FailedPrecondition, said)(l.tryEncrypt(l.ctx, first, text, aad))
	l.setState(first, enabled)
	l.opens(key, old, false)
	refused[*pb.CryptoKeyVersion](codes.InvalidArgument, "")(l.trySetState(first, destroyed))
	ok("disable and enable")
}

func (l *list) tryDestroy(ctx context.Context, name string) (*pb.CryptoKeyVersion, error) {
	return l.client.DestroyCryptoKeyVersion(ctx, &pb.DestroyCryptoKeyVersionRequest{Name: name})
}

func (l *list) tryRestore(name string) (*pb.CryptoKeyVersion, error) {
	return l.client.RestoreCryptoKeyVersion(l.ctx, &pb.RestoreCryptoKeyVersionRequest{Name: name})
}

func (l *list) destroyAndRestore(old []byte) {
	first := version(1, key)
	scheduled := must(l.tryDestroy(l.ctx, first))
	same(scheduled.State, destroyScheduled, "state")
	left := time.Until(scheduled.DestroyTime.AsTime())
	expect((left-day).Abs() < 5*time.Minute, fmt.Sprintf("%s left, not a day", left))
	refusal := refused[*pb.DecryptResponse](codes.FailedPrecondition, "DESTROY_SCHEDULED")(l.tryDecrypt(l.ctx, key, old, aad))
	violates(refusal, "KEY_DESTROY_SCHEDULED", first)
	said := "Resource " + first + " has value DESTROY_SCHEDULED in field crypto_key_version.state."
	refused[*pb.CryptoKeyVersion](codes.FailedPrecondition, said)(l.tryDestroy(l.ctx, first))
	refused[*pb.CryptoKeyVersion](codes.FailedPrecondition, "")(l.trySetState(first, enabled))
	restored := must(l.tryRestore(first))
	same(restored.State, disabled, "state")
	expect(restored.DestroyTime == nil, "a restored version has a time of destruction")
	refused[*pb.CryptoKeyVersion](codes.FailedPrecondition, "")(l.tryRestore(first))
	l.setState(first, enabled)
	l.opens(key, old, false)
	ok("destroy and restore")
}

func (l *list) tryUpdate(fields *pb.CryptoKey, paths ...string) (*pb.CryptoKey, error) {
	fields.Name = key
	mask := &fieldmaskpb.FieldMask{Paths: paths}
	return l.client.UpdateCryptoKey(l.ctx, &pb.UpdateCryptoKeyRequest{CryptoKey: fields, UpdateMask: mask})
}

func rotation(period time.Duration, next time.Time, labels map[string]string) *pb.CryptoKey {
	return &pb.CryptoKey{
		Labels:           labels,
		RotationSchedule: &pb.CryptoKey_RotationPeriod{RotationPeriod: durationpb.New(period)},
		NextRotationTime: timestamppb.New(next),
	}
}

func (l *list) updateByMask() {
	now := must(l.client.GetKeyRing(l.ctx, &pb.GetKeyRingRequest{Name: ring})).CreateTime.AsTime()
	next := now.Add(90 * day)
	labels := map[string]string{"team": "beta", "tier": "1"}
	changed := must(l.tryUpdate(rotation(90*day, next, labels), "labels"))
	same(changed.Labels, labels, "labels")
	expect(changed.GetRotationPeriod() == nil, "a rotation period, which the mask did not name")
	changed = must(l.tryUpdate(rotation(90*day, next, nil), "rotation_period", "next_rotation_time"))
	same(changed.GetRotationPeriod().AsDuration(), 90*day, "rotation period")
	same(changed.NextRotationTime.AsTime(), next, "time of the next rotation")
	same(changed.Labels, labels, "labels, which the mask did not name")
	changed = must(l.tryUpdate(&pb.CryptoKey{}, "rotation_period", "next_rotation_time", "labels"))
	expect(changed.GetRotationPeriod() == nil && changed.NextRotationTime == nil, "what was taken away")
	same(len(changed.Labels), 0, "labels that were taken away")
	hour := rotation(time.Hour, next, nil)
	refused[*pb.CryptoKey](codes.InvalidArgument, "")(l.tryUpdate(hour, "rotation_period", "next_rotation_time"))
	refused[*pb.CryptoKey](codes.InvalidArgument, "")(l.tryUpdate(&pb.CryptoKey{Labels: labels}))
	ok("update by mask")
}

func (l *list) errors() {
	refused[*pb.KeyRing](codes.AlreadyExists, "")(l.tryCreateRing("ring"))
	refused[*pb.CryptoKey](codes.AlreadyExists, "")(l.tryCreateKey("key", symmetric()))
	refused[*pb.CryptoKey](codes.NotFound, absent)(l.client.GetCryptoKey(l.ctx, &pb.GetCryptoKeyRequest{Name: absent}))
	ninth := &pb.GetCryptoKeyVersionRequest{Name: version(9, key)}
	refused[*pb.CryptoKeyVersion](codes.NotFound, ninth.Name)(l.client.GetCryptoKeyVersion(l.ctx, ninth))
	refused[*pb.EncryptResponse](codes.NotFound, "")(l.tryEncrypt(l.ctx, absent, text, aad))
	refused[*pb.CryptoKey](codes.NotFound, "")(l.tryPrimary("9"))
	refused[*pb.KeyRing](codes.InvalidArgument, "")(l.tryCreateRing("no.dots"))
	short := symmetric()
	short.DestroyScheduledDuration = durationpb.New(23 * time.Hour)
	refused[*pb.CryptoKey](codes.InvalidArgument, "")(l.tryCreateKey("short", short))
	ok("errors")
}

func (l *list) notServed() {
	request := &pb.DecapsulateRequest{Name: version(1, key), Ciphertext: []byte("c")}
	refused[*pb.DecapsulateResponse](codes.Unimplemented, "Decapsulate")(l.client.Decapsulate(l.ctx, request))
	ok("not served")
}

func (l *list) rotationBySchedule() *pb.EncryptResponse {
	start := l.clock.now()
	asked := rotation(day, start.Add(day), nil)
	asked.Purpose = pb.CryptoKey_ENCRYPT_DECRYPT
	asked.DestroyScheduledDuration = durationpb.New(day)
	timed := must(l.tryCreateKey("timed", asked)).Name
	old := l.encrypt(timed)
	same(old.Name, version(1, timed), "version that encrypted")
	l.clock.setRate(day.Seconds())
	waitUntil(func() bool { return l.key(timed).Primary.Name != old.Name }, "another primary")
	l.clock.setRate(1)
	rotated := l.key(timed)
	// A slow machine may have seen more days than one.
	versions := must(all(l.client.ListCryptoKeyVersions(l.ctx, &pb.ListCryptoKeyVersionsRequest{Parent: timed}).Next))
	same(rotated.Primary.Name, version(len(versions), timed), "primary")
	next := start.Add(time.Duration(len(versions)) * day)
	same(rotated.NextRotationTime.AsTime(), next, "time of the next rotation")
	same(l.encrypt(timed).Name, rotated.Primary.Name, "version that encrypts now")
	l.opens(timed, old.Ciphertext, false)
	ok("rotation by schedule")
	return old
}

func (l *list) destructionForGood(old *pb.EncryptResponse) {
	due := must(l.tryDestroy(l.ctx, old.Name)).DestroyTime
	l.clock.move(day + time.Minute)
	gone := l.version(old.Name)
	same(gone.State, destroyed, "state past the time of destruction")
	sameMessage(gone.DestroyEventTime, due, "time at which it was destroyed")
	expect(gone.DestroyTime == nil, "a destroyed version has a time of destruction to come")
	timed := ring + "/cryptoKeys/timed"
	refusal := refused[*pb.DecryptResponse](codes.FailedPrecondition, "DESTROYED")(l.tryDecrypt(l.ctx, timed, old.Ciphertext, aad))
	violates(refusal, "KEY_DESTROYED", old.Name)
	refused[*pb.CryptoKeyVersion](codes.FailedPrecondition, "")(l.tryRestore(old.Name))
	refused[*pb.CryptoKeyVersion](codes.FailedPrecondition, "")(l.trySetState(old.Name, enabled))
	ok("destruction for good")
}
