package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type fixtureProvider struct{}

type providerConfig struct {
	Directory types.String `tfsdk:"directory"`
	Token     types.String `tfsdk:"token"`
}

func (p *fixtureProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "fixture"
	resp.Version = "1.0.0"
}

func (p *fixtureProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "Test objects. The directory is the cloud: each fixture_object is a file in it.",
		Attributes: map[string]schema.Attribute{
			"directory": schema.StringAttribute{Optional: true, Description: "Where objects live. Default: FIXTURE_DIR."},
			"token":     schema.StringAttribute{Optional: true, Sensitive: true, Description: "A credential that nothing needs."},
		},
	}
}

func (p *fixtureProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerConfig
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	directory := config.Directory.ValueString()
	if directory == "" {
		directory = os.Getenv("FIXTURE_DIR")
	}
	cloud := &cloud{directory: directory}
	resp.ResourceData = cloud
	resp.DataSourceData = cloud
}

func (p *fixtureProvider) Resources(_ context.Context) []func() resource.Resource {
	resources := []func() resource.Resource{
		func() resource.Resource { return &shapesResource{} },
		func() resource.Resource { return &blocksResource{} },
		func() resource.Resource { return &objectResource{} },
	}
	return append(resources, generatedResources(generatedCount())...)
}

func (p *fixtureProvider) DataSources(_ context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &objectDataSource{} },
		func() datasource.DataSource { return &environmentDataSource{} },
		func() datasource.DataSource { return &reachDataSource{} },
	}
}

// generatedCount is how many further types FIXTURE_TYPES asks for.
func generatedCount() int {
	text := os.Getenv("FIXTURE_TYPES")
	if text == "" {
		return 0
	}
	count, err := strconv.Atoi(text)
	if err != nil || count < 0 || count > 9999 {
		fmt.Fprintln(os.Stderr, "FIXTURE_TYPES must be a number from 0 to 9999")
		os.Exit(1)
	}
	return count
}
