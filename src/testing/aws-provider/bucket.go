package main

import (
	"context"
	"encoding/xml"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type bucketResource struct{ service *service }

type bucketModel struct {
	ID     types.String `tfsdk:"id"`
	Bucket types.String `tfsdk:"bucket"`
	Tags   types.Map    `tfsdk:"tags"`
}

type tagging struct {
	XMLName xml.Name `xml:"Tagging"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

type tag struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

func (r *bucketResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_s3_bucket"
}

func (r *bucketResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A bucket.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"bucket": schema.StringAttribute{
				Required:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"tags": schema.MapAttribute{Optional: true, ElementType: types.StringType},
		},
	}
}

func (r *bucketResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.service, _ = req.ProviderData.(*service)
}

func (r *bucketResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan bucketModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	body := ""
	if r.service.region != "us-east-1" {
		body = "<CreateBucketConfiguration><LocationConstraint>" + r.service.region + "</LocationConstraint></CreateBucketConfiguration>"
	}
	if _, err := r.service.want(ctx, "s3", "PUT", "/"+plan.Bucket.ValueString(), nil, body); err != nil {
		resp.Diagnostics.AddError("Not created", err.Error())
		return
	}
	plan.ID = plan.Bucket
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	if err := r.tag(ctx, plan); err != nil {
		resp.Diagnostics.AddError("Created, but without its tags", err.Error())
	}
}

func (r *bucketResource) tag(ctx context.Context, plan bucketModel) error {
	path := "/" + plan.Bucket.ValueString() + "?tagging"
	if plan.Tags.IsNull() {
		_, err := r.service.want(ctx, "s3", "DELETE", path, nil, "")
		return err
	}
	values := map[string]string{}
	plan.Tags.ElementsAs(ctx, &values, false)
	set := tagging{}
	for key, value := range values {
		set.Tags = append(set.Tags, tag{key, value})
	}
	body, err := xml.Marshal(set)
	if err != nil {
		return err
	}
	_, err = r.service.want(ctx, "s3", "PUT", path, nil, string(body))
	return err
}

func (r *bucketResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state bucketModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	head, err := r.service.call(ctx, "s3", "HEAD", "/"+state.ID.ValueString(), nil, "")
	if err != nil {
		resp.Diagnostics.AddError("Not read", err.Error())
		return
	}
	if head.status == 404 {
		resp.State.RemoveResource(ctx)
		return
	}
	state.Bucket = state.ID
	state.Tags = types.MapNull(types.StringType)
	got, err := r.service.call(ctx, "s3", "GET", "/"+state.ID.ValueString()+"?tagging", nil, "")
	if err != nil {
		resp.Diagnostics.AddError("Not read", err.Error())
		return
	}
	set := tagging{}
	if got.status == 200 && xml.Unmarshal(got.body, &set) == nil && len(set.Tags) > 0 {
		values := map[string]string{}
		for _, each := range set.Tags {
			values[each.Key] = each.Value
		}
		found, diagnostics := types.MapValueFrom(ctx, types.StringType, values)
		resp.Diagnostics.Append(diagnostics...)
		state.Tags = found
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *bucketResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan bucketModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if err := r.tag(ctx, plan); err != nil {
		resp.Diagnostics.AddError("Not updated", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bucketResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state bucketModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if _, err := r.service.want(ctx, "s3", "DELETE", "/"+state.ID.ValueString(), nil, ""); err != nil {
		resp.Diagnostics.AddError("Not deleted", err.Error())
	}
}

func (r *bucketResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
