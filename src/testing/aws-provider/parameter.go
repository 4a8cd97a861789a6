package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type parameterResource struct{ service *service }
type parameterDataSource struct{ service *service }

type parameterModel struct {
	ID    types.String `tfsdk:"id"`
	Name  types.String `tfsdk:"name"`
	Type  types.String `tfsdk:"type"`
	Value types.String `tfsdk:"value"`
}

type parameterAnswer struct {
	Parameter struct{ Name, Type, Value string }
}

// ssm calls; a nil answer says that there is no such parameter.
func (s *service) ssm(ctx context.Context, action string, input any) ([]byte, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	headers := map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM." + action}
	text, err := s.want(ctx, "ssm", "POST", "/", headers, string(body))
	if err != nil && strings.Contains(err.Error(), "ParameterNotFound") {
		return nil, nil
	}
	return text, err
}

func (s *service) parameter(ctx context.Context, name string) (*parameterModel, error) {
	text, err := s.ssm(ctx, "GetParameter", map[string]any{"Name": name, "WithDecryption": true})
	if err != nil || text == nil {
		return nil, err
	}
	var found parameterAnswer
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, err
	}
	return &parameterModel{
		types.StringValue(name), types.StringValue(name), types.StringValue(found.Parameter.Type), types.StringValue(found.Parameter.Value),
	}, nil
}

func (r *parameterResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_ssm_parameter"
}

func (r *parameterResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	fixed := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		Description: "A parameter.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"name":  schema.StringAttribute{Required: true, PlanModifiers: fixed},
			"type":  schema.StringAttribute{Required: true},
			"value": schema.StringAttribute{Required: true, Sensitive: true},
		},
	}
}

func (r *parameterResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.service, _ = req.ProviderData.(*service)
}

func (r *parameterResource) put(ctx context.Context, plan parameterModel) error {
	_, err := r.service.ssm(ctx, "PutParameter", map[string]any{
		"Name": plan.Name.ValueString(), "Type": plan.Type.ValueString(), "Value": plan.Value.ValueString(), "Overwrite": true,
	})
	return err
}

func (r *parameterResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan parameterModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if err := r.put(ctx, plan); err != nil {
		resp.Diagnostics.AddError("Not created", err.Error())
		return
	}
	plan.ID = plan.Name
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *parameterResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state parameterModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	found, err := r.service.parameter(ctx, state.ID.ValueString())
	switch {
	case err != nil:
		resp.Diagnostics.AddError("Not read", err.Error())
	case found == nil:
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, found)...)
	}
}

func (r *parameterResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan parameterModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if err := r.put(ctx, plan); err != nil {
		resp.Diagnostics.AddError("Not updated", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *parameterResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state parameterModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if _, err := r.service.ssm(ctx, "DeleteParameter", map[string]any{"Name": state.ID.ValueString()}); err != nil {
		resp.Diagnostics.AddError("Not deleted", err.Error())
	}
}

func (r *parameterResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

func (d *parameterDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "aws_ssm_parameter"
}

func (d *parameterDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataschema.Schema{
		Description: "A parameter that exists.",
		Attributes: map[string]dataschema.Attribute{
			"id":    dataschema.StringAttribute{Computed: true},
			"name":  dataschema.StringAttribute{Required: true},
			"type":  dataschema.StringAttribute{Computed: true},
			"value": dataschema.StringAttribute{Computed: true, Sensitive: true},
		},
	}
}

func (d *parameterDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.service, _ = req.ProviderData.(*service)
}

func (d *parameterDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config parameterModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	found, err := d.service.parameter(ctx, config.Name.ValueString())
	if err != nil || found == nil {
		resp.Diagnostics.AddError("Not read", "There is no parameter "+config.Name.ValueString()+".")
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, found)...)
}
