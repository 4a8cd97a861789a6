import { Kind, print } from 'graphql';

import { replaceDeceiving } from '../../shared/deceiving-text.ts';
import type { ResourceSchema, SchemaAttribute, SchemaBlock } from '../../providers/index.ts';
import { camelCase, pascalCase } from './names.ts';

type CtyType = SchemaAttribute['type'];

/**
 * API name of an attribute -> its name at the provider, where they differ; with the names below it, where there are
 * any. What is absent has one name in both.
 */
export type FieldNames = { readonly [field: string]: string | readonly [string, FieldNames] };

/** One resource type as SDL, in the form in which graphql-js prints it. */
export interface ResourceText {
  /** By name: object and input types. */
  readonly types: ReadonlyMap<string, string>;
  /** By name: fields of the type Mutation. */
  readonly mutations: ReadonlyMap<string, string>;
  readonly fields: FieldNames;
  /** Reasons why the type cannot be in the API. */
  readonly problems: readonly string[];
}

/** A field of the API that an attribute or a block becomes, before it is known where it appears. */
interface Member {
  readonly name: string;
  readonly description: string;
  readonly deprecated: boolean;
  readonly required: boolean;
  readonly inInput: boolean;
  readonly inOutput: boolean;
  readonly type: Shape;
}

// `any` is the JSON scalar: maps, tuples, values of dynamic type and blocks without attributes.
type Shape =
  | { readonly kind: 'scalar'; readonly name: 'String' | 'Boolean' | 'Decimal' | 'JSON' }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'object'; readonly members: readonly Member[] };

const any: Shape = { kind: 'scalar', name: 'JSON' };
const MAX_DESCRIPTION = 300; // the whole text is in the provider's own docs; here it costs every reader of the schema

/** @param type resource type at the provider, such as `sandbox_pet` */
export function printResource(type: string, schema: ResourceSchema, provider: string): ResourceText {
  const printer = new ResourcePrinter();
  const name = pascalCase(type);
  const members = membersOf(schema.block);
  const fields = printer.fieldNames(members, type);
  const about =
    schema.block.description === ''
      ? `Resource \`${type}\` of the provider \`${provider}\`.`
      : schema.block.description;
  const input = printer.input(`${name}Input`, `Arguments of \`${type}\`.`, members);
  const output = printer.output(name, about, members);
  printer.operation(name, type, output);
  printer.addMutations(name, type, provider, input);
  return { types: printer.types, mutations: printer.mutations, fields, problems: printer.problems };
}

class ResourcePrinter {
  readonly types = new Map<string, string>();
  readonly mutations = new Map<string, string>();
  readonly problems: string[] = [];

  /** Prints an input type; undefined when there is nothing that may be given. */
  input(name: string, description: string, members: readonly Member[]): string | undefined {
    const given = members.filter((member) => member.inInput);
    const lines = given.map((member) => {
      const type = this.inputType(member.type, `${withoutInput(name)}_${pascalCase(member.name)}Input`, member);
      return memberText(member, `${type}${member.required ? '!' : ''}`, member.deprecated && !member.required);
    });
    return this.add('input', name, description, lines);
  }

  /** Prints an object type; undefined when it would have no field. */
  output(name: string, description: string, members: readonly Member[]): string | undefined {
    const shown = members.filter((member) => member.inOutput);
    const lines = shown.map((member) => {
      const type = this.outputType(member.type, `${name}_${pascalCase(member.name)}`, member);
      return memberText(member, type, member.deprecated);
    });
    return this.add('type', name, description, lines);
  }

  operation(name: string, type: string, output: string | undefined): void {
    const resource = 'The resource after the operation; sensitive attributes are null. Null while there is none.';
    this.add('type', `Intent${name}Operation`, `An operation on a \`${type}\`.`, [
      fieldText('operation: IntentOperation!', 'The operation: what was asked, planned, decided and done.'),
      fieldText(`resource: ${output ?? 'JSON'}`, resource),
    ]);
  }

  addMutations(name: string, type: string, provider: string, input: string | undefined): void {
    const abouts = {
      Create: `Creates a \`${type}\` by the provider \`${provider}\`, under the policies of the project.`,
      Update: `Changes a \`${type}\`. The configuration is the whole one, not a difference. A change that replaces the resource must be confirmed.`,
    };
    for (const [verb, about] of Object.entries(abouts)) {
      const head = `intent${name}${verb}`;
      this.mutations.set(
        head,
        fieldText(`${head}(\n${argumentTexts(verb, input)}\n  ): Intent${name}Operation!`, about),
      );
    }
  }

  /** The mapping back to the provider's names; two attributes that come out alike are a problem. */
  fieldNames(members: readonly Member[], path: string): FieldNames {
    const seen = new Map<string, string>();
    const fields: Record<string, string | readonly [string, FieldNames]> = {};
    for (const member of members) {
      const field = camelCase(member.name);
      const other = seen.get(field);
      if (other !== undefined)
        this.problems.push(`${path}.${member.name} and ${path}.${other} would both be called ${field}`);
      if (field === '') this.problems.push(`${path}.${member.name} has no letter to be called by`);
      seen.set(field, member.name);
      const inner = this.innerNames(member.type, `${path}.${member.name}`);
      if (Object.keys(inner).length > 0) fields[field] = [member.name, inner];
      else if (field !== member.name) fields[field] = member.name;
    }
    return fields;
  }

  private innerNames(shape: Shape, path: string): FieldNames {
    if (shape.kind === 'list') return this.innerNames(shape.of, path);
    return shape.kind === 'object' ? this.fieldNames(shape.members, path) : {};
  }

