package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// clock is the emulator's time, which its own interface steers.
type clock struct{ endpoint string }

// now is in whole seconds.
func (c clock) now() time.Time {
	return c.call(http.MethodGet, "", nil).Now.Truncate(time.Second)
}

// move has carried out what is due by then when it returns.
func (c clock) move(by time.Duration) {
	c.call(http.MethodPost, ":move", map[string]any{"by": fmt.Sprintf("%ds", int(by.Seconds()))})
}

// setRate is in emulated seconds a second.
func (c clock) setRate(rate float64) {
	c.call(http.MethodPost, ":setRate", map[string]any{"rate": rate})
}

func (c clock) call(method, verb string, body any) (shown struct{ Now time.Time }) {
	var sent bytes.Buffer
	if body != nil {
		sent.Write(must(json.Marshal(body)))
	}
	request := must(http.NewRequest(method, c.endpoint+"/emulator/v1/clock"+verb, &sent))
	request.Header.Set("Content-Type", "application/json")
	answer := must(http.DefaultClient.Do(request))
	defer answer.Body.Close()
	same(answer.StatusCode, http.StatusOK, "answer of the clock")
	if err := json.NewDecoder(answer.Body).Decode(&shown); err != nil {
		fail("answer of the clock: %v", err)
	}
	return shown
}

// waitUntil looks again until it holds: for what comes by itself, and takes as long as it takes.
func waitUntil(holds func() bool, what string) {
	deadline := time.Now().Add(time.Minute)
	for !holds() {
		expect(time.Now().Before(deadline), "still not: "+what)
		time.Sleep(20 * time.Millisecond)
	}
}
