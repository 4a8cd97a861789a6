package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// changeName answers with another name than was planned: what hosts call an inconsistent result.
func (s *faultyServer) changeName(ctx context.Context, typeName string, state *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	return s.changed(ctx, typeName, state, "name", tftypes.NewValue(tftypes.String, "another name than planned"))
}

// leaveUnknown answers with a value that is to be known by then.
func (s *faultyServer) leaveUnknown(ctx context.Context, typeName string, state *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	return s.changed(ctx, typeName, state, "revision", tftypes.NewValue(tftypes.Number, tftypes.UnknownValue))
}

func (s *faultyServer) changed(ctx context.Context, typeName string, state *tfprotov6.DynamicValue, name string, to tftypes.Value) *tfprotov6.DynamicValue {
	changed, err := s.withAttribute(ctx, typeName, state, name, to)
	if err != nil {
		fmt.Fprintln(os.Stderr, "change_state:", err)
		os.Exit(1)
	}
	return changed
}

func (s *faultyServer) withAttribute(ctx context.Context, typeName string, state *tfprotov6.DynamicValue, name string, to tftypes.Value) (*tfprotov6.DynamicValue, error) {
	schemas, err := s.ProviderServer.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	objectType := schemas.ResourceSchemas[typeName].ValueType()
	value, err := state.Unmarshal(objectType)
	if err != nil || value.IsNull() {
		return state, err
	}
	attributes := map[string]tftypes.Value{}
	if err := value.As(&attributes); err != nil {
		return nil, err
	}
	attributes[name] = to
	changed, err := tfprotov6.NewDynamicValue(objectType, tftypes.NewValue(objectType, attributes))
	return &changed, err
}
