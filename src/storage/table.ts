import type { EntitySchema, FilterQuery, InferEntity, QueryOrderMap } from '@mikro-orm/core';

import type { Db } from './database.ts';
import { plainSelect } from './plain-select.ts';

type Clean<T> = null extends T ? Exclude<T, null> | undefined : Exclude<T, null>;

/** A row as plain data: what the table may leave empty is `undefined`, never null. */
export type Row<E> = { -readonly [K in keyof InferEntity<E> & string]: Clean<InferEntity<E>[K]> };

/** Conditions in the ORM's form: `{ space: ids }` means one of, `{ lockUntil: { $gt: now } }` a comparison. */
export type Where<R> = FilterQuery<R>;

export interface Find<R> {
  readonly orderBy?: QueryOrderMap<R> | QueryOrderMap<R>[];
  readonly limit?: number;
  readonly offset?: number;
  /** Columns to read; the others come back `undefined`. */
  readonly fields?: readonly (keyof R & string)[];
}

/**
 * Reads and writes one table as plain rows. Sealed columns are encrypted on the way in and opened on the way out, bound
 * to their table, row and column.
 */
export class Table<R extends object> {
  readonly #entity: EntitySchema<R>;
  readonly #sealed: readonly (keyof R & string)[];

  constructor(entity: EntitySchema<R>, sealed: readonly (keyof R & string)[]) {
    this.#entity = entity;
    this.#sealed = sealed;
  }

  get name(): string {
    return this.#entity.meta.tableName;
  }

  get entity(): EntitySchema<R> {
    return this.#entity;
  }

  async find(db: Db, where: Where<R>, options: Find<R> = {}): Promise<R[]> {
    const plain = plainSelect(db.em.getMetadata(this.#entity), where, options);
    if (plain !== undefined) return this.execute(db, plain.sql, plain.values);
    // The driver gives plain rows; entities with an identity map would cost more and be of no use to plain functions.
    const ctx: unknown = db.em.getTransactionContext();
    const found = await db.em.getDriver().find(this.#entity, asLoose(where), asLoose({ ...options, ctx }));
    return Promise.all(found.map((row) => this.#open(db, row)));
  }

  async findOne(db: Db, where: Where<R>, options: Find<R> = {}): Promise<R | undefined> {
    const [row] = await this.find(db, where, { ...options, limit: 1 });
    return row;
  }

  /** Rows of a statement written by hand that gives whole rows of this table, by `select t.*` or `returning *`. */
  async execute(db: Db, sql: string, values: readonly unknown[]): Promise<R[]> {
    const found = await db.execute(sql, values);
    const meta = db.em.getMetadata(this.#entity);
    const mapped = found.map((row) => db.em.getDriver().mapResult(asLoose(row), meta));
    return Promise.all(mapped.map((row) => this.#open(db, row ?? {})));
  }

  async insert(db: Db, row: R): Promise<void> {
    await db.em.insert(this.#entity, asLoose(this.seal(db, rowId(row), present(row))));
  }

  async insertAll(db: Db, rows: readonly R[]): Promise<void> {
    if (rows.length === 0) return;
    await db.em.insertMany(this.#entity, asLoose(rows.map((row) => this.seal(db, rowId(row), present(row)))));
  }

  /** Does nothing when a unique key is taken. @returns whether the row was added */
  async insertUnlessTaken(db: Db, row: R): Promise<boolean> {
    const data = asLoose(this.seal(db, rowId(row), present(row)));
    const insert = db.em.createQueryBuilder(this.#entity).insert(data).onConflict().ignore();
    const result: { affectedRows: number } = await insert.execute<{ affectedRows: number }>('run', false);
    return result.affectedRows === 1;
  }

  /**
   * Changes one row. A key that is present with `undefined` empties the column.
   *
   * @param id primary key; further conditions go to `where`
   * @returns whether there was such a row
   */
  async update(db: Db, id: string, changes: Partial<R>, where: Where<R> = {}): Promise<boolean> {
    const data = asLoose(this.seal(db, id, withNulls(changes)));
    return (await db.em.nativeUpdate(this.#entity, asLoose({ $and: [{ id }, where] }), data)) === 1;
  }

  /** @returns how many rows are gone */
  remove(db: Db, where: Where<R>): Promise<number> {
    return db.em.nativeDelete(this.#entity, asLoose(where));
  }

  count(db: Db, where: Where<R>): Promise<number> {
    return db.em.count(this.#entity, asLoose(where));
  }

  /** The same row with its sealed columns encrypted, for statements written by hand. */
  seal(db: Db, id: string, row: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const sealed = { ...row };
    for (const column of this.#sealed) {
      const value = sealed[column];
      if (value instanceof Uint8Array) sealed[column] = db.vault.seal(value, this.#place(id, column));
    }
    return sealed;
  }

  async #open(db: Db, row: object): Promise<R> {
    const plain: Record<string, unknown> = {};
    for (const { name, runtimeType } of db.em.getMetadata(this.#entity).props) {
      plain[name] = plainValue(readProperty(row, name), runtimeType);
    }
    for (const column of this.#sealed) {
      const value = plain[column];
      if (value instanceof Uint8Array) plain[column] = await db.vault.open(value, this.#place(rowId(plain), column));
    }
    return asRow<R>(plain);
  }

  #place(id: string, column: string): string {
    return `${this.name}:${id}:${column}`;
  }
}

/** A table of rows made from an entity. */
export function tableOf<E>(entity: E, sealed: readonly (keyof Row<E> & string)[] = []): Table<Row<E>> {
  return new Table(asSchema<Row<E>>(entity), sealed);
}

function readProperty(row: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(row, name)?.value;
}

// One driver gives Buffers for bytea, the other byte arrays; one gives bigint as text, the other as a number.
function plainValue(value: unknown, type: string): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (type === 'number' && typeof value === 'string') return Number(value);
  return value ?? undefined;
}

function rowId(row: object): string {
  const id = readProperty(row, 'id');
  return typeof id === 'string' ? id : '';
}

function present(row: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}

function withNulls(row: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([key, value]: [string, unknown]) => [key, value ?? null]));
}

// The ORM's types follow each entity down to every column; a table that serves them all has to say so by hand.
const asSchema = <R>(entity: unknown): EntitySchema<R> => entity as EntitySchema<R>;
const asLoose = (value: object): never => value as never;
const asRow = <R>(row: object): R => row as R;
