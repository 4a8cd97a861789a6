package main

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// shapesResource has one attribute of every kind. It exists in the state only.
type shapesResource struct {
	stateOnly
}

func (r *shapesResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "fixture_shapes"
}

func (r *shapesResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := nestedShapes()
	for name, attribute := range plainShapes() {
		attributes[name] = attribute
	}
	attributes["id"] = computedID()
	resp.Schema = schema.Schema{Version: 1, Description: "One attribute of every kind.", Attributes: attributes}
}

func computedID() schema.Attribute {
	return schema.StringAttribute{
		Computed:      true,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func plainShapes() map[string]schema.Attribute {
	numbers := types.ListType{ElemType: types.NumberType}
	pair := map[string]attr.Type{"key": types.StringType, "weight": types.Float64Type}
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required:      true,
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"text":          schema.StringAttribute{Optional: true},
		"style":         schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("plain")},
		"enabled":       schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true)},
		"count_of":      schema.Int64Attribute{Optional: true},
		"ratio":         schema.Float64Attribute{Optional: true},
		"big":           schema.NumberAttribute{Optional: true},
		"items":         schema.ListAttribute{Optional: true, ElementType: types.StringType},
		"labels":        schema.SetAttribute{Optional: true, ElementType: types.StringType},
		"tags":          schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"matrix":        schema.ListAttribute{Optional: true, ElementType: numbers},
		"pair":          schema.ObjectAttribute{Optional: true, AttributeTypes: pair},
		"anything":      schema.DynamicAttribute{Optional: true},
		"secret":        schema.StringAttribute{Optional: true, Sensitive: true},
		"token":         schema.StringAttribute{Optional: true, Sensitive: true, WriteOnly: true},
		"token_version": schema.Int64Attribute{Optional: true},
		"token_length":  schema.Int64Attribute{Computed: true, Description: "Length of the token that was sent: shows that it arrived."},
		"old_text":      schema.StringAttribute{Optional: true, DeprecationMessage: "Use text."},
	}
}

func nestedShapes() map[string]schema.Attribute {
	rule := schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"cidr":  schema.StringAttribute{Required: true},
		"ports": schema.ListAttribute{Optional: true, ElementType: types.Int64Type},
		"key":   schema.StringAttribute{Optional: true, Sensitive: true},
		"level": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("low")},
	}}
	return map[string]schema.Attribute{
		"place": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
			"city": schema.StringAttribute{Required: true},
			"zone": schema.StringAttribute{
				Optional:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
		}},
		"rules":    schema.ListNestedAttribute{Optional: true, NestedObject: rule},
		"rule_set": schema.SetNestedAttribute{Optional: true, NestedObject: rule},
		"rule_map": schema.MapNestedAttribute{Optional: true, NestedObject: rule},
		"rule_info": schema.SingleNestedAttribute{Computed: true, Attributes: map[string]schema.Attribute{
			"count": schema.Int64Attribute{Computed: true},
		}},
	}
}

func (r *shapesResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw.Copy()
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), newID())...)
	resp.Diagnostics.Append(fillShapes(ctx, req.Config, &resp.State)...)
}

func (r *shapesResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw.Copy()
	resp.Diagnostics.Append(fillShapes(ctx, req.Config, &resp.State)...)
}

// fillShapes sets what only the apply knows.
func fillShapes(ctx context.Context, config tfsdk.Config, state *tfsdk.State) diag.Diagnostics {
	var token types.String
	var rules types.List
	diagnostics := config.GetAttribute(ctx, path.Root("token"), &token)
	diagnostics.Append(config.GetAttribute(ctx, path.Root("rules"), &rules)...)
	count := types.Int64Value(int64(len(rules.Elements())))
	info, problems := types.ObjectValue(map[string]attr.Type{"count": types.Int64Type}, map[string]attr.Value{"count": count})
	diagnostics.Append(problems...)
	diagnostics.Append(state.SetAttribute(ctx, path.Root("token_length"), int64(len(token.ValueString())))...)
	diagnostics.Append(state.SetAttribute(ctx, path.Root("rule_info"), info)...)
	return diagnostics
}

func (r *shapesResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

// UpgradeState: version 0 called the name `title`.
func (r *shapesResource) UpgradeState(_ context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: renameTitle}}
}

func renameTitle(_ context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
	state := map[string]json.RawMessage{}
	if err := json.Unmarshal(req.RawState.JSON, &state); err != nil {
		resp.Diagnostics.AddError("State cannot be read", err.Error())
		return
	}
	if title, found := state["title"]; found {
		state["name"] = title
		delete(state, "title")
	}
	upgraded, err := json.Marshal(state)
	if err != nil {
		resp.Diagnostics.AddError("State cannot be written", err.Error())
		return
	}
	resp.DynamicValue = &tfprotov6.DynamicValue{JSON: upgraded}
}
