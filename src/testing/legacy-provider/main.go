// A provider as the large ones are: most of it on the old SDK, some of it on the framework, both behind one server of
// protocol 5. LEGACY_PROTOCOL=6 serves the same over protocol 6.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-mux/tf5muxserver"
	"github.com/hashicorp/terraform-plugin-mux/tf5to6server"
)

const address = "registry.opentofu.org/sluice/legacy"

func main() {
	if err := serve(context.Background()); err != nil {
		log.Println(err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	mux, err := tf5muxserver.NewMuxServer(ctx, oldProvider().GRPCProvider, providerserver.NewProtocol5(&newProvider{}))
	if err != nil {
		return err
	}
	if os.Getenv("LEGACY_PROTOCOL") != "6" {
		return tf5server.Serve(address, func() tfprotov5.ProviderServer { return &oddServer{mux.ProviderServer()} })
	}
	upgraded, err := tf5to6server.UpgradeServer(ctx, mux.ProviderServer)
	if err != nil {
		return err
	}
	return tf6server.Serve(address, func() tfprotov6.ProviderServer { return upgraded })
}
