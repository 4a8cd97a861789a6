import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { fieldAccess, typeAccess } from '../../generated/access.ts';
import {
  askGateway,
  type Case,
  casesFor,
  described,
  everybody,
  gatewayWith,
  rules,
  type Somebody,
  tree,
} from '../testing/access-matrix.ts';
import type { Verdict } from '../testing/access-oracle.ts';
import { findTool, requireTool } from '../testing/tools.ts';

// A third opinion: the rules once more, in another language, run by another program.
const policy = `package oracle

verdicts := [verdict(d) | some d in input.decisions]

up := {space: {parent | parent := entry.parent} | some space, entry in data.tree}

open_up := {space: {parent | entry.inherits; parent := entry.parent} | some space, entry in data.tree}

can(d, action, space) if {
	action in d.held.actions
	d.held.space in graph.reachable(up, {space}) # roles reach down
}

can(d, "SPACE_READ", space) if {
	"SPACE_READ" in d.held.actions
	space in graph.reachable(open_up, {d.held.space}) # inheriting lets read upwards
	space != d.held.space
}

somewhere(d, action) if {
	some space, _ in data.tree
	can(d, action, space)
}

field_rules(d) := [data.fields[name] | some step in d.path; name := sprintf("%s.%s", [step.type, step.field]); data.fields[name]]

asked(d) := array.concat(field_rules(d), [data.types[step.type] | some step in d.path; data.types[step.type]])

top(d) := data.fields[sprintf("%s.%s", [d.path[0].type, d.path[0].field])]

scopes(d) := {"mcp:read", "mcp:write"} if "mcp:write" in d.scopes

else := {s | some s in d.scopes}

lacks_scope(d) if {
	some rule in asked(d)
	count(rule.scopes) > 0
	not any_list(d, rule.scopes)
}

any_list(d, lists) if {
	some list in lists
	every scope in list { scope in scopes(d) }
}

lacks_action(d) if {
	some rule in asked(d)
	some ask in rule.asks
	not somewhere(d, ask.action)
}

place(d, "root") := "root"

place(d, space) := "root" if {
	not space in {"root", "any"}
	left_out(d, space)
}

place(d, space) := d.space if {
	not space in {"root", "any"}
	not left_out(d, space)
	not left_out(d, trim_suffix(space, "?"))
}

left_out(d, space) if trim_prefix(space, "args.") in d.absent

refusals(d) := [refusal(d, ask, at) |
	some ask in top(d).asks
	at := place(d, ask.space)
	not can(d, ask.action, at)
]

refusal(d, ask, at) := "FORBIDDEN" if ask.space == "root"

else := "FORBIDDEN" if {
	ask.action != "SPACE_READ"
	can(d, "SPACE_READ", at)
}

else := "null" if {
	d.kind == "query"
	d.path[0].nullable
}

else := "NO_SUCH"

missing(d) := "null" if d.path[0].nullable

else := "NO_SUCH"

is_hidden(d) if {
	not d.givesList
	not trusted(d)
	some ask in data.types[d.gives].asks
	ask.space != "any"
	not can(d, ask.action, place(d, ask.space))
}

trusted(d) if {
	d.kind == "mutation"
	count(top(d).asks) > 0
}

leaf_refused(d) if {
	not d.givesList
	some step in array.slice(d.path, 1, count(d.path))
	some ask in data.fields[sprintf("%s.%s", [step.type, step.field])].asks
	not can(d, ask.action, place(d, ask.space))
}

verdict(d) := "UNAUTHENTICATED" if {
	not d.signedIn
	not top(d).isPublic
}

else := "null" if {
	not d.signedIn
	data.types[d.gives]
	d.path[0].nullable
}

else := "reached" if not d.signedIn

else := "INSUFFICIENT_SCOPE" if lacks_scope(d)

else := "FORBIDDEN" if lacks_action(d)

else := refusals(d)[0] if count(refusals(d)) > 0

else := missing(d) if is_hidden(d)

else := "FORBIDDEN" if leaf_refused(d)

else := "reached"
`;

const EVERY = 7; // a sample: enough to meet every field, role and place

describe('who may do what, in Rego', function () {
  before(requireTool('opa'));
  const folder = mkdtempSync(join(tmpdir(), 'sluice-oracle-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  // Typed mutations of the catalog have no line in the SDL.
  const isWritten = ({ question: { path } }: Case): boolean => rules.fields.has(`${path[0]?.type}.${path[0]?.field}`);
  const sample = everybody
    .flatMap((who) =>
      casesFor(who)
        .filter(isWritten)
        .map((each) => [who, each] as const),
    )
    .filter((_each, at) => at % EVERY === 0);

  async function judgeAll(): Promise<Verdict[]> {
    const data = { tree, fields: Object.fromEntries(rules.fields), types: Object.fromEntries(rules.types) };
    const decisions = sample.map(([{ signedIn, scopes, held }, { question, space, absent }]) => {
      const { kind, path, gives, givesList } = question;
      return { signedIn, scopes, held: held ?? null, kind, path, gives: gives ?? '', givesList, space, absent };
    });
    const files = {
      'oracle.rego': policy,
      'data.json': JSON.stringify(data),
      'input.json': JSON.stringify({ decisions }),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const args = [
      'eval',
      '-d',
      'oracle.rego',
      '-d',
      'data.json',
      '-i',
      'input.json',
      '-f',
      'raw',
      'data.oracle.verdicts',
    ];
    const options = { cwd: folder, maxBuffer: 16 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(findTool('opa') ?? 'opa', args, options);
    return JSON.parse(stdout) as Verdict[];
  }

  const line = (who: Somebody, each: Case, answer: Verdict | undefined): string =>
    `${described(each)} as ${who.name}: ${answer}`;

  it(`is what a policy says of ${sample.length} decisions`, async () => {
    const verdicts = await judgeAll();
    assert.equal(verdicts.length, sample.length);
    assert.deepEqual([...new Set(verdicts)].toSorted(), [
      'FORBIDDEN',
      'INSUFFICIENT_SCOPE',
      'NO_SUCH',
      'UNAUTHENTICATED',
      'null',
      'reached',
    ]);
    const ask = askGateway(gatewayWith({ typeAccess, fieldAccess }));
    const answers: string[] = [];
    for (const [who, each] of sample) answers.push(line(who, each, await ask(who, each)));
    assert.deepEqual(
      answers,
      sample.map(([who, each], at) => line(who, each, verdicts[at])),
    );
  });
});
