package main

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// objectResource is a file in the cloud's directory. Each create makes another file, so a lost one shows.
type objectResource struct {
	cloud *cloud
}

type objectModel struct {
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Content  types.String `tfsdk:"content"`
	DelayMs  types.Int64  `tfsdk:"delay_ms"`
	Revision types.Int64  `tfsdk:"revision"`
}

func (r *objectResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "fixture_object"
}

func (r *objectResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "An object that exists: a file of its own in the provider's directory.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"name": schema.StringAttribute{
				Required:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"content":  schema.StringAttribute{Optional: true},
			"delay_ms": schema.Int64Attribute{Optional: true, Description: "How long a create, update or delete takes; half before the effect, half after."},
			"revision": schema.Int64Attribute{Computed: true, Description: "Counts from 1, one up each update."},
		},
	}
}

func (r *objectResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.cloud, _ = req.ProviderData.(*cloud)
}

func (m *objectModel) object(revision int64) object {
	return object{Name: m.Name.ValueString(), Content: m.Content.ValueStringPointer(), Revision: revision}
}

func (r *objectResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan objectModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if err := pause(ctx, plan.DelayMs.ValueInt64()); err != nil {
		resp.Diagnostics.AddError("Not created", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	plan.ID = types.StringValue(newID())
	plan.Revision = types.Int64Value(1)
	if err := r.cloud.write("create", plan.ID.ValueString(), plan.object(1)); err != nil {
		resp.Diagnostics.AddError("Not created", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	if err := pause(ctx, plan.DelayMs.ValueInt64()); err != nil {
		resp.Diagnostics.AddError("Created, but not settled", err.Error())
	}
}

func (r *objectResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state objectModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := r.cloud.read(state.ID.ValueString())
	if errors.Is(err, errGone) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError("Not read", err.Error())
		return
	}
	state.Name = types.StringValue(found.Name)
	state.Content = types.StringPointerValue(found.Content)
	state.Revision = types.Int64Value(found.Revision)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *objectResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state objectModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if err := pause(ctx, plan.DelayMs.ValueInt64()); err != nil {
		resp.Diagnostics.AddError("Not updated", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	plan.Revision = types.Int64Value(state.Revision.ValueInt64() + 1)
	if err := r.cloud.write("update", state.ID.ValueString(), plan.object(plan.Revision.ValueInt64())); err != nil {
		resp.Diagnostics.AddError("Not updated", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	if err := pause(ctx, plan.DelayMs.ValueInt64()); err != nil {
		resp.Diagnostics.AddError("Updated, but not settled", err.Error())
	}
}

func (r *objectResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state objectModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if err := pause(ctx, state.DelayMs.ValueInt64()); err != nil {
		resp.Diagnostics.AddError("Not deleted", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.cloud.remove(state.ID.ValueString()); err != nil {
		resp.Diagnostics.AddError("Not deleted", err.Error())
	}
}

func (r *objectResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if _, err := r.cloud.read(req.ID); err != nil {
		resp.Diagnostics.AddError("Not imported", err.Error())
		return
	}
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

type objectDataSource struct {
	cloud *cloud
}

type objectData struct {
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Content  types.String `tfsdk:"content"`
	Revision types.Int64  `tfsdk:"revision"`
}

func (d *objectDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "fixture_object"
}

func (d *objectDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataschema.Schema{Attributes: map[string]dataschema.Attribute{
		"id":       dataschema.StringAttribute{Required: true},
		"name":     dataschema.StringAttribute{Computed: true},
		"content":  dataschema.StringAttribute{Computed: true},
		"revision": dataschema.Int64Attribute{Computed: true},
	}}
}

func (d *objectDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.cloud, _ = req.ProviderData.(*cloud)
}

func (d *objectDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data objectData
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := d.cloud.read(data.ID.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Not read", err.Error())
		return
	}
	data.Name = types.StringValue(found.Name)
	data.Content = types.StringPointerValue(found.Content)
	data.Revision = types.Int64Value(found.Revision)
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}
