import type { CodegenPlugin } from '@graphql-codegen/plugin-helpers';

import type { Model } from '../model.ts';
import { printAccessPage } from './access-page.ts';
import { printAccess } from './access.ts';
import { printActions } from './actions.ts';
import { printCatalog } from './catalog.ts';
import { printEnums } from './enums.ts';
import { printMcp } from './mcp.ts';
import { printWholeSchema } from './schema.ts';
import { stamp } from './stamp.ts';
import { printToolsPage } from './tools-page.ts';
import { printValidators, printValidatorTypes } from './validators.ts';

/** Our plugins by the names that codegen.ts uses. Each prints one part of the model; none decides anything. */
export function createPlugins(model: Model): Readonly<Record<string, CodegenPlugin>> {
  return {
    'sluice-stamp': { plugin: () => ({ prepend: [stamp('schema/*.graphql')], content: '' }) },
    'sluice-schema': { plugin: () => printWholeSchema(model.sdl.schema, model.catalog.sdl) },
    'sluice-enums': { plugin: () => printEnums(model.sdl.document) },
    'sluice-access': { plugin: () => printAccess(model.access) },
    'sluice-actions': { plugin: () => printActions(model.actions) },
    'sluice-catalog': { plugin: () => printCatalog(model.catalog) },
    'sluice-mcp': { plugin: () => printMcp(model.tools) },
    'sluice-validators': { plugin: () => printValidators(model.tools) },
    'sluice-validator-types': { plugin: () => printValidatorTypes() },
    'sluice-access-page': { plugin: () => printAccessPage(model.access, model.actions) },
    'sluice-tools-page': { plugin: () => printToolsPage(model.tools) },
  };
}
