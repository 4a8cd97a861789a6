package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const (
	generatedAttributes = 25
	generatedBlocks     = 4
)

// generatedResource is one of many types that differ in their name only: a provider as large as those of the big clouds.
type generatedResource struct {
	stateOnly
	number int
}

func generatedResources(count int) []func() resource.Resource {
	makers := make([]func() resource.Resource, 0, count)
	for number := 1; number <= count; number++ {
		makers = append(makers, func() resource.Resource { return &generatedResource{number: number} })
	}
	return makers
}

func (r *generatedResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = fmt.Sprintf("fixture_generated_%04d", r.number)
}

func (r *generatedResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := map[string]schema.Attribute{"id": computedID()}
	for number := 1; number < generatedAttributes; number++ {
		attributes[fmt.Sprintf("attribute_%02d", number)] = generatedAttribute(number)
	}
	blocks := map[string]schema.Block{}
	for number := 1; number <= generatedBlocks; number++ {
		blocks[fmt.Sprintf("block_%d", number)] = schema.ListNestedBlock{
			Description: "One of the nested blocks that large providers have many of.",
			NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"name":    schema.StringAttribute{Required: true, Description: "Name of the part."},
				"size":    schema.Int64Attribute{Optional: true, Description: "Size in units."},
				"enabled": schema.BoolAttribute{Optional: true, Description: "Whether it is on."},
			}},
		}
	}
	resp.Schema = schema.Schema{
		Description: fmt.Sprintf("Generated type %d, to measure what a large provider costs.", r.number),
		Attributes:  attributes,
		Blocks:      blocks,
	}
}

func generatedAttribute(number int) schema.Attribute {
	description := fmt.Sprintf("Attribute %d of a generated type, described at the length that such attributes usually have.", number)
	switch number % 5 {
	case 0:
		return schema.Int64Attribute{Optional: true, Description: description}
	case 1:
		return schema.BoolAttribute{Optional: true, Description: description}
	case 2:
		return schema.ListAttribute{Optional: true, ElementType: types.StringType, Description: description}
	case 3:
		return schema.MapAttribute{Optional: true, ElementType: types.StringType, Description: description}
	default:
		return schema.StringAttribute{Optional: true, Description: description}
	}
}

func (r *generatedResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw.Copy()
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), newID())...)
}

func (r *generatedResource) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw.Copy()
}
