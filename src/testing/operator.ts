import { isJsonObject, type JsonObject } from '../shared/json.ts';
import type { Cloud } from './clouds.ts';
import type { GraphqlAnswer, TestServer } from './server.ts';
import { read } from './shared-server.ts';

export type Verb = 'Create' | 'Update' | 'Delete' | 'Import' | 'Refresh' | 'Eject' | 'Rollback';

export interface Resource {
  readonly resourceID: string;
  readonly condition: string;
  readonly state: JsonObject | null;
}

export interface Operation {
  readonly id: string;
  readonly resourceID: string;
  readonly kind: string;
  readonly status: string;
  readonly failure: string | null;
}

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly confirmation: { readonly token: string } | null;
}

/** Somebody who works in one project through GraphQL, and settles there what was interrupted. */
export interface Operator {
  /** One call, as it is answered. */
  send(verb: Verb, resourceID: string, given?: Given): Promise<GraphqlAnswer>;
  /** The call, and once more with the token if it is asked to confirm. */
  carryOut(verb: Verb, resourceID: string, given?: Given): Promise<Answer>;
  resources(): Promise<readonly Resource[]>;
  operations(): Promise<Operation[]>;
  resume(operation: string): Promise<GraphqlAnswer>;
  /** Resumes what is interrupted; what only a person can know is looked up in the cloud, and imported or dropped. */
  settle(interrupted: Pick<Operation, 'id' | 'resourceID'>): Promise<void>;
  settleAll(): Promise<void>;
  /** Looks in the cloud what there is of a resource, and imports or drops it. */
  settleByHand(resourceID: string): Promise<void>;
}

export interface Given {
  readonly config?: JsonObject;
  readonly importID?: string;
  /** The operation that is gone back to. */
  readonly operation?: string;
  readonly confirmation?: string;
  readonly wait?: number;
}

export interface Place {
  /** The server as it is then: a killed one is replaced. */
  readonly server: () => TestServer;
  readonly project: string;
  readonly cloud: Cloud;
  /** The admin's when absent. */
  readonly token?: string;
}

const fields = '{ id status confirmation { token } }';

const documents: Readonly<Record<Verb, string>> = {
  Create: `mutation($project: ID!, $id: ID!, $provider: String!, $type: String!, $config: JSON!, $wait: Int) {
    answer: intentResourceCreate(intentProject: $project, resourceID: $id, provider: $provider, type: $type, config: $config, wait: $wait) ${fields} }`,
  Update: `mutation($project: ID!, $id: ID!, $config: JSON!, $confirmation: String, $wait: Int) {
    answer: intentResourceUpdate(intentProject: $project, resourceID: $id, config: $config, confirmation: $confirmation, wait: $wait) ${fields} }`,
  Delete: `mutation($project: ID!, $id: ID!, $confirmation: String, $wait: Int) {
    answer: intentResourceDelete(intentProject: $project, resourceID: $id, confirmation: $confirmation, wait: $wait) ${fields} }`,
  Import: `mutation($project: ID!, $id: ID!, $provider: String!, $type: String!, $importID: String!, $wait: Int) {
    answer: intentResourceImport(intentProject: $project, resourceID: $id, provider: $provider, type: $type, importID: $importID, wait: $wait) ${fields} }`,
  Refresh: `mutation($project: ID!, $id: ID!, $wait: Int) {
    answer: intentResourceRefresh(intentProject: $project, resourceID: $id, wait: $wait) ${fields} }`,
  Eject: `mutation($project: ID!, $id: ID!, $confirmation: String, $wait: Int) {
    answer: intentResourceEject(intentProject: $project, resourceID: $id, confirmation: $confirmation, wait: $wait) ${fields} }`,
  Rollback: `mutation($project: ID!, $operation: ID!, $wait: Int) {
    answer: intentResourceOperationRollback(intentProject: $project, operationID: $operation, wait: $wait) ${fields} }`,
};

export function operatorOf(place: Place): Operator {
  const { project, cloud } = place;
  const post = (document: string, variables: JsonObject): Promise<GraphqlAnswer> =>
    place.server().graphql(document, { project, ...variables }, place.token);
  const send: Operator['send'] = (verb, id, given = {}) => {
    const variables = { id, provider: cloud.address, type: cloud.type, ...given };
    const used = Object.entries(variables).filter(([name]) => documents[verb].includes(`$${name}:`));
    return post(documents[verb], Object.fromEntries(used));
  };
  const operator: Operator = {
    send,
    async carryOut(verb, id, given = {}) {
      const first = read<{ answer: Answer }>(await send(verb, id, given)).answer;
      if (first.confirmation === null) return first;
      return read<{ answer: Answer }>(await send(verb, id, { ...given, confirmation: first.confirmation.token }))
        .answer;
    },
    async resources() {
      const document = `query($project: ID!) { answer: intentResources(intentProject: $project) { resources { resourceID condition state } } }`;
      return read<{ answer: { resources: Resource[] } }>(await post(document, {})).answer.resources;
    },
    async operations() {
      const document = `query($project: ID!, $page: Int) { answer: intentResourceOperations(intentProject: $project, page: $page, pageSize: 100) {
        hasMore operations { id resourceID kind status failure } } }`;
      const found: Operation[] = [];
      for (let page = 1; ; page += 1) {
        const { answer } = read<{ answer: { hasMore: boolean; operations: Operation[] } }>(
          await post(document, { page }),
        );
        found.push(...answer.operations);
        if (!answer.hasMore) return found;
      }
    },
    resume: (operation) =>
      post(
        'mutation($project: ID!, $operation: ID!) { answer: intentResourceOperationResume(intentProject: $project, operationID: $operation) { id status } }',
        { operation },
      ),
    async settle({ id, resourceID }) {
      const { data } = await operator.resume(id); // what is refused is tried again by whoever needs it
      if (statusIn(data) === 'INTERRUPTED') await settleByHand(operator, cloud, resourceID);
    },
    settleByHand: async (id) => settleByHand(operator, cloud, id),
    async settleAll() {
      const left = (await operator.operations()).filter(({ status }) => status === 'INTERRUPTED');
      for (const each of left) await operator.settle(each);
    },
  };
  return operator;
}

function statusIn(data: unknown): unknown {
  const answer = isJsonObject(data) ? data['answer'] : undefined;
  return isJsonObject(answer) ? answer['status'] : undefined;
}

/** Only a person can tell whether an object without a planned id was made: by its name. */
async function settleByHand(operator: Operator, cloud: Cloud, resourceID: string): Promise<void> {
  const found = cloud.objects().find(({ name }) => name === resourceID || name === replacementOf(resourceID));
  if (found === undefined) await operator.carryOut('Eject', resourceID);
  else await operator.carryOut('Import', resourceID, { importID: found.id });
}

/** What an object is called that takes another's place in these tests. */
export function replacementOf(name: string): string {
  return `${name}-anew`;
}
