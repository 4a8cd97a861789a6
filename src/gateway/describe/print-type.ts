import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  print,
} from 'graphql';

type AnyField = GraphQLField<unknown, unknown>;
type InputValue = GraphQLArgument | GraphQLInputField;

/** A type as SDL in pieces: an opening, a piece for each member, an end. Long types are paged between the pieces. */
export function printType(type: GraphQLNamedType): string[] {
  const doc = describe(type.description, '');
  if (isUnionType(type)) {
    const members = type.getTypes().map((member) => member.name);
    return [`${doc}union ${type.name} = ${members.join(' | ')}`];
  }
  if (isEnumType(type)) {
    return block(
      `${doc}enum ${type.name}`,
      type.getValues().map((value) => `${describe(value.description, '  ')}  ${value.name}`),
    );
  }
  if (isInputObjectType(type)) {
    return block(
      `${doc}input ${type.name}`,
      Object.values(type.getFields()).map((field) => printInputField(field)),
    );
  }
  if (isObjectType(type) || isInterfaceType(type)) {
    const keyword = isObjectType(type) ? 'type' : 'interface';
    const parents = type.getInterfaces().map((parent) => parent.name);
    const opening = `${doc}${keyword} ${type.name}${parents.length > 0 ? ` implements ${parents.join(' & ')}` : ''}`;
    return block(
      opening,
      Object.values(type.getFields()).map((field) => printField(field, '  ')),
    );
  }
  return [`${doc}scalar ${type.name}`];
}

function block(opening: string, members: readonly string[]): string[] {
  return [`${opening} {`, ...members, '}'];
}

function printInputField(field: GraphQLInputField): string {
  return `${describe(field.description, '  ')}  ${printInputValue(field)}`;
}

/** A field with its arguments, each with its own description where it has one. */
export function printField(field: AnyField, indent: string): string {
  const doc = describe(field.description, indent);
  if (!field.args.some((argument) => argument.description)) return `${doc}${indent}${fieldLine(field)}`;
  const lines = field.args.map(
    (argument) => `${describe(argument.description, `${indent}  `)}${indent}  ${printInputValue(argument)}`,
  );
  return `${doc}${indent}${field.name}(\n${lines.join('\n')}\n${indent}): ${String(field.type)}${deprecation(field)}`;
}

/** `name(argument: Type! = default): Type` */
export function fieldLine(field: AnyField): string {
  const list = field.args.map((argument) => printInputValue(argument)).join(', ');
  return `${field.name}${list === '' ? '' : `(${list})`}: ${String(field.type)}${deprecation(field)}`;
}

function printInputValue(value: InputValue): string {
  const literal = value.astNode?.defaultValue;
  return `${value.name}: ${String(value.type)}${literal === undefined ? '' : ` = ${print(literal)}`}`;
}

function deprecation({ deprecationReason }: AnyField): string {
  return deprecationReason === null || deprecationReason === undefined
    ? ''
    : ` @deprecated(reason: ${JSON.stringify(deprecationReason)})`;
}

function describe(description: string | null | undefined, indent: string): string {
  return description === null || description === undefined || description === ''
    ? ''
    : `${indent}# ${oneLine(description)}\n`;
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

export function firstSentence(description: string | null | undefined): string {
  const text = oneLine(description ?? '');
  const end = text.search(/[.:;](\s|$)/);
  return end === -1 ? text : text.slice(0, end);
}
