import { badInput } from '../shared/errors.ts';

const MAX_NAME_LENGTH = 200; // fits a line of a list

/** A display name, trimmed. @throws BAD_INPUT when it is empty or too long */
export function parseName(name: string): string {
  const trimmed = name.trim();
  if (trimmed === '') throw badInput('name', 'must not be empty');
  if (trimmed.length > MAX_NAME_LENGTH) throw badInput('name', `must have at most ${MAX_NAME_LENGTH} characters`);
  return trimmed;
}
