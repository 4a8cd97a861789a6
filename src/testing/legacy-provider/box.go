package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/customdiff"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// boxResource has every habit of the old SDK: values that are nothing and zero at once, equal spellings, defaults,
// blocks by hash, attributes that are written as blocks, a plan of its own, time-outs, older states, several objects to
// an import.
func boxResource() *schema.Resource {
	return &schema.Resource{
		Description:   "A box.",
		SchemaVersion: 1,
		StateUpgraders: []schema.StateUpgrader{{
			Version: 0,
			Type:    (&schema.Resource{Schema: boxSchemaBefore()}).CoreConfigSchema().ImpliedType(),
			Upgrade: upgradeBox,
		}},
		Identity: &schema.ResourceIdentity{SchemaFunc: func() map[string]*schema.Schema {
			return map[string]*schema.Schema{
				"name":   {Type: schema.TypeString, RequiredForImport: true, Description: "Name of the box."},
				"region": {Type: schema.TypeString, OptionalForImport: true},
			}
		}},
		CreateContext: createBox,
		ReadContext:   readBox,
		UpdateContext: updateBox,
		DeleteContext: func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil },
		CustomizeDiff: customdiff.All(
			customdiff.ForceNewIfChange("size", func(_ context.Context, before, after, _ any) bool {
				return after.(int) < before.(int)
			}),
			customdiff.ComputedIf("serial", func(_ context.Context, d *schema.ResourceDiff, _ any) bool {
				return d.HasChange("content")
			}),
		),
		Importer: &schema.ResourceImporter{StateContext: importBoxes},
		Timeouts: &schema.ResourceTimeout{Create: schema.DefaultTimeout(time.Minute), Update: schema.DefaultTimeout(time.Minute)},
		Schema:   boxSchema(),
	}
}

func boxSchemaBefore() map[string]*schema.Schema {
	return map[string]*schema.Schema{
		"name":   {Type: schema.TypeString, Required: true},
		"amount": {Type: schema.TypeInt, Optional: true},
	}
}

// upgradeBox renames an argument: boxes of version 0 called their size an amount.
func upgradeBox(_ context.Context, state map[string]any, _ any) (map[string]any, error) {
	state["size"] = state["amount"]
	delete(state, "amount")
	return state, nil
}

func boxSchema() map[string]*schema.Schema {
	text := func(with schema.Schema) *schema.Schema { with.Type = schema.TypeString; return &with }
	strs := &schema.Schema{Type: schema.TypeString}
	return map[string]*schema.Schema{
		"name":    text(schema.Schema{Required: true, ForceNew: true, Description: "What the box is called."}),
		"serial":  text(schema.Schema{Computed: true}),
		"content": text(schema.Schema{Optional: true, StateFunc: func(value any) string { return digest(value.(string)) }}),
		"label": text(schema.Schema{Optional: true, DiffSuppressFunc: func(_, before, after string, _ *schema.ResourceData) bool {
			return strings.EqualFold(before, after)
		}}),
		"note":    text(schema.Schema{Optional: true, Computed: true}),
		"color":   text(schema.Schema{Optional: true, Default: "grey"}),
		"empty":   text(schema.Schema{Optional: true}),
		"size":    {Type: schema.TypeInt, Optional: true},
		"weight":  {Type: schema.TypeFloat, Optional: true},
		"sealed":  {Type: schema.TypeBool, Optional: true},
		"fragile": {Type: schema.TypeBool, Optional: true, Default: true},
		"tags":    {Type: schema.TypeMap, Optional: true, Elem: strs},
		"limits":  {Type: schema.TypeMap, Optional: true, Computed: true, Elem: &schema.Schema{Type: schema.TypeInt}},
		"zones":   {Type: schema.TypeSet, Optional: true, Elem: strs},
		"steps":   {Type: schema.TypeList, Optional: true, Elem: strs},
		"rule": {
			Type:     schema.TypeSet,
			Optional: true,
			Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"port":   {Type: schema.TypeInt, Required: true},
				"cidr":   {Type: schema.TypeString, Optional: true},
				"open":   {Type: schema.TypeBool, Optional: true, Default: true},
				"peers":  {Type: schema.TypeSet, Optional: true, Elem: strs},
				"number": {Type: schema.TypeInt, Computed: true},
			}},
			Set: func(value any) int {
				rule := value.(map[string]any)
				return schema.HashString(fmt.Sprintf("%v-%v", rule["port"], rule["cidr"]))
			},
		},
		"setting": {
			Type:     schema.TypeList,
			Optional: true,
			MaxItems: 1,
			Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"mode":  {Type: schema.TypeString, Optional: true, Default: "fast"},
				"level": {Type: schema.TypeInt, Optional: true, Computed: true},
				"owner": {Type: schema.TypeString, Optional: true, ForceNew: true},
			}},
		},
		"inner": {
			Type:     schema.TypeList,
			Optional: true,
			Computed: true,
			MaxItems: 2,
			Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"key":   {Type: schema.TypeString, Required: true},
				"value": {Type: schema.TypeString, Optional: true},
			}},
		},
		"gate": {
			Type:       schema.TypeList,
			Optional:   true,
			Computed:   true,
			ConfigMode: schema.SchemaConfigModeAttr,
			Elem: &schema.Resource{Schema: map[string]*schema.Schema{
				"port": {Type: schema.TypeInt, Optional: true},
				"side": {Type: schema.TypeString, Optional: true},
			}},
		},
		"fail_in_update": {Type: schema.TypeBool, Optional: true},
	}
}

