package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// oldProvider is the half on the old SDK. It keeps no objects of its own: what is in the state is what there is.
func oldProvider() *schema.Provider {
	return &schema.Provider{
		ResourcesMap: map[string]*schema.Resource{
			"legacy_box":    boxResource(),
			"legacy_peg":    pegResource(),
			"legacy_shelf":  shelfResource(),
			"legacy_secret": secretResource(),
			"legacy_liar":   liarResource(false),
			"legacy_strict": liarResource(true),
		},
		DataSourcesMap: map[string]*schema.Resource{"legacy_boxes": boxesDataSource()},
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func boxesDataSource() *schema.Resource {
	return &schema.Resource{
		Description: "Boxes that exist.",
		ReadContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
			prefix := d.Get("prefix").(string)
			boxes := []any{}
			for _, name := range []string{"one", "two", "three"} {
				boxes = append(boxes, map[string]any{"name": prefix + name, "serial": digest(prefix + name)})
			}
			d.SetId(prefix)
			return diag.FromErr(d.Set("boxes", boxes))
		},
		Schema: map[string]*schema.Schema{
			"prefix": {Type: schema.TypeString, Optional: true, Default: "box-"},
			"boxes": {
				Type:     schema.TypeList,
				Computed: true,
				Elem: &schema.Resource{Schema: map[string]*schema.Schema{
					"name":   {Type: schema.TypeString, Computed: true},
					"serial": {Type: schema.TypeString, Computed: true},
				}},
			},
		},
	}
}

func pegResource() *schema.Resource {
	noop := func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil }
	return &schema.Resource{
		Description: "The least that an object can be.",
		CreateContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
			d.SetId("peg-" + d.Get("name").(string))
			return nil
		},
		ReadContext:   noop,
		DeleteContext: noop,
		Importer:      &schema.ResourceImporter{StateContext: importPeg},
		Schema: map[string]*schema.Schema{
			"name": {Type: schema.TypeString, Required: true, ForceNew: true},
		},
	}
}

func importPeg(_ context.Context, d *schema.ResourceData, _ any) ([]*schema.ResourceData, error) {
	return []*schema.ResourceData{d}, d.Set("name", strings.TrimPrefix(d.Id(), "peg-"))
}

// secretResource keeps one secret in the state and never keeps another.
func secretResource() *schema.Resource {
	noop := func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil }
	return &schema.Resource{
		CreateContext: keepSecretDigest,
		UpdateContext: keepSecretDigest,
		ReadContext:   noop,
		DeleteContext: noop,
		Schema: map[string]*schema.Schema{
			"password":         {Type: schema.TypeString, Optional: true, Sensitive: true},
			"token":            {Type: schema.TypeString, Optional: true, WriteOnly: true},
			"token_version":    {Type: schema.TypeInt, Optional: true},
			"token_digest":     {Type: schema.TypeString, Computed: true},
			"generated_secret": {Type: schema.TypeString, Computed: true, Sensitive: true},
			"login": {
				Type:     schema.TypeList,
				Optional: true,
				MaxItems: 1,
				Elem: &schema.Resource{Schema: map[string]*schema.Schema{
					"user":     {Type: schema.TypeString, Required: true},
					"password": {Type: schema.TypeString, Optional: true, WriteOnly: true},
				}},
			},
		},
	}
}

func keepSecretDigest(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
	d.SetId("secret")
	token := d.GetRawConfig().GetAttr("token")
	if !token.IsNull() {
		_ = d.Set("token_digest", digest(token.AsString()))
	}
	return diag.FromErr(d.Set("generated_secret", "generated-"+d.Id()))
}

// liarResource plans and makes other values than were asked for. The old SDK may do so, unless it declares that it does
// not: then `strict` holds it to its word.
func liarResource(strict bool) *schema.Resource {
	lie := func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
		d.SetId("liar")
		if d.Get("lie_in_apply").(bool) {
			return diag.FromErr(d.Set("text", d.Get("text").(string)+" indeed"))
		}
		return nil
	}
	return &schema.Resource{
		CreateContext: lie,
		UpdateContext: lie,
		ReadContext:   func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil },
		DeleteContext: func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil },
		Schema: map[string]*schema.Schema{
			"text": {Type: schema.TypeString, Optional: true},
			"kept": {
				Type:      schema.TypeString,
				Optional:  true,
				StateFunc: func(value any) string { return digest(value.(string)) },
			},
			"lie_in_apply": {Type: schema.TypeBool, Optional: true},
		},
		EnableLegacyTypeSystemPlanErrors:  strict,
		EnableLegacyTypeSystemApplyErrors: strict,
	}
}
