import type { CtyType } from '../../providers/index.ts';
import { formatPath } from '../../shared/problems.ts';
import { comment, quoted, typeConstraint } from './hcl.ts';
import { Names } from './names.ts';

interface Variable {
  readonly name: string;
  readonly type: CtyType;
  readonly description: string;
  readonly ephemeral: boolean;
}

/** The variables that stand for what must not be written into a file: sensitive and write-only values. */
export class Variables {
  readonly #names = new Names();
  readonly #variables: Variable[] = [];

  /** Declares a variable and returns the reference to it. */
  declare(owner: string, path: readonly (string | number)[], kind: { type: CtyType; writeOnly: boolean }): string {
    const name = this.#names.take([owner.replace('.', '_'), ...path].join('_'));
    const description = `${formatPath(path)} of ${owner}`;
    this.#variables.push({ name, type: kind.type, description, ephemeral: kind.writeOnly });
    return `var.${name}`;
  }

  get names(): string[] {
    return this.#variables.map(({ name }) => name);
  }

  blocks(): string[] {
    return this.#variables.map(({ name, type, description, ephemeral }) => {
      const lines = [
        `variable ${quoted(name)} {`,
        `  type        = ${typeConstraint(type)}`,
        `  description = ${quoted(description)}`,
        '  sensitive   = true',
        ...(ephemeral
          ? [`  ${comment('write-only: it is in no state, so give it with each run')}`, '  ephemeral   = true']
          : []),
        '}',
      ];
      return `${lines.join('\n')}\n`;
    });
  }
}