func createBox(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	d.SetId("box-" + d.Get("name").(string))
	if d.Get("note").(string) == "" {
		_ = d.Set("note", "noted")
	}
	if d.Get("note").(string) == "fail" {
		return diag.Errorf("the box %s is made but not closed", d.Id())
	}
	return readBox(ctx, d, meta)
}

func readBox(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
	_ = d.Set("serial", digest(d.Id()+d.Get("content").(string)))
	if len(d.Get("limits").(map[string]any)) == 0 {
		_ = d.Set("limits", map[string]any{"height": 3})
	}
	if identity, err := d.Identity(); err == nil {
		_ = identity.Set("name", d.Get("name"))
		_ = identity.Set("region", "north")
	}
	return readParts(d)
}

// readParts sets the computed values inside blocks.
func readParts(d *schema.ResourceData) diag.Diagnostics {
	rules := d.Get("rule").(*schema.Set)
	numbered := schema.NewSet(rules.F, nil)
	for _, each := range rules.List() {
		rule := each.(map[string]any)
		rule["number"] = rule["port"].(int) * 10
		numbered.Add(rule)
	}
	if err := d.Set("rule", numbered); err != nil {
		return diag.FromErr(err)
	}
	settings := d.Get("setting").([]any)
	for _, each := range settings {
		if setting, ok := each.(map[string]any); ok && setting["level"].(int) == 0 {
			setting["level"] = 5
		}
	}
	return diag.FromErr(d.Set("setting", settings))
}

func updateBox(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	if d.Get("fail_in_update").(bool) {
		d.Partial(true) // nothing of what was asked for has come about
		return diag.Errorf("the box %s cannot be changed", d.Id())
	}
	return readBox(ctx, d, meta)
}

// importBoxes takes the id of a box, `box-a`, or its identity. `set-a` brings a peg beside the box; `box-missing` is
// nowhere.
func importBoxes(_ context.Context, d *schema.ResourceData, _ any) ([]*schema.ResourceData, error) {
	name := d.Id()
	if name == "" {
		identity, err := d.Identity()
		if err != nil {
			return nil, err
		}
		name = "box-" + identity.Get("name").(string)
	}
	if name == "box-missing" {
		return nil, fmt.Errorf("there is no box %s", name)
	}
	short := strings.TrimPrefix(strings.TrimPrefix(name, "box-"), "set-")
	d.SetId("box-" + short)
	if err := d.Set("name", short); err != nil {
		return nil, err
	}
	found := []*schema.ResourceData{d}
	if strings.HasPrefix(name, "set-") {
		peg := pegResource().Data(nil)
		peg.SetType("legacy_peg")
		peg.SetId("peg-" + short)
		found = append(found, peg)
	}
	return found, nil
}
