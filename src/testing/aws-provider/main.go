// A stand-in for the AWS provider: a few of its types, over the wire protocol of the services themselves. It takes its
// credentials as the real one does, from the environment, and signs nothing: the stand-in for AWS does not check.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

func main() {
	serve := func() tfprotov6.ProviderServer { return providerserver.NewProtocol6(&awsProvider{})() }
	if err := tf6server.Serve("registry.opentofu.org/hashicorp/aws", serve); err != nil {
		log.Println(err)
		os.Exit(1)
	}
}

type awsProvider struct{}

func (p *awsProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "aws"
	resp.Version = "6.0.0"
}

func (p *awsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{Description: "A few types of AWS."}
}

func (p *awsProvider) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	service := &service{
		endpoint: os.Getenv("AWS_ENDPOINT_URL"),
		region:   os.Getenv("AWS_REGION"),
		keyID:    os.Getenv("AWS_ACCESS_KEY_ID"),
		token:    os.Getenv("AWS_SESSION_TOKEN"),
	}
	if service.keyID == "" {
		resp.Diagnostics.AddError("No credentials", "No valid credential sources found: AWS_ACCESS_KEY_ID is not set.")
	}
	if service.region == "" {
		resp.Diagnostics.AddError("No region", "AWS_REGION is not set.")
	}
	resp.ResourceData = service
	resp.DataSourceData = service
}

func (p *awsProvider) Resources(_ context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &bucketResource{} },
		func() resource.Resource { return &instanceResource{} },
		func() resource.Resource { return &parameterResource{} },
	}
}

func (p *awsProvider) DataSources(_ context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &parameterDataSource{} },
		func() datasource.DataSource { return &parametersDataSource{} },
	}
}
