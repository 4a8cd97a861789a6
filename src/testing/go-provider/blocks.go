package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// blocksResource has nested blocks of each nesting that the framework offers, two deep. It exists in the state only.
type blocksResource struct {
	stateOnly
}

func (r *blocksResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "fixture_blocks"
}

func (r *blocksResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	option := schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
		"key":   schema.StringAttribute{Required: true},
		"value": schema.StringAttribute{Optional: true, Sensitive: true},
	}}}
	resp.Schema = schema.Schema{
		Description: "Nested blocks of every nesting.",
		Attributes: map[string]schema.Attribute{
			"id":   computedID(),
			"name": schema.StringAttribute{Required: true},
		},
		Blocks: map[string]schema.Block{
			"rule": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{
					"cidr":   schema.StringAttribute{Required: true},
					"port":   schema.Int64Attribute{Optional: true},
					"number": schema.Int64Attribute{Computed: true, Description: "Place in the list, from 0."},
				},
				Blocks: map[string]schema.Block{"option": option},
			}},
			"member": schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"login": schema.StringAttribute{Required: true},
				"roles": schema.SetAttribute{Optional: true, ElementType: types.StringType},
			}}},
			"place": schema.SingleNestedBlock{Attributes: map[string]schema.Attribute{
				"city": schema.StringAttribute{Optional: true},
				"zone": schema.StringAttribute{
					Optional:      true,
					PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				},
			}},
		},
	}
}

func (r *blocksResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw.Copy()
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), newID())...)
	numberRules(ctx, resp)
}

func numberRules(ctx context.Context, resp *resource.CreateResponse) {
	var rules types.List
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, path.Root("rule"), &rules)...)
	for at := range rules.Elements() {
		place := path.Root("rule").AtListIndex(at).AtName("number")
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, place, int64(at))...)
	}
}

func (r *blocksResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	created := resource.CreateResponse{State: resp.State}
	created.State.Raw = req.Plan.Raw.Copy()
	numberRules(ctx, &created)
	resp.State = created.State
	resp.Diagnostics.Append(created.Diagnostics...)
}
