package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// shelfResource is an object that an import brings whole: nested blocks, awkward texts, and two arguments of which only
// one may be given though both are known afterwards.
func shelfResource() *schema.Resource {
	noop := func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil }
	text := &schema.Schema{Type: schema.TypeString}
	slot := &schema.Resource{Schema: map[string]*schema.Schema{
		"label": {Type: schema.TypeString, Required: true},
		"sizes": {Type: schema.TypeList, Optional: true, Elem: &schema.Schema{Type: schema.TypeInt}},
	}}
	return &schema.Resource{
		Description:   "Found, never made.",
		CreateContext: noop,
		ReadContext:   noop,
		UpdateContext: noop,
		DeleteContext: noop,
		Importer:      &schema.ResourceImporter{StateContext: importShelf},
		Schema: map[string]*schema.Schema{
			"name":        {Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true, ConflictsWith: []string{"name_prefix"}},
			"name_prefix": {Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true, ConflictsWith: []string{"name"}},
			"note":        {Type: schema.TypeString, Optional: true},
			"place":       {Type: schema.TypeString, Optional: true, Computed: true},
			"pin":         {Type: schema.TypeString, Optional: true, Sensitive: true},
			"tags":        {Type: schema.TypeMap, Optional: true, Elem: text},
			"board": {
				Type:     schema.TypeList,
				Optional: true,
				Elem: &schema.Resource{Schema: map[string]*schema.Schema{
					"text": {Type: schema.TypeString, Required: true},
					"slot": {Type: schema.TypeSet, Optional: true, Elem: slot},
				}},
			},
		},
	}
}

func importShelf(_ context.Context, d *schema.ResourceData, _ any) ([]*schema.ResourceData, error) {
	slots := []any{
		map[string]any{"label": "left ${a}", "sizes": []any{1, 2}},
		map[string]any{"label": "right %{b}"},
	}
	values := map[string]any{
		"name":        d.Id(),
		"name_prefix": "shelf-",
		"note":        "<<EOT\n${not.a.template} \\ \"%{if}\"\nEOT\n",
		"place":       "wall",
		"pin":         "canary-pin",
		"tags":        map[string]any{"a b": "${c}", "for": "d"},
		"board":       []any{map[string]any{"text": "$${x}\ttab", "slot": slots}, map[string]any{"text": "é 🐘"}},
	}
	for name, value := range values {
		if err := d.Set(name, value); err != nil {
			return nil, err
		}
	}
	return []*schema.ResourceData{d}, nil
}
