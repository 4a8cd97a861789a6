import { messages, parse, type PGlite, protocol } from '@electric-sql/pglite';
import { LRUCache } from 'lru-cache';

// PGlite's own `query` crosses into WebAssembly five times for each statement and has it planned anew. A statement that
// is kept prepared crosses once, which takes about a fifth of the processor time.

const MAX_STATEMENTS = 100; // each keeps its plan in the database's memory
const MAX_KEPT_LENGTH = 4_096; // longer ones are lists of rows, hardly the same twice
const MAX_USES = 1_000; // after so many it is planned anew: the tables may have grown since

interface Prepared {
  readonly name: string;
  readonly parameterTypes: readonly number[];
  /** Of its rows, in order. */
  readonly columns: readonly Column[];
  uses: number;
}

interface Column {
  readonly name: string;
  readonly read: (text: string) => unknown;
}

type Answer = Parameters<Parameters<protocol.Parser['parse']>[1]>[0];

/** Statements that stay prepared in the database as long as they are used. */
export class PreparedStatements {
  readonly #client: PGlite;
  readonly #kept: LRUCache<string, Prepared>;
  #names = 0;

  constructor(client: PGlite) {
    this.#client = client;
    this.#kept = new LRUCache({ max: MAX_STATEMENTS, dispose: ({ name }) => this.#close(name) });
  }

  /**
   * Runs one statement, with a `?` for each value, and returns its rows as the client's own `query` does. It does not
   * wait for anything: the caller sees to it that no other statement or transaction is under way.
   *
   * @throws the database's error
   */
  execute(text: string, values: readonly unknown[]): Record<string, unknown>[] {
    const statement = this.#find(text);
    const bound = values.map((value, at) => this.#wireValue(value, statement.parameterTypes[at]));
    const { serialize } = protocol;
    const answers = this.#send(
      serialize.bind({ statement: statement.name, values: bound }),
      serialize.execute(),
      serialize.sync(),
    );
    const rows = answers.filter((answer) => answer instanceof messages.DataRowMessage);
    return rows.map(({ fields }) => rowOf(statement.columns, fields));
  }

  #find(text: string): Prepared {
    const known = this.#kept.get(text);
    if (known !== undefined && known.uses < MAX_USES) {
      known.uses += 1;
      return known;
    }
    this.#kept.delete(text);
    const prepared = this.#prepare(text);
    if (prepared.name !== '') this.#kept.set(text, prepared);
    return prepared;
  }

  #prepare(text: string): Prepared {
    const { serialize } = protocol;
    this.#names += 1; // a name is not used again, whatever came of its statement
    const name = text.length > MAX_KEPT_LENGTH ? '' : `sluice_${this.#names}`;
    const answers = this.#send(
      serialize.parse({ name, text: numbered(text) }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    );
    const described = answers.find((answer) => answer instanceof messages.RowDescriptionMessage);
    const columns =
      described?.fields.map((field) => ({ name: field.name, read: this.#reader(field.dataTypeID) })) ?? [];
    return { name, parameterTypes: parse.parseDescribeStatementResults(answers), columns, uses: 1 };
  }

  #reader(type: number): (text: string) => unknown {
    const read: ((text: string, type: number) => unknown) | undefined = this.#client.parsers[type];
    return read === undefined ? (text) => text : (text) => read(text, type);
  }

  #close(name: string): void {
    const { serialize } = protocol;
    this.#send(serialize.close({ type: 'S', name }), serialize.sync());
  }

  #send(...parts: readonly Uint8Array[]): Answer[] {
    const answers: Answer[] = [];
    const bytes = this.#client.execProtocolRawSync(Buffer.concat(parts));
    new protocol.Parser().parse(bytes, (answer) => answers.push(answer));
    const error = answers.find((answer) => answer instanceof messages.DatabaseError);
    if (error !== undefined) throw error;
    return answers;
  }

  // Bytes go as they are; anything else goes as text.
  #wireValue(value: unknown, type: number | undefined): string | Uint8Array | null {
    if (value === undefined || value === null) return null;
    if (value instanceof Uint8Array) return value;
    const serialize = type === undefined ? undefined : this.#client.serializers[type];
    return serialize === undefined ? textOf(value) : serialize(value);
  }
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The database's own marks: `$1` for the first `?`, and so on. */
function numbered(text: string): string {
  let count = 0;
  return text.replaceAll('?', () => `$${(count += 1)}`);
}

function rowOf(columns: readonly Column[], fields: readonly (string | null)[]): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ name, read }, at) => [name, readField(fields[at] ?? null, read)]));
}

function readField(text: string | null, read: Column['read']): unknown {
  return text === null ? null : read(text);
}
