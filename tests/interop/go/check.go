package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"reflect"
	"runtime"
	"strings"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/googleapi"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func ok(fact string) {
	fmt.Println("ok", fact)
}

// fail ends the program, and names the line of the list that called the check.
func fail(format string, arguments ...any) {
	_, file, line, _ := runtime.Caller(2)
	fmt.Fprintf(os.Stderr, "%s:%d: %s\n", file, line, fmt.Sprintf(format, arguments...))
	os.Exit(1)
}

func must[T any](value T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return value
}

func expect(holds bool, what string) {
	if !holds {
		fail("%s", what)
	}
}

func same(found, wanted any, what string) {
	if !reflect.DeepEqual(found, wanted) {
		fail("%s: %v, and it should be %v", what, found, wanted)
	}
}

func sameMessage(found, wanted proto.Message, what string) {
	if !proto.Equal(found, wanted) {
		fail("%s: %v, and it should be %v", what, found, wanted)
	}
}

// refused is the client's own error with exactly this code, and said in its message.
func refused[T any](wanted codes.Code, said string) func(answer T, err error) *apierror.APIError {
	return func(answer T, err error) *apierror.APIError {
		if err == nil {
			fail("%v, and it should be refused as %s", answer, wanted)
		}
		var refusal *apierror.APIError
		if !errors.As(err, &refusal) {
			fail("%v: not the client's own error", err)
		}
		if found := codeOf(refusal); found != wanted || !strings.Contains(err.Error(), said) {
			fail("%s: %v, and it should be %s with %q", found, err, wanted, said)
		}
		return refusal
	}
}

// codeOf reads the code over gRPC from the status, and over REST from the body: one HTTP status stands for several codes.
func codeOf(refusal *apierror.APIError) codes.Code {
	var answer *googleapi.Error
	if !errors.As(refusal.Unwrap(), &answer) {
		return status.Code(refusal)
	}
	var body struct {
		Error struct{ Status string }
	}
	if err := json.Unmarshal([]byte(answer.Body), &body); err != nil {
		return codes.Unknown
	}
	return codes.Code(code.Code_value[body.Error.Status])
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func crc32c(data []byte) *wrapperspb.Int64Value {
	return wrapperspb.Int64(int64(crc32.Checksum(data, castagnoli)))
}

// wrong is a checksum of anything but data.
func wrong(data []byte) *wrapperspb.Int64Value {
	return wrapperspb.Int64(crc32c(data).Value ^ 1)
}
