// The interop lists with Google's Go clients: `interop grpc|rest|discovery http://HOST:PORT`.
//
// Only the endpoint, the plaintext channel, the anonymous credentials, and the clock at the end know of an emulator.
package main

import (
	"context"
	"net/url"
	"os"

	kms "cloud.google.com/go/kms/apiv1"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	transport, endpoint := os.Args[1], os.Args[2]
	if transport == "discovery" {
		discovery(context.Background(), endpoint)
		return
	}
	l := list{ctx: context.Background(), client: clientOf(transport, endpoint), clock: clock{endpoint}}
	defer l.client.Close()
	l.rings()
	l.keys()
	l.encryptAndDecrypt()
	l.checksums()
	l.anotherAAD()
	l.encryptToAVersion()
	old := l.rotate()
	l.disableAndEnable(old)
	l.destroyAndRestore(old)
	l.updateByMask()
	l.errors()
	l.paging()
	l.filterAndOrder()
	l.policies()
	l.permissions()
	l.randomBytes()
	l.locations()
	l.notServed()
	l.destructionForGood(l.rotationBySchedule())
}

func clientOf(transport, endpoint string) *kms.KeyManagementClient {
	ctx := context.Background()
	if transport == "rest" {
		return must(kms.NewKeyManagementRESTClient(ctx, option.WithEndpoint(endpoint), option.WithoutAuthentication()))
	}
	host := must(url.Parse(endpoint)).Host
	return must(kms.NewKeyManagementClient(
		ctx,
		option.WithEndpoint(host),
		option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	))
}
