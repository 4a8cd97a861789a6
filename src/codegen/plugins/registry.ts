import type { CodegenPlugin } from '@graphql-codegen/plugin-helpers';

import type { Model } from '../model.ts';
import { printSdl } from '../sdl.ts';
import { printAccess } from './access.ts';
import { printEnums } from './enums.ts';
import { stamp } from './stamp.ts';

/** Our plugins by the names that codegen.ts uses. Each prints one part of the model; none decides anything. */
export function createPlugins(model: Model): Readonly<Record<string, CodegenPlugin>> {
  return {
    'sluice-stamp': { plugin: () => ({ prepend: [stamp('schema/*.graphql')], content: '' }) },
    'sluice-schema': { plugin: () => stamp('schema/', '#') + '\n' + printSdl(model.sdl.schema) + '\n' },
    'sluice-enums': { plugin: () => printEnums(model.sdl.document) },
    'sluice-access': { plugin: () => printAccess(model.access) },
  };
}
