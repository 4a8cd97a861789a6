import { badInput } from '../../shared/errors.ts';
import type { ConfigType } from '../../storage/project-config.ts';
import { isReservedName } from './reserved-name.ts';

/** Where providers see mounted files, whatever the host really calls the place. */
export const MOUNT = '/app/';

const MAX_NAME_LENGTH = 128;
const MAX_PATH_LENGTH = 256;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PATH_STEP = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$|^\.[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/**
 * The name under which a variable or file is kept: a file's without the place where it is mounted.
 *
 * @throws BAD_INPUT saying which names are possible
 */
export function parseConfigName(type: ConfigType, id: string): string {
  return type === 'ENVIRONMENT_VARIABLE' ? parseVariable(id) : parseFilePath(id);
}

/** The same name in whichever way it is written, for looking it up. */
export function plainConfigName(id: string): string {
  return id.startsWith(MOUNT) ? id.slice(MOUNT.length) : id;
}

function parseVariable(id: string): string {
  if (id.length > MAX_NAME_LENGTH || !VARIABLE.test(id)) {
    throw badInput(
      'config.id',
      `a variable's name has letters, digits and _, begins with no digit, and has ${MAX_NAME_LENGTH} characters at most`,
    );
  }
  if (isReservedName(id)) {
    throw badInput('config.id', `${id} decides how programs run and cannot be set; choose another name`);
  }
  return id;
}

function parseFilePath(id: string): string {
  const path = plainConfigName(id);
  const wellFormed = path.length <= MAX_PATH_LENGTH && path.split('/').every((step) => PATH_STEP.test(step));
  if (wellFormed) return path;
  throw badInput(
    'config.id',
    `a file's path lies below ${MOUNT}, such as ${MOUNT}gcp.json: letters, digits, . _ - and / between folders, ` +
      `${MAX_PATH_LENGTH} characters at most`,
  );
}
