import { developmentVersion, type SchemaBlock } from '../../providers/index.ts';
import type { ProviderConfigRow } from '../../storage/project-config.ts';
import type { ResourceRow } from '../../storage/resources.ts';
import { readConfig } from '../journal/stored.ts';
import { guardBlock } from '../provider-configs/guard-block.ts';
import { bodyLines } from './block-body.ts';
import { comment, quoted } from './hcl.ts';
import { Names } from './names.ts';
import type { Gathered } from './gather-resource.ts';
import type { Variables } from './variables.ts';

interface Provider {
  readonly address: string;
  /** Name in the file. */
  readonly name: string;
  readonly version: string;
  readonly schema: SchemaBlock;
  /** Other versions that resources are of. */
  readonly others: readonly string[];
}

/** The providers that a file needs, each under a name. */
export class Providers {
  readonly #providers: readonly Provider[];

  constructor(resources: readonly Gathered[]) {
    const names = new Names();
    const addresses = [...new Set(resources.map(({ row }) => row.provider))].toSorted();
    this.#providers = addresses.map((address) => {
      const own = resources.filter(({ row }) => row.provider === address);
      const versions = [...new Set(own.map(({ row }) => row.version))].toSorted(byVersion);
      const version = versions.at(-1) ?? '';
      const newest = own.find(({ row }) => row.version === version);
      return {
        address,
        name: names.take(address.slice(address.lastIndexOf('/') + 1)),
        version,
        schema: newest?.loaded.provider ?? { attributes: [], blocks: [], description: '', deprecated: false },
        others: versions.slice(0, -1),
      };
    });
  }

  /** The `provider` argument of a resource; undefined where the type's name says it. */
  argument({ provider, providerAlias, type }: ResourceRow): string | undefined {
    const name = this.#providers.find(({ address }) => address === provider)?.name;
    if (providerAlias !== undefined) return `${name}.${aliasName(providerAlias)}`;
    return name === type.split('_')[0] ? undefined : name;
  }

  requirements(warn: (text: string) => void): string {
    const lines = this.#providers.flatMap(({ address, name, version, others }) => {
      const text = `resources of ${address} are of ${[...others, version].join(' and ')}, and a file can have one version only`;
      if (others.length > 0) warn(text);
      return [
        ...(others.length > 0 ? [`    ${comment(text)}`] : []),
        `    ${name} = {`,
        `      source  = ${quoted(address)}`,
        ...(version === developmentVersion ? [] : [`      version = ${quoted(version)}`]),
        '    }',
      ];
    });
    return `${['terraform {', '  required_providers {', ...lines, '  }', '}'].join('\n')}\n`;
  }

  /** `provider` blocks: what the project has set for the providers that are needed. */
  configurations(rows: readonly ProviderConfigRow[], variables: Variables): string[] {
    return this.#providers.flatMap(({ address, name, schema }) =>
      rows
        .filter(({ provider }) => provider === address)
        .map(({ alias, config }) => {
          const owner = `provider.${alias === '' ? name : `${name}_${alias}`}`;
          const context = {
            secret: (path: readonly (string | number)[], kind: Parameters<Variables['declare']>[2]) =>
              variables.declare(owner, path, kind),
            withheld: new Set<string>(),
            replaced: () => undefined,
          };
          const lines = [
            `provider ${quoted(name)} {`,
            ...(alias === '' ? [] : [`  alias = ${quoted(aliasName(alias))}`]),
            ...bodyLines(guardBlock(schema), readConfig(config), context, '  '),
            '}',
          ];
          return `${lines.join('\n')}\n`;
        }),
    );
  }
}

function aliasName(alias: string): string {
  return new Names().take(alias);
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
