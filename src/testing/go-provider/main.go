// A provider made to be tested against: every shape a schema can have, objects that can be counted, faults on demand.
package main

import (
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

const address = "registry.opentofu.org/sluice/fixture"

func main() {
	serve := func() tfprotov6.ProviderServer {
		return &faultyServer{ProviderServer: providerserver.NewProtocol6(&fixtureProvider{})()}
	}
	if err := tf6server.Serve(address, serve); err != nil {
		log.Println(err)
		os.Exit(1)
	}
}
