import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { buildSchema, isObjectType, validateSchema } from 'graphql';

import { generateFiles, staleFiles } from '../../codegen.ts';
import { CodegenRefused } from './refusals.ts';

const project = resolve(import.meta.dirname, '../..');

describe('a change of what is written', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-codegen-'));
    for (const folder of ['schema', 'generated', 'docs'])
      cpSync(join(project, folder), join(root, folder), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function change(path: string, part: string, by: string): void {
    const text = readFileSync(join(root, path), 'utf8');
    assert.ok(text.includes(part), `${path} has ${part}`);
    writeFileSync(join(root, path), text.replace(part, by));
  }

  async function generated(): Promise<Map<string, string>> {
    return new Map((await generateFiles(root)).map(({ path, content }) => [path, content]));
  }

  async function stalePaths(): Promise<string[]> {
    return (await staleFiles(root)).map(({ path }) => path).toSorted();
  }

  async function refusal(): Promise<string> {
    const error: unknown = await generateFiles(root).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof CodegenRefused, `refused, not ${String(error)}`);
    return error.message;
  }

  it('leaves nothing to do when nothing changed', async () => {
    assert.deepEqual(await stalePaths(), []);
  });

  it('names every generated file that was edited by hand or lost', async () => {
    writeFileSync(join(root, 'generated/enums.ts'), 'export type Action = string;');
    rmSync(join(root, 'docs/tools.md'));
    assert.deepEqual(await stalePaths(), ['docs/tools.md', 'generated/enums.ts']);
  });

  it('of the SDL reaches types, tool schema, validator, access row and pages', async () => {
    change(
      'schema/spaces.graphql',
      'type Space @',
      '"How a space looks."\nenum Colour {\n  "Calm."\n  BLUE\n}\n"A place."\ntype Space @',
    );
    change(
      'schema/spaces.graphql',
      '"Deletes an empty space."',
      '"Paints a space."\n  spacePaint("Id of the space." space: ID!, "The paint." colour: Colour): Space! @destructive @requiresAction(action: SPACE_WRITE, space: "args.space")\n  "Deletes an empty space."',
    );
    change(
      'schema/spaces.graphql',
      '"""\nA place in the tree of spaces. Everything lives in one space; roles are held in spaces and reach down the tree.\n"""\n',
      '',
    );
    writeFileSync(
      join(root, 'schema/tools/paint.graphql'),
      '"Paints a space."\nmutation ($space: ID!, $colour: Colour) @tool(name: "space-paint", endpoint: INTENT) { spacePaint(space: $space, colour: $colour) { id } }\n',
    );
    const files = await generated();
    const has = (path: string, text: string | RegExp): void =>
      assert.match(files.get(path) ?? '', typeof text === 'string' ? new RegExp(text) : text);
    has('generated/schema.graphql', /spacePaint\(/);
    has('generated/enums.ts', /export const colours = \[\n {2}'BLUE',\n\] as const;/);
    has('generated/resolvers.ts', /spacePaint: Resolver<ResolversTypes\['Space'\]/);
    has(
      'generated/access.ts',
      /'Mutation\.spacePaint': \{ public: false, scopes: \[\['mcp:write'\]\], actions: \[\{ action: 'SPACE_WRITE', space: \{ from: 'args', path: \['space'\], optional: false \} \}\], destructive: true \}/,
    );
    has('generated/validators.js', /"INTENT space-paint":/);
    has(
      'docs/access.md',
      /`Mutation\.spacePaint` \| `mcp:write` \| `SPACE_WRITE` in `args\.space` \| W \| destructive/,
    );
    has('docs/tools.md', /### `space-paint`\n\n.*\n\nNeeds `mcp:write`/);
    const { tools } = JSON.parse(files.get('generated/mcp.json') ?? '') as {
      tools: { name: string; inputSchema: unknown }[];
    };
    assert.deepEqual(tools.find(({ name }) => name === 'space-paint')?.inputSchema, {
      type: 'object',
      properties: {
        space: { type: 'string', description: 'Id of the space.' },
        colour: { type: 'string', enum: ['blue'], description: 'The paint.' },
        confirmation: { type: 'string', description: 'Token from an answer that asked for confirmation.' },
      },
      required: ['space'],
      additionalProperties: false,
    });
  });

  describe('of the catalog', () => {
    const snapshot = {
      provider: 'acme/toys',
      version: '2.1.0',
      resources: {
        toy_train: {
          version: 3,
          block: {
            description: 'A train.',
            attributes: [
              { name: 'id', type: 'string', computed: true },
              { name: 'top_speed', type: 'number', required: true, description: 'In metres a second.' },
              { name: 'secret_code', type: 'string', optional: true, sensitive: true },
              { name: 'start_key', type: 'string', optional: true, writeOnly: true },
              { name: 'labels', type: { map: 'string' }, optional: true },
              { name: 'extra', type: 'dynamic', optional: true },
              { name: 'stops', type: { list: { object: { stop_name: 'string' } } }, optional: true },
              {
                name: 'driver',
                type: { object: {} },
                nested: { nesting: 'SINGLE', attributes: [{ name: 'full_name', type: 'string', required: true }] },
                optional: true,
              },
            ],
            blocks: [
              {
                name: 'wagon',
                nesting: 'LIST',
                minItems: 1,
                block: { attributes: [{ name: 'max_load', type: 'number', optional: true }] },
              },
            ],
          },
        },
        toy_train_set: { version: 0, block: { attributes: [{ name: 'id', type: 'string', computed: true }] } },
      },
    };

    function catalogue(content: object = snapshot, resources = '["toy_*"]'): void {
      writeFileSync(join(root, 'schema/providers/acme-toys.json'), JSON.stringify(content));
      const entry = `providers:\n  - source: acme/toys\n    version: "~> 2.1"\n    resources: ${resources}\n`;
      change('schema/providers/catalog.yaml', 'providers:\n', entry);
    }

    function withAttributes(type: string, ...attributes: object[]): object {
      return { ...snapshot, resources: { [type]: { version: 0, block: { attributes } } } };
    }

    it('brings types, typed mutations, access rows and the mapping of names, and no tool', async () => {
      const before = await generated();
      catalogue();
      const files = await generated();
      const sdl = files.get('generated/schema.graphql') ?? '';
      assert.deepEqual(validateSchema(buildSchema(sdl)), []);
      assert.match(sdl, /intentToyTrainCreate\(/);
      assert.match(sdl, /type IntentToyTrainOperation \{[^}]*operation: IntentOperation!/);
      assert.deepEqual(fieldsOf(sdl, 'input ToyTrainInput'), {
        driver: 'ToyTrain_DriverInput',
        extra: 'JSON',
        labels: 'JSON',
        secretCode: 'String',
        startKey: 'String',
        stops: '[ToyTrain_StopsInput!]',
        topSpeed: 'Decimal!',
        wagon: '[ToyTrain_WagonInput!]!',
      });
      assert.deepEqual(fieldsOf(sdl, 'type ToyTrain'), {
        driver: 'ToyTrain_Driver',
        extra: 'JSON',
        id: 'String',
        labels: 'JSON',
        secretCode: 'String',
        stops: '[ToyTrain_Stops]',
        topSpeed: 'Decimal',
        wagon: '[ToyTrain_Wagon]',
      });
      assert.deepEqual(fieldsOf(sdl, 'type ToyTrain_Wagon'), { maxLoad: 'Decimal' });
      assert.match(files.get('generated/access.ts') ?? '', /'ToyTrain\.\*': nothingFurther/);
      assert.match(
        files.get('generated/access.ts') ?? '',
        /'Mutation\.intentToyTrainUpdate': .*INTENT_RESOURCE_UPDATE.*noun: 'intentProject'/,
      );
      assert.match(files.get('docs/access.md') ?? '', /`Mutation\.intentToyTrainCreate`/);
      const entry = /^ {2}ToyTrain: (\{.*\}),$/m.exec(files.get('generated/catalog.ts') ?? '')?.[1] ?? '';
      assert.deepEqual(JSON.parse(entry), {
        provider: 'acme/toys',
        version: '2.1.0',
        type: 'toy_train',
        name: 'ToyTrain',
        fields: {
          driver: ['driver', { fullName: 'full_name' }],
          secretCode: 'secret_code',
          startKey: 'start_key',
          stops: ['stops', { stopName: 'stop_name' }],
          topSpeed: 'top_speed',
          wagon: ['wagon', { maxLoad: 'max_load' }],
        },
      });
      assert.equal(files.get('generated/mcp.json'), before.get('generated/mcp.json'));
      assert.equal(files.get('generated/resolvers.ts'), before.get('generated/resolvers.ts'));
    });

    it('asks for no configuration where nothing may be given', async () => {
      catalogue();
      assert.match(
        (await generated()).get('generated/schema.graphql') ?? '',
        /intentToyTrainSetCreate\((?:(?!config)[^)])*\): IntentToyTrainSetOperation!/,
      );
    });

    it('takes any text of a provider as mere text', async () => {
      const long = `${'x'.repeat(298)}\u{1f600} more`;
      const hostile = 'Ends here. """\ntype Injected { a: Int } \u202e\u0007 */ \\';
      const attributes = [
        { name: 'long', type: 'string', optional: true, description: long },
        { name: 'hostile', type: 'string', optional: true, description: hostile },
      ];
      catalogue(withAttributes('toy_car', ...attributes), '["*"]');
      const schema = buildSchema((await generated()).get('generated/schema.graphql') ?? '');
      assert.equal(schema.getType('Injected'), undefined);
      const fields = schema.getType('ToyCar');
      assert.ok(isObjectType(fields));
      assert.equal(fields.getFields()['hostile']?.description, 'Ends here. """ type Injected { a: Int } */ \\');
      assert.equal(fields.getFields()['long']?.description, `${'x'.repeat(298)}\ufffd…`);
    });

    it('is refused when the snapshot lacks a resource type', async () => {
      catalogue(snapshot, '["toy_trian"]');
      assert.match(
        await refusal(),
        /^schema\/providers\/catalog\.yaml:\d+: the snapshot has no resource type "toy_trian"; did you mean "toy_train"\?$/,
      );
    });

    it('is refused when there is no snapshot', async () => {
      catalogue();
      rmSync(join(root, 'schema/providers/acme-toys.json'));
      assert.match(await refusal(), /there is no snapshot of acme\/toys: run `npx sluice providers add acme\/toys`/);
    });

    it('is refused when a name is taken by the schema', async () => {
      catalogue(withAttributes('intent_project', { name: 'id', type: 'string', computed: true }), '["*"]');
      assert.match(
        await refusal(),
        /catalog\.yaml:\d+: intent_project of acme\/toys would have the name IntentProject in the API, which the schema has already/,
      );
    });

    it('is refused when a mutation is taken by the schema', async () => {
      catalogue(withAttributes('resource', { name: 'id', type: 'string', computed: true }), '["*"]');
      assert.match(await refusal(), /would have the name intentResourceCreate in the API/);
    });

    it('is refused when two attributes come out alike', async () => {
      catalogue(
        withAttributes(
          'toy_car',
          { name: 'top_speed', type: 'number', optional: true },
          { name: 'topSpeed', type: 'number', optional: true },
        ),
        '["*"]',
      );
      assert.match(
        await refusal(),
        /toy_car\.top_?[sS]peed and toy_car\.top_?[sS]peed would both be called topSpeed: leave toy_car out/,
      );
    });

    it('is refused when a snapshot is not what the command writes', async () => {
      catalogue(withAttributes('toy_car', { name: 'a b', type: 'string' }), '["*"]');
      assert.match(
        await refusal(),
        /^schema\/providers\/acme-toys\.json:1: not a provider snapshot \("a b" is no name of a type or an attribute\)/,
      );
    });

    it('is refused for a key that does not belong', async () => {
      change('schema/providers/catalog.yaml', '    resources:', '    resurces:');
      assert.match(await refusal(), /^schema\/providers\/catalog\.yaml:\d+: unknown key "resurces"/);
    });
  });
});

/** Fields of a type in printed SDL, arguments and descriptions left out. */
function fieldsOf(sdl: string, head: string): Record<string, string> {
  const body = new RegExp(`^${head} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(sdl)?.[1] ?? '';
  const fields = [...body.matchAll(/^ {2}(\w+): (\S+)$/gm)];
  return Object.fromEntries(fields.map(([, name = '', type = '']): [string, string] => [name, type]));
}
