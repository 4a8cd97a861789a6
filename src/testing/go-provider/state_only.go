package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// stateOnly is what types without an object outside the state share: nothing to read, nothing to delete.
type stateOnly struct{}

func (stateOnly) Read(_ context.Context, _ resource.ReadRequest, _ *resource.ReadResponse) {}

func (stateOnly) Delete(_ context.Context, _ resource.DeleteRequest, _ *resource.DeleteResponse) {}
