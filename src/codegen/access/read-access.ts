import { Kind, type ConstDirectiveNode, type ConstValueNode, type FieldDefinitionNode } from 'graphql';

import { didYouMean, refusal, refuseAll, type Refusal } from '../refusals.ts';
import { enumsOf, type ObjectType, type Sdl } from '../sdl.ts';
import { checkSpace, type SpacePlace } from './check-space.ts';
import { parseSpace } from './parse-space.ts';
import {
  nothingFurther,
  scopes as knownScopes,
  type AccessTable,
  type ActionRequirement,
  type Requirement,
  type Scope,
} from './requirement.ts';

const accessDirectives = ['public', 'authenticated', 'requiresScopes', 'requiresAction'];
const defaultScopes: Readonly<Record<string, readonly (readonly Scope[])[]>> = {
  Query: [['mcp:read']],
  Mutation: [['mcp:write']],
};

/** @throws CodegenRefused for every field that nothing covers and every directive that asks for what does not exist */
export function readAccess(sdl: Sdl): AccessTable {
  const reader = new AccessReader(sdl);
  const table = reader.read();
  refuseAll(reader.refusals);
  return table;
}

class AccessReader {
  readonly refusals: Refusal[] = [];
  private readonly sdl: Sdl;
  private readonly actions: ReadonlySet<string>;

  constructor(sdl: Sdl) {
    this.sdl = sdl;
    const values = enumsOf(sdl.document)
      .filter((node) => node.name.value === 'Action')
      .flatMap((node) => node.values ?? []);
    this.actions = new Set(values.map((value) => value.name.value));
  }

  read(): AccessTable {
    const types = new Map<string, Requirement>();
    const fields = new Map<string, Requirement>();
    for (const type of [...this.sdl.objects.values()].toSorted(byName)) {
      if (isGuarded(type.directives)) types.set(type.name, this.requirement({ sdl: this.sdl, type, field: undefined }));
      for (const field of [...type.fields.values()].toSorted((a, b) => (a.name.value < b.name.value ? -1 : 1))) {
        fields.set(`${type.name}.${field.name.value}`, this.fieldRequirement(type, field));
      }
    }
    return { types, fields, nouns: nounsOf([...types.values(), ...fields.values()]) };
  }

  private fieldRequirement(type: ObjectType, field: FieldDefinitionNode): Requirement {
    this.checkCover(type, field);
    const own = this.requirement({ sdl: this.sdl, type, field });
    const implied = own.public || own.scopes.length > 0 ? undefined : defaultScopes[type.name];
    return implied === undefined ? own : { ...own, scopes: implied };
  }

  private checkCover(type: ObjectType, field: FieldDefinitionNode): void {
    const name = `${type.name}.${field.name.value}`;
    if (isGuarded(field.directives)) return;
    if (type.name in defaultScopes) {
      this.refuse(field, `${name} says nothing of who may use it: give it @requiresAction, @authenticated or @public`);
    } else if (!isGuarded(type.directives)) {
      this.refuse(field, `nothing covers ${name}: give the field or the type ${type.name} an access directive`);
    }
  }

  private requirement(place: SpacePlace): Requirement {
    const directives = (place.field === undefined ? place.type : place.field).directives ?? [];
    const isPublic = directives.some((directive) => directive.name.value === 'public');
    const open = directives.find(
      (directive) => isPublic && ['authenticated', 'requiresScopes', 'requiresAction'].includes(directive.name.value),
    );
    if (open !== undefined) this.refuse(open, '@public contradicts every other access directive: remove one of them');
    const named = (name: string) => directives.filter((directive) => directive.name.value === name);
    return {
      ...nothingFurther,
      public: isPublic,
      scopes: named('requiresScopes').flatMap((directive) => this.scopes(directive)),
      actions: named('requiresAction').flatMap((directive) => this.action(directive, place)),
      destructive: named('destructive').length > 0,
    };
  }

  private scopes(directive: ConstDirectiveNode): Scope[][] {
    return listOf(argument(directive, 'scopes')).map((inner) =>
      listOf(inner).flatMap((value) => {
        const name = value.kind === Kind.STRING ? value.value : '';
        const scope = knownScopes.find((candidate) => candidate === name);
        if (scope === undefined)
          this.refuse(value, `unknown scope ${JSON.stringify(name)}${didYouMean(name, knownScopes)}`);
        return scope === undefined ? [] : [scope];
      }),
    );
  }

  private action(directive: ConstDirectiveNode, place: SpacePlace): ActionRequirement[] {
    const action = argument(directive, 'action');
    const name = action?.kind === Kind.ENUM ? action.value : '';
    if (!this.actions.has(name))
      this.refuse(directive, `unknown action ${JSON.stringify(name)}${didYouMean(name, this.actions)}`);
    const text = argument(directive, 'space');
    const space = text?.kind === Kind.STRING ? parseSpace(text.value) : undefined;
    if (space === undefined) {
      this.refuse(directive, 'space must be args.<path>, parent.<field>, <noun>(args.<path>), root or any');
      return [];
    }
    const wrong = checkSpace(space, place);
    if (wrong !== undefined) this.refuse(directive, wrong);
    return [{ action: name, space }];
  }

  private refuse(node: Parameters<typeof refusal>[0], message: string): void {
    this.refusals.push(refusal(node, message));
  }
}

function isGuarded(directives: readonly ConstDirectiveNode[] | undefined): boolean {
  return (directives ?? []).some((directive) => accessDirectives.includes(directive.name.value));
}

function argument(directive: ConstDirectiveNode, name: string): ConstValueNode | undefined {
  return directive.arguments?.find((candidate) => candidate.name.value === name)?.value;
}

function listOf(value: ConstValueNode | undefined): readonly ConstValueNode[] {
  if (value === undefined) return [];
  return value.kind === Kind.LIST ? value.values : [value];
}

function nounsOf(requirements: readonly Requirement[]): string[] {
  const spaces = requirements.flatMap((row) => row.actions).map(({ space }) => space);
  return [...new Set(spaces.flatMap((space) => (space.from === 'noun' ? [space.noun] : [])))].toSorted();
}

function byName(a: ObjectType, b: ObjectType): number {
  return a.name < b.name ? -1 : 1;
}
