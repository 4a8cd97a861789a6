package main

import (
	"context"
	"net/url"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type instanceResource struct{ service *service }

type instanceModel struct {
	ID   types.String `tfsdk:"id"`
	AMI  types.String `tfsdk:"ami"`
	Type types.String `tfsdk:"instance_type"`
}

var instanceID = regexp.MustCompile(`<instanceId>(i-[0-9a-f]+)</instanceId>`)

func (r *instanceResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_instance"
}

func (r *instanceResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	fixed := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		Description: "A virtual machine.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"ami":           schema.StringAttribute{Required: true, PlanModifiers: fixed},
			"instance_type": schema.StringAttribute{Required: true, PlanModifiers: fixed},
		},
	}
}

func (r *instanceResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.service, _ = req.ProviderData.(*service)
}

func (r *instanceResource) query(ctx context.Context, action string, values url.Values) ([]byte, error) {
	values.Set("Action", action)
	values.Set("Version", "2016-11-15")
	headers := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	return r.service.want(ctx, "ec2", "POST", "/", headers, values.Encode())
}

func (r *instanceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	body, err := r.query(ctx, "RunInstances", url.Values{
		"ImageId": {plan.AMI.ValueString()}, "InstanceType": {plan.Type.ValueString()}, "MinCount": {"1"}, "MaxCount": {"1"},
	})
	if err != nil {
		resp.Diagnostics.AddError("Not created", err.Error())
		return
	}
	plan.ID = types.StringValue(string(instanceID.FindSubmatch(body)[1]))
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *instanceResource) Read(_ context.Context, _ resource.ReadRequest, _ *resource.ReadResponse) {
}

func (r *instanceResource) Update(_ context.Context, _ resource.UpdateRequest, _ *resource.UpdateResponse) {
}

func (r *instanceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if _, err := r.query(ctx, "TerminateInstances", url.Values{"InstanceId.1": {state.ID.ValueString()}}); err != nil {
		resp.Diagnostics.AddError("Not deleted", err.Error())
	}
}