  private inputType(shape: Shape, name: string, member: Member): string {
    if (shape.kind === 'scalar') return shape.name;
    if (shape.kind === 'list') return `[${this.inputType(shape.of, name, member)}!]`;
    return this.input(name, member.description, shape.members) ?? 'JSON';
  }

  private outputType(shape: Shape, name: string, member: Member): string {
    if (shape.kind === 'scalar') return shape.name;
    if (shape.kind === 'list') return `[${this.outputType(shape.of, name, member)}]`;
    return this.output(name, member.description, shape.members) ?? 'JSON';
  }

  private add(
    keyword: 'type' | 'input',
    name: string,
    description: string,
    fields: readonly string[],
  ): string | undefined {
    if (fields.length === 0) return undefined;
    this.types.set(name, `${quote(description)}\n${keyword} ${name} {\n${fields.join('\n\n')}\n}`);
    return name;
  }
}

function withoutInput(name: string): string {
  return name.slice(0, -'Input'.length);
}

function memberText(member: Member, type: string, deprecated: boolean): string {
  const mark = deprecated ? ' @deprecated(reason: "The provider deprecates it.")' : '';
  return fieldText(`${camelCase(member.name)}: ${type}${mark}`, member.description);
}

function fieldText(text: string, description: string, indent = '  '): string {
  return `${quote(description).replaceAll(/^/gm, indent)}\n${indent}${text}`;
}

function argumentTexts(verb: string, input: string | undefined): string {
  const config = input === undefined ? [] : [['config', `${input}!`, 'Arguments of the resource.']];
  const about = 'Name under which the provider is set up in the project; the nameless one when absent.';
  const alias = verb === 'Create' ? [['providerAlias', 'String', about]] : []; // a resource remembers it
  return [
    ...config,
    ['confirmation', 'String', 'Token from an answer in state AWAITING_CONFIRMATION.'],
    ['intentProject', 'ID!', 'Id of the project.'],
    ['lockWait', 'Int', 'Seconds to wait in line while another session has the lock: 0 to 50, 0 when absent.'],
    ...alias,
    ['resourceID', 'ID!', 'Id of the resource in the project.'],
    ['wait', 'Int', 'Seconds to wait for the end: 0 to 50, 50 when absent.'],
  ]
    .map(([name = '', type = '', about = '']) => fieldText(`${name}: ${type}`, about, '    '))
    .join('\n\n');
}

// Blocks and attributes become fields alike: whoever fills them in need not know the difference.
function membersOf(block: SchemaBlock): Member[] {
  const blocks = block.blocks.map((nested): Member => {
    const inner = membersOf(nested.block);
    const single = nested.nesting === 'SINGLE' || nested.nesting === 'GROUP';
    return {
      name: nested.name,
      description: nested.block.description || `Block \`${nested.name}\`.`,
      deprecated: nested.block.deprecated,
      required: nested.minItems > 0,
      inInput: inner.length === 0 || inner.some((member) => member.inInput),
      inOutput: inner.length === 0 || inner.some((member) => member.inOutput),
      type: nested.nesting === 'MAP' ? any : single ? objectOf(inner) : { kind: 'list', of: objectOf(inner) },
    };
  });
  return [...block.attributes.map(attributeMember), ...blocks].toSorted(byName);
}

function attributeMember(attribute: SchemaAttribute): Member {
  const notes = [
    attribute.description || `Attribute \`${attribute.name}\`.`,
    attribute.sensitive && !attribute.writeOnly ? 'Sensitive: null in answers.' : '',
    attribute.writeOnly ? 'Given to the provider and never kept.' : '',
  ];
  return {
    name: attribute.name,
    description: notes.filter(Boolean).join(' '),
    deprecated: attribute.deprecated,
    required: attribute.required,
    inInput: attribute.required || attribute.optional,
    inOutput: !attribute.writeOnly,
    type: attribute.nested === undefined ? shapeOf(attribute.type) : nestedShape(attribute.nested),
  };
}

function nestedShape({ nesting, attributes }: NonNullable<SchemaAttribute['nested']>): Shape {
  if (nesting === 'MAP') return any;
  const object = objectOf(attributes.map(attributeMember).toSorted(byName));
  return nesting === 'SINGLE' ? object : { kind: 'list', of: object };
}

function shapeOf(type: CtyType): Shape {
  if (type === 'string') return { kind: 'scalar', name: 'String' };
  if (type === 'bool') return { kind: 'scalar', name: 'Boolean' };
  if (type === 'number') return { kind: 'scalar', name: 'Decimal' };
  if (type === 'dynamic' || 'map' in type || 'tuple' in type) return any;
  if ('list' in type) return { kind: 'list', of: shapeOf(type.list) };
  if ('set' in type) return { kind: 'list', of: shapeOf(type.set) };
  const members = Object.entries(type.object).map(([name, inner]) => plainMember(name, inner));
  return objectOf(members.toSorted(byName));
}

// Members of an object type have no description and no flags of their own.
function plainMember(name: string, type: CtyType): Member {
  const description = `Attribute \`${name}\`.`;
  return { name, description, deprecated: false, required: false, inInput: true, inOutput: true, type: shapeOf(type) };
}

function objectOf(members: readonly Member[]): Shape {
  return members.length === 0 ? any : { kind: 'object', members };
}

function byName(a: Member, b: Member): number {
  return camelCase(a.name) < camelCase(b.name) ? -1 : 1;
}

/** The beginning of a provider's text as a GraphQL string. */
function quote(text: string): string {
  const line = replaceDeceiving(text, ' ').replaceAll(/\s+/g, ' ').trim(); // invisible characters would hide what a text says
  const short = line.length <= MAX_DESCRIPTION ? line : `${line.slice(0, MAX_DESCRIPTION - 1)}…`;
  return print({ kind: Kind.STRING, value: short.toWellFormed(), block: true });
}
