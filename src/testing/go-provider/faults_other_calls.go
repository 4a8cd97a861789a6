package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// The calls below have no object whose state could suffer: they crash, hang, are slow, or answer with an error.

func (s *faultyServer) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	const call = "GetProviderSchema"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.GetProviderSchemaResponse{Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.GetProviderSchema(ctx, req)
	after(call, faults)
	return resp, err
}

func (s *faultyServer) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	const call = "ConfigureProvider"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.ConfigureProviderResponse{Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.ConfigureProvider(ctx, req)
	after(call, faults)
	return resp, err
}

func (s *faultyServer) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	const call = "ValidateResourceConfig"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.ValidateResourceConfig(ctx, req)
	after(call, faults)
	return resp, err
}

func (s *faultyServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	const call = "UpgradeResourceState"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.UpgradeResourceStateResponse{Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.UpgradeResourceState(ctx, req)
	after(call, faults)
	return resp, err
}

func (s *faultyServer) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	const call = "ImportResourceState"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.ImportResourceStateResponse{Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.ImportResourceState(ctx, req)
	after(call, faults)
	return resp, err
}

func (s *faultyServer) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	const call = "ReadDataSource"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.ReadDataSourceResponse{Diagnostics: faultProblem(call)}, nil
	}
	resp, err := s.ProviderServer.ReadDataSource(ctx, req)
	after(call, faults)
	return resp, err
}

func (s *faultyServer) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	const call = "StopProvider"
	faults := faultsFor(call)
	if before(call, faults) {
		return &tfprotov6.StopProviderResponse{Error: "fault in " + call}, nil
	}
	resp, err := s.ProviderServer.StopProvider(ctx, req)
	after(call, faults)
	return resp, err
}
