package main

import (
	"context"
	"io/fs"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// environmentDataSource shows what the process was given, so that a test can tell that it got this and nothing else.
type environmentDataSource struct{}

type environmentData struct {
	ID        types.String `tfsdk:"id"`
	File      types.String `tfsdk:"file"`
	Complaint types.String `tfsdk:"complaint"`
	Variables types.Map    `tfsdk:"variables"`
	Content   types.String `tfsdk:"content"`
	Mode      types.String `tfsdk:"mode"`
}

func (d *environmentDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "fixture_environment"
}

func (d *environmentDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "What the provider's process was given.",
		Attributes: map[string]schema.Attribute{
			"id":        schema.StringAttribute{Computed: true},
			"file":      schema.StringAttribute{Optional: true, Description: "Name of a variable that names a file to read."},
			"complaint": schema.StringAttribute{Optional: true, Description: "Name of a variable whose value is put into an error."},
			"variables": schema.MapAttribute{Computed: true, ElementType: types.StringType},
			"content":   schema.StringAttribute{Computed: true},
			"mode":      schema.StringAttribute{Computed: true, Description: "Of the file."},
		},
	}
}

func (d *environmentDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data environmentData
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if name := data.Complaint.ValueString(); name != "" {
		resp.Diagnostics.AddError("Complaint", "cannot use "+os.Getenv(name))
		return
	}
	variables := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = value
	}
	data.ID = types.StringValue("environment")
	if name := data.File.ValueString(); name != "" {
		content, info, err := readFile(os.Getenv(name))
		if err != nil {
			resp.Diagnostics.AddError("Not read", err.Error())
			return
		}
		data.Content = types.StringValue(content)
		data.Mode = types.StringValue(info.Mode().Perm().String())
	}
	found, problems := types.MapValueFrom(ctx, types.StringType, variables)
	resp.Diagnostics.Append(problems...)
	data.Variables = found
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}

func readFile(path string) (string, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", nil, err
	}
	bytes, err := os.ReadFile(path)
	return string(bytes), info, err
}
