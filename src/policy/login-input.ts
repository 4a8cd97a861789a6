import type { Json } from '../shared/json.ts';
import { flag, nanoseconds, object, orNull, text, texts } from './schema-parts.ts';

/** What the rules of a login policy see as `input`. */
export interface LoginPolicyInput {
  readonly request: { readonly remote_ip: string | null; readonly timestamp_ns: number };
  readonly session: {
    readonly account_name: string;
    readonly admin: boolean;
    readonly creator_ip: string | null;
    /** Ours: not in what other servers of this API show. */
    readonly email: string | null;
    readonly login: string;
    readonly machine: boolean;
    readonly member: boolean;
    readonly name: string;
    readonly teams: readonly string[];
  };
  readonly spaces: readonly { readonly id: string; readonly name: string; readonly labels: readonly string[] }[];
  readonly roles: readonly {
    readonly id: string;
    readonly name: string;
    readonly slug: string;
    readonly ulid: string;
  }[];
}

const list = (description: string, items: Readonly<Record<string, Json>>) => ({ type: 'array', description, items });

const request = object('how the person or machine comes in now', {
  remote_ip: orNull(text('address that the request came from')),
  timestamp_ns: nanoseconds('when it arrived: policies have no other clock'),
});

const session = object('who comes in', {
  account_name: text('name of the account'),
  admin: flag('whether they are admin of root by a role of their own'),
  creator_ip: orNull(text('address from which the session was begun; that of the request at a sign-in')),
  email: orNull(text('address that the identity provider has verified, or that the person was invited by')),
  login: text('user name, or id of the API key'),
  machine: flag('whether an API key comes in'),
  member: flag('whether they are a member: always true, because who is not is refused before a policy is asked'),
  name: text('name for people'),
  teams: texts('teams, as the identity provider named them, or groups of the API key'),
});

const space = object('one space', {
  id: text('its id, which `roles` names it by'),
  name: text('its name'),
  labels: texts('its labels'),
});

const role = object('one role', {
  id: text('the same as `ulid`'),
  name: text('its name'),
  slug: text('its readable id'),
  ulid: text('its id'),
});

/** The input of a login policy as a JSON Schema (draft 2020-12), for editors and documentation. */
export const loginInputSchema: Readonly<Record<string, Json>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Input of a login policy',
  ...object('somebody comes in, or comes back', {
    request,
    session,
    spaces: list('all spaces', space),
    roles: list('all roles', role),
  }),
};
