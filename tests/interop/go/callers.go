package main

import (
	"bytes"
	"slices"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/googleapis/gax-go/v2/callctx"
	locationpb "google.golang.org/genproto/googleapis/cloud/location"
	"google.golang.org/grpc/codes"
)

// ann calls as someone: what callers may do is by the text of the bearer token.
func (l *list) ann() *list {
	ctx := callctx.SetHeaders(l.ctx, "authorization", "Bearer user:ann@example.com")
	return &list{ctx: ctx, client: l.client, clock: l.clock}
}

func (l *list) policy() *iampb.Policy {
	return must(l.client.GetIamPolicy(l.ctx, &iampb.GetIamPolicyRequest{Resource: key}))
}

func (l *list) may(permissions []string) []string {
	request := &iampb.TestIamPermissionsRequest{Resource: key, Permissions: permissions}
	return must(l.client.TestIamPermissions(l.ctx, request)).Permissions
}

func (l *list) policies() {
	before := l.policy()
	same(len(before.Bindings), 0, "bindings before any was set")
	binding := &iampb.Binding{
		Role:    "roles/cloudkms.cryptoKeyEncrypterDecrypter",
		Members: []string{"user:ann@example.com"},
	}
	policy := &iampb.Policy{Bindings: []*iampb.Binding{binding}, Etag: before.Etag}
	request := &iampb.SetIamPolicyRequest{Resource: key, Policy: policy}
	must(l.client.SetIamPolicy(l.ctx, request))
	after := l.policy()
	same(len(after.Bindings), 1, "bindings")
	sameMessage(after.Bindings[0], binding, "binding")
	refused[*iampb.Policy](codes.Aborted, "")(l.client.SetIamPolicy(l.ctx, request))
	asked := []string{"cloudkms.cryptoKeyVersions.useToEncrypt", "cloudkms.cryptoKeyVersions.destroy"}
	same(l.may(asked), asked, "what the owner may do")
	same(l.ann().may(asked), asked[:1], "what Ann may do")
	ok("policies")
}

func (l *list) permissions() {
	ann := l.ann()
	ann.opens(key, ann.encrypt(key).Ciphertext, true)
	refused[*pb.CryptoKey](
		codes.PermissionDenied,
		"Permission 'cloudkms.cryptoKeys.get' denied on resource '"+key+"' (or it may not exist).",
	)(l.client.GetCryptoKey(ann.ctx, &pb.GetCryptoKeyRequest{Name: key}))
	refused[*pb.CryptoKeyVersion](
		codes.PermissionDenied,
		"cloudkms.cryptoKeyVersions.destroy",
	)(l.tryDestroy(ann.ctx, version(1, key)))
	refused[*pb.CryptoKey](
		codes.PermissionDenied,
		"may not exist",
	)(l.client.GetCryptoKey(ann.ctx, &pb.GetCryptoKeyRequest{Name: absent}))
	ok("permissions")
}

func (l *list) tryRandom(length int32) (*pb.GenerateRandomBytesResponse, error) {
	return l.client.GenerateRandomBytes(l.ctx, &pb.GenerateRandomBytesRequest{
		Location:        location,
		LengthBytes:     length,
		ProtectionLevel: pb.ProtectionLevel_HSM,
	})
}

func (l *list) randomBytes() {
	one, other := must(l.tryRandom(32)), must(l.tryRandom(32))
	for _, answer := range []*pb.GenerateRandomBytesResponse{one, other} {
		same(len(answer.Data), 32, "bytes")
		sameMessage(answer.DataCrc32C, crc32c(answer.Data), "checksum")
	}
	expect(!bytes.Equal(one.Data, other.Data), "the same bytes twice")
	refused[*pb.GenerateRandomBytesResponse](codes.InvalidArgument, "")(l.tryRandom(7))
	refused[*pb.GenerateRandomBytesResponse](codes.InvalidArgument, "")(l.tryRandom(1025))
	ok("random bytes")
}

func (l *list) locations() {
	request := &locationpb.ListLocationsRequest{Name: "projects/interop"}
	ids := []string{}
	for _, location := range must(all(l.client.ListLocations(l.ctx, request).Next)) {
		ids = append(ids, location.LocationId)
	}
	for _, id := range []string{"global", "europe", "europe-west3"} {
		expect(slices.Contains(ids, id), "location "+id+" is missing")
	}
	one := must(l.client.GetLocation(l.ctx, &locationpb.GetLocationRequest{Name: location}))
	same([]string{one.Name, one.LocationId}, []string{location, "europe-west3"}, "location")
	atlantis := &locationpb.GetLocationRequest{Name: "projects/interop/locations/atlantis"}
	refused[*locationpb.Location](codes.NotFound, "")(l.client.GetLocation(l.ctx, atlantis))
	ok("locations")
}
