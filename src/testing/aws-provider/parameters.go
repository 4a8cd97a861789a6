package main

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// parametersDataSource lists what lies below a path, as the real provider's data source of this name does.
type parametersDataSource struct{ service *service }

type parametersModel struct {
	ID        types.String `tfsdk:"id"`
	Path      types.String `tfsdk:"path"`
	Recursive types.Bool   `tfsdk:"recursive"`
	Names     []string     `tfsdk:"names"`
	Types     []string     `tfsdk:"types"`
	Values    []string     `tfsdk:"values"`
}

func (d *parametersDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "aws_ssm_parameters_by_path"
}

func (d *parametersDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	texts := func(sensitive bool) schema.ListAttribute {
		return schema.ListAttribute{Computed: true, Sensitive: sensitive, ElementType: types.StringType}
	}
	resp.Schema = schema.Schema{
		Description: "Parameters that exist below a path.",
		Attributes: map[string]schema.Attribute{
			"id":        schema.StringAttribute{Computed: true},
			"path":      schema.StringAttribute{Required: true},
			"recursive": schema.BoolAttribute{Optional: true},
			"names":     texts(false),
			"types":     texts(false),
			"values":    texts(true),
		},
	}
}

func (d *parametersDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.service, _ = req.ProviderData.(*service)
}

func (d *parametersDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model parametersModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	text, err := d.service.ssm(ctx, "GetParametersByPath", map[string]any{
		"Path": model.Path.ValueString(), "Recursive": model.Recursive.ValueBool(), "WithDecryption": true,
	})
	var found struct {
		Parameters []struct{ Name, Type, Value string }
	}
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil {
		resp.Diagnostics.AddError("Not read", err.Error())
		return
	}
	model.ID = model.Path
	model.Names, model.Types, model.Values = []string{}, []string{}, []string{}
	for _, each := range found.Parameters {
		model.Names = append(model.Names, each.Name)
		model.Types = append(model.Types, each.Type)
		model.Values = append(model.Values, each.Value)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
