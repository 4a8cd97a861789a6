// What is generated, and by which plugins. `npm run codegen` runs it (scripts/codegen.ts).
import { executeCodegen, type CodegenConfig } from '@graphql-codegen/cli';

import { buildModel, createPlugins, printSdl, readSources, type Model } from './src/codegen/index.ts';

export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

const resolverTypes = {
  // Optional inputs take an explicit undefined; without it `exactOptionalPropertyTypes` refuses them.
  inputMaybeValue: 'T | null | undefined',
  // A forgotten root resolver does not compile.
  avoidOptionals: { query: true, mutation: true, subscription: true },
  // Tests call resolvers directly.
  makeResolverTypeCallable: true,
  immutableTypes: true,
  enumsAsTypes: true,
  strictScalars: true,
  scalars: { ID: 'string', JSON: '../src/shared/json.ts#Json' },
  useTypeImports: true,
  contextType: '../src/resolvers/context.ts#ResolverContext',
};

export function codegenConfig(model: Model): CodegenConfig {
  const ours = createPlugins(model);
  return {
    schema: printSdl(model.sdl.schema),
    silent: true,
    pluginLoader: async (name: string) => ours[name] ?? (await import(name)),
    generates: {
      'generated/schema.graphql': { plugins: ['sluice-schema'] },
      'generated/enums.ts': { plugins: ['sluice-enums'] },
      'generated/access.ts': { plugins: ['sluice-access'] },
      'generated/resolvers.ts': {
        plugins: ['sluice-stamp', 'typescript', 'typescript-resolvers'],
        config: resolverTypes,
      },
    },
  };
}

/**
 * Generates everything in memory.
 *
 * @param root folder that holds `schema/`
 * @throws CodegenRefused when the sources are wrong
 */
export async function generateFiles(root: string): Promise<GeneratedFile[]> {
  const { result, error } = await executeCodegen(codegenConfig(buildModel(readSources(root))));
  if (error !== null) throw error;
  return result.map(({ filename, content }) => ({ path: filename, content }));
}
