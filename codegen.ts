// What is generated, and by which plugins. `npm run codegen` runs it (scripts/codegen.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { executeCodegen, type CodegenConfig } from '@graphql-codegen/cli';
import type { CodegenPlugin } from '@graphql-codegen/plugin-helpers';

import { buildModel, createPlugins, printSdl, readSources, type Model } from './src/codegen/index.ts';

export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

const resolverTypes = {
  // Optional inputs take an explicit undefined; without it `exactOptionalPropertyTypes` refuses them.
  inputMaybeValue: 'T | null | undefined',
  // Resolvers may answer undefined, which is how absence is spelled in here.
  maybeValue: 'T | null | undefined',
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
  // What the domain answers with; the fields that a record lacks have resolvers of their own.
  mappers: {
    ApiKey: '../src/domain/identity/index.ts#ApiKeyRecord',
    ApiKeyRoleBinding: '../src/domain/identity/index.ts#RoleBindingRecord',
    IntentChange: '../src/intent/index.ts#ChangeView',
    IntentChangeSet: '../src/intent/index.ts#ChangeSetView',
    IntentOperation: '../src/intent/index.ts#OperationView',
    IntentProject: '../src/domain/projects/index.ts#ProjectRecord',
    IntentResource: '../src/intent/index.ts#ResourceView',
    ManagedUser: '../src/domain/people/index.ts#UserRecord',
    ManagedUserGroup: '../src/domain/people/index.ts#GroupRecord',
    Policy: '../src/domain/policies/index.ts#PolicyRecord',
    ProviderHit: '../src/domain/providers/index.ts#ProviderListing',
    Session: '../src/domain/people/index.ts#SessionRecord',
    Space: '../src/domain/spaces/index.ts#SpaceRecord',
    UserGroupRoleBinding: '../src/domain/identity/index.ts#RoleBindingRecord',
    UserRoleBinding: '../src/domain/identity/index.ts#RoleBindingRecord',
  },
};

export function codegenConfig(model: Model): CodegenConfig {
  const ours = createPlugins(model);
  return {
    schema: printSdl(model.sdl.schema),
    silent: true,
    pluginLoader: (name: string): Promise<CodegenPlugin> => {
      const own = ours[name];
      return own === undefined ? import(name) : Promise.resolve(own);
    },
    generates: {
      'generated/schema.graphql': { plugins: ['sluice-schema'] },
      'generated/enums.ts': { plugins: ['sluice-enums'] },
      'generated/access.ts': { plugins: ['sluice-access'] },
      'generated/actions.ts': { plugins: ['sluice-actions'] },
      'generated/catalog.ts': { plugins: ['sluice-catalog'] },
      'generated/mcp.json': { plugins: ['sluice-mcp'] },
      'generated/validators.js': { plugins: ['sluice-validators'] },
      'generated/validators.d.ts': { plugins: ['sluice-validator-types'] },
      'docs/access.md': { plugins: ['sluice-access-page'] },
      'docs/tools.md': { plugins: ['sluice-tools-page'] },
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

/** Those of the generated files that are absent below the root or differ from what is there. */
export async function staleFiles(root: string): Promise<GeneratedFile[]> {
  return (await generateFiles(root)).filter((file) => !isCurrent(root, file));
}

export function isCurrent(root: string, file: GeneratedFile): boolean {
  try {
    return readFileSync(join(root, file.path), 'utf8') === file.content;
  } catch {
    return false; // absent
  }
}
