package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// newProvider is the half on the framework, with kinds of things that only newer releases of Terraform know.
type newProvider struct{}

func (*newProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "legacy"
}
func (*newProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (*newProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (*newProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (*newProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &tinResource{} }}
}
func (*newProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return &wandResource{} }}
}
func (*newProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{func() function.Function { return &echoFunction{} }}
}

type tinResource struct{}

type tinModel struct {
	ID     types.String `tfsdk:"id"`
	Name   types.String `tfsdk:"name"`
	Serial types.String `tfsdk:"serial"`
	Lid    *tinLid      `tfsdk:"lid"`
}

type tinLid struct {
	Color types.String `tfsdk:"color"`
}

type tinIdentity struct {
	Name types.String `tfsdk:"name"`
}

func (*tinResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "legacy_tin"
}

func (*tinResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	kept := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		Description: "A tin.",
		Attributes: map[string]schema.Attribute{
			"id":     schema.StringAttribute{Computed: true, PlanModifiers: kept},
			"name":   schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"serial": schema.StringAttribute{Computed: true},
		},
		Blocks: map[string]schema.Block{
			"lid": schema.SingleNestedBlock{Attributes: map[string]schema.Attribute{"color": schema.StringAttribute{Optional: true}}},
		},
	}
}

func (*tinResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"name": identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the tin."},
	}}
}

func (tin *tinModel) fill() {
	tin.ID = types.StringValue("tin-" + tin.Name.ValueString())
	color := ""
	if tin.Lid != nil {
		color = tin.Lid.Color.ValueString()
	}
	tin.Serial = types.StringValue(digest(tin.ID.ValueString() + color))
}

func (*tinResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var tin tinModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &tin)...)
	tin.fill()
	resp.Diagnostics.Append(resp.State.Set(ctx, &tin)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, &tinIdentity{tin.Name})...)
}

func (*tinResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var tin tinModel
	resp.Diagnostics.Append(req.State.Get(ctx, &tin)...)
	tin.fill()
	resp.Diagnostics.Append(resp.State.Set(ctx, &tin)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, &tinIdentity{tin.Name})...)
}

func (*tinResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var tin tinModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &tin)...)
	tin.fill()
	resp.Diagnostics.Append(resp.State.Set(ctx, &tin)...)
}

func (*tinResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (*tinResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	tin := tinModel{Name: types.StringValue(req.ID)}
	if req.ID == "" {
		var identity tinIdentity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		tin.Name = identity.Name
	}
	tin.fill()
	resp.Diagnostics.Append(resp.State.Set(ctx, &tin)...)
}

type wandResource struct{}

func (*wandResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "legacy_wand"
}
func (*wandResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"spell": ephemeralschema.StringAttribute{Computed: true},
	}}
}
func (*wandResource) Open(context.Context, ephemeral.OpenRequest, *ephemeral.OpenResponse) {}

type echoFunction struct{}

func (*echoFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "echo"
}
func (*echoFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Parameters: []function.Parameter{function.StringParameter{Name: "text"}},
		Return:     function.StringReturn{},
	}
}
func (*echoFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	resp.Error = req.Arguments.Get(ctx, &text)
	if resp.Error == nil {
		resp.Error = resp.Result.Set(ctx, text)
	}
}
