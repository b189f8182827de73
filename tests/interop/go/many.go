package main

import (
	"fmt"
	"sync"

	pb "cloud.google.com/go/kms/apiv1/kmspb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
)

const many = location + "/keyRings/many"

func wanted() []string {
	found := []string{}
	for number := range 2500 {
		found = append(found, fmt.Sprintf("%s/cryptoKeys/key-%04d", many, number))
	}
	return found
}

func (l *list) makeMany() {
	must(l.tryCreateRing("many"))
	var group sync.WaitGroup
	for first := range 4 {
		group.Go(func() {
			for number := first; number < 2500; number += 4 {
				asked := symmetric()
				asked.Labels = map[string]string{"shard": fmt.Sprint(number % 100)}
				must(l.client.CreateCryptoKey(l.ctx, &pb.CreateCryptoKeyRequest{
					Parent:                     many,
					CryptoKeyId:                fmt.Sprintf("key-%04d", number),
					CryptoKey:                  asked,
					SkipInitialVersionCreation: true,
				}))
			}
		})
	}
	group.Wait()
}

// pages fetches page by page, of the size that the request names.
func (l *list) pages(request *pb.ListCryptoKeysRequest) (pages []*pb.ListCryptoKeysResponse) {
	keys := l.client.ListCryptoKeys(l.ctx, request)
	pager := iterator.NewPager(keys, int(request.PageSize), "")
	for {
		var page []*pb.CryptoKey
		next := must(pager.NextPage(&page))
		pages = append(pages, keys.Response.(*pb.ListCryptoKeysResponse))
		if next == "" {
			return pages
		}
	}
}

func joined(pages []*pb.ListCryptoKeysResponse) []string {
	found := []string{}
	for _, page := range pages {
		found = append(found, names(page.CryptoKeys)...)
	}
	return found
}

func (l *list) paging() {
	l.makeMany()
	pages := l.pages(&pb.ListCryptoKeysRequest{Parent: many, PageSize: 1000})
	sizes, totals := []int{}, []int32{}
	for _, page := range pages {
		sizes, totals = append(sizes, len(page.CryptoKeys)), append(totals, page.TotalSize)
	}
	same(sizes, []int{1000, 1000, 500}, "keys on each page")
	same(totals, []int32{2500, 2500, 2500}, "size of the whole list")
	same(joined(pages), wanted(), "keys in pages of 1,000")
	expect(pages[0].CryptoKeys[0].Primary == nil, "a key without versions has a primary")
	found := must(all(l.client.ListCryptoKeys(l.ctx, &pb.ListCryptoKeysRequest{Parent: many}).Next))
	same(names(found), wanted(), "keys in pages as the server likes")
	foreign := &pb.ListCryptoKeysRequest{Parent: ring, PageToken: pages[0].NextPageToken}
	refused[*pb.CryptoKey](codes.InvalidArgument, "")(l.client.ListCryptoKeys(l.ctx, foreign).Next())
	ok("paging")
}

func (l *list) filterAndOrder() {
	shard := l.pages(&pb.ListCryptoKeysRequest{Parent: many, Filter: "labels.shard=7", PageSize: 10})
	passed := []string{}
	for number := 7; number < 2500; number += 100 {
		passed = append(passed, wanted()[number])
	}
	same(joined(shard), passed, "keys that the filter passes")
	same(shard[0].TotalSize, int32(0), "size of a filtered list, which is not told")
	descending := &pb.ListCryptoKeysRequest{Parent: many, OrderBy: "name desc"}
	last := must(l.client.ListCryptoKeys(l.ctx, descending).Next())
	same(last.Name, wanted()[2499], "first key from the end")
	either := "name:key-0001 OR name:key-2499"
	found := must(all(l.client.ListCryptoKeys(l.ctx, &pb.ListCryptoKeysRequest{Parent: many, Filter: either}).Next))
	same(names(found), []string{wanted()[1], wanted()[2499]}, "keys that either filter passes")
	primary := &pb.ListCryptoKeysRequest{Parent: many, Filter: "primary.state=ENABLED"}
	same(len(must(all(l.client.ListCryptoKeys(l.ctx, primary).Next))), 0, "enabled primaries")
	malformed := &pb.ListCryptoKeysRequest{Parent: many, Filter: "((("}
	refused[*pb.CryptoKey](codes.InvalidArgument, "")(l.client.ListCryptoKeys(l.ctx, malformed).Next())
	ok("filter and order")
}
