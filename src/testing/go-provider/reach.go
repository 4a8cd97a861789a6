package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// reachDataSource tries what a provider should not be able to do, and tells how far it came.
type reachDataSource struct{}

type reachData struct {
	ID           types.String `tfsdk:"id"`
	Read         []string     `tfsdk:"read"`
	Write        []string     `tfsdk:"write"`
	Signal       []string     `tfsdk:"signal"`
	Tried        types.Map    `tfsdk:"tried"`
	Environments types.Map    `tfsdk:"environments"`
	Rights       types.String `tfsdk:"rights"`
}

func (d *reachDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "fixture_reach"
}

func (d *reachDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	wish := func(what string) schema.ListAttribute {
		return schema.ListAttribute{Optional: true, ElementType: types.StringType, Description: what}
	}
	found := func(what string) schema.MapAttribute {
		return schema.MapAttribute{Computed: true, ElementType: types.StringType, Description: what}
	}
	resp.Schema = schema.Schema{
		Description: "How far the provider's process reaches.",
		Attributes: map[string]schema.Attribute{
			"id":           schema.StringAttribute{Computed: true},
			"read":         wish("Files and folders to read."),
			"write":        wish("Files to make."),
			"signal":       wish("Numbers of processes to send a signal to, one that does nothing."),
			"tried":        found("By path or number: what was read, or what went wrong."),
			"environments": found("Of every process in sight, by its number."),
			"rights":       schema.StringAttribute{Computed: true, Description: "Capabilities in force, and whether more can be had."},
		},
	}
}

func (d *reachDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data reachData
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	tried := map[string]attr.Value{}
	for _, path := range data.Read {
		tried[path] = types.StringValue(readAny(path))
	}
	for _, path := range data.Write {
		tried[path] = types.StringValue(outcome("written", os.WriteFile(path, []byte("reached"), 0o600)))
	}
	for _, number := range data.Signal {
		pid, _ := strconv.Atoi(number)
		tried[number] = types.StringValue(outcome("signalled", syscall.Kill(pid, 0)))
	}
	data.ID = types.StringValue("reach")
	data.Tried = types.MapValueMust(types.StringType, tried)
	data.Environments = types.MapValueMust(types.StringType, environments())
	data.Rights = types.StringValue(rights())
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}

func outcome(done string, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return done
}

func readAny(path string) string {
	if names, err := os.ReadDir(path); err == nil {
		return fmt.Sprint(names)
	}
	bytes, err := os.ReadFile(path)
	return outcome(strings.ToValidUTF8(string(bytes), "?"), err)
}

func environments() map[string]attr.Value {
	found := map[string]attr.Value{}
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		bytes, err := os.ReadFile(path)
		text := strings.ToValidUTF8(strings.ReplaceAll(string(bytes), "\x00", "\n"), "?")
		found[filepath.Base(filepath.Dir(path))] = types.StringValue(outcome(text, err))
	}
	return found
}

func rights() string {
	status, _ := os.ReadFile("/proc/self/status")
	lines := []string{}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "CapEff") || strings.HasPrefix(line, "CapBnd") || strings.HasPrefix(line, "NoNewPrivs") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(lines, ", ")
}
