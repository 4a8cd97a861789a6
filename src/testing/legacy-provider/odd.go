package main

import (
	"context"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
)

// oddServer puts off the calls that LEGACY_DEFERS names, comma-separated, though nobody allowed it to.
type oddServer struct {
	tfprotov5.ProviderServer
}

func deferred(call string) *tfprotov5.Deferred {
	for _, each := range strings.Split(os.Getenv("LEGACY_DEFERS"), ",") {
		if each == call {
			return &tfprotov5.Deferred{Reason: tfprotov5.DeferredReasonProviderConfigUnknown}
		}
	}
	return nil
}

func (s *oddServer) PlanResourceChange(ctx context.Context, req *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	resp, err := s.ProviderServer.PlanResourceChange(ctx, req)
	if resp != nil {
		resp.Deferred = deferred("plan")
	}
	return resp, err
}

func (s *oddServer) ReadResource(ctx context.Context, req *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	resp, err := s.ProviderServer.ReadResource(ctx, req)
	if resp != nil {
		resp.Deferred = deferred("read")
	}
	return resp, err
}

func (s *oddServer) ReadDataSource(ctx context.Context, req *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	resp, err := s.ProviderServer.ReadDataSource(ctx, req)
	if resp != nil {
		resp.Deferred = deferred("data")
	}
	return resp, err
}

func (s *oddServer) ImportResourceState(ctx context.Context, req *tfprotov5.ImportResourceStateRequest) (*tfprotov5.ImportResourceStateResponse, error) {
	resp, err := s.ProviderServer.ImportResourceState(ctx, req)
	if resp != nil {
		resp.Deferred = deferred("import")
	}
	return resp, err
}
