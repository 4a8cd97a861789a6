package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// faultyServer is the real server with faults round its calls. FIXTURE_FAULTS holds a JSON list of faults, or `@file`,
// which is read again at every call so that a test can change its mind.
type faultyServer struct {
	tfprotov6.ProviderServer
}

// fault is one thing to do wrong.
type fault struct {
	// Call is the protocol's name of it, or `*`.
	Call string `json:"call"`
	// Do is one of noise, crash_before, crash_after, hang_before, hang_after, slow, error_before, error_after, lose_state,
	// change_state, leave_unknown, wrong_type.
	Do string `json:"do"`
	// Ms is for slow.
	Ms int `json:"ms"`
	// Once names a file that is made when the fault happens; while it is there the fault is off.
	Once string `json:"once"`
}

const crashCode = 7

func faultsFor(call string) []fault {
	text := os.Getenv("FIXTURE_FAULTS")
	if len(text) > 1 && text[0] == '@' {
		bytes, err := os.ReadFile(text[1:])
		if err != nil {
			return nil
		}
		text = string(bytes)
	}
	if text == "" {
		return nil
	}
	var all, mine []fault
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		fmt.Fprintln(os.Stderr, "FIXTURE_FAULTS:", err)
		os.Exit(1)
	}
	for _, each := range all {
		if (each.Call == call || each.Call == "*") && each.arm() {
			mine = append(mine, each)
		}
	}
	return mine
}

func (f fault) arm() bool {
	if f.Once == "" {
		return true
	}
	file, err := os.OpenFile(f.Once, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	_ = file.Close()
	return true
}

// makeNoise prints more than any pipe holds: a host that does not read it stops the provider.
func makeNoise() {
	for line := 0; line < 20_000; line++ {
		fmt.Println("noise on stdout, as programmers leave it behind")
		fmt.Fprintln(os.Stderr, "noise on stderr, as programmers leave it behind")
	}
}

func crash(call string) {
	fmt.Fprintln(os.Stderr, "panic: fault in", call)
	os.Exit(crashCode)
}

// before does what comes ahead of a call's effect and says whether the call is to fail without one.
func before(call string, faults []fault) bool {
	fails := false
	for _, each := range faults {
		switch each.Do {
		case "noise":
			makeNoise()
		case "crash_before":
			crash(call)
		case "hang_before":
			select {}
		case "slow":
			time.Sleep(time.Duration(each.Ms) * time.Millisecond)
		case "error_before":
			fails = true
		}
	}
	return fails
}

// after does what follows the effect, and names what the answer must suffer.
func after(call string, faults []fault) map[string]bool {
	wanted := map[string]bool{}
	for _, each := range faults {
		switch each.Do {
		case "crash_after":
			crash(call)
		case "hang_after":
			select {}
		}
		wanted[each.Do] = true
	}
	return wanted
}

func faultProblem(call string) []*tfprotov6.Diagnostic {
	return []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: "Fault", Detail: "fault in " + call}}
}

// spoil damages the object of an answer.
func spoil(value *tfprotov6.DynamicValue, wanted map[string]bool) *tfprotov6.DynamicValue {
	switch {
	case wanted["lose_state"]:
		return &tfprotov6.DynamicValue{MsgPack: []byte{0xc0}} // null
	case wanted["wrong_type"]:
		return &tfprotov6.DynamicValue{MsgPack: []byte{7}} // a number where an object belongs
	default:
		return value
	}
}

func (s *faultyServer) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	const call = "PlanResourceChange"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.PlanResourceChange(ctx, req)
	if wanted := after(call, faults); resp != nil {
		if wanted["change_state"] {
			resp.PlannedState = s.changeName(ctx, req.TypeName, resp.PlannedState)
		}
		resp.PlannedState = spoil(resp.PlannedState, wanted)
		if wanted["error_after"] {
			resp.Diagnostics = append(resp.Diagnostics, faultProblem(call)...)
		}
	}
	return resp, err
}

func (s *faultyServer) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	const call = "ApplyResourceChange"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PriorState, Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.ApplyResourceChange(ctx, req)
	if wanted := after(call, faults); resp != nil {
		if wanted["change_state"] {
			resp.NewState = s.changeName(ctx, req.TypeName, resp.NewState)
		}
		if wanted["leave_unknown"] {
			resp.NewState = s.leaveUnknown(ctx, req.TypeName, resp.NewState)
		}
		resp.NewState = spoil(resp.NewState, wanted)
		if wanted["error_after"] || wanted["lose_state"] {
			resp.Diagnostics = append(resp.Diagnostics, faultProblem(call)...)
		}
	}
	return resp, err
}

func (s *faultyServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	const call = "ReadResource"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.ReadResource(ctx, req)
	if wanted := after(call, faults); resp != nil {
		resp.NewState = spoil(resp.NewState, wanted)
	}
	return resp, err
}
