import assert from 'node:assert/strict';

import { comment, literal, quoted, typeConstraint } from './hcl.ts';
import { Names } from './names.ts';

describe('HCL', () => {
  it('quotes text so that nothing in it ends the string or begins a template', () => {
    assert.equal(quoted('a "b" \\ \n\r\t'), String.raw`"a \"b\" \\ \n\r\t"`);
    assert.equal(quoted('${a} %{b} $ % {'), '"$${a} %%{b} $ % {"');
    assert.equal(quoted('$${a} %%%{b}'), '"$$${a} %%%%{b}"');
    assert.equal(quoted('\u0001\u2028\ud800'), '"\\u0001\\u2028\ufffd"');
  });

  it('keeps a comment on its line', () => {
    assert.equal(comment('a\nresource "x" "y" {}\r\u2028b\u202ec'), '# a resource "x" "y" {} b c');
  });

  it('writes values with every name quoted', () => {
    assert.equal(literal([1, -2.5, true, null, 'x']), '[1, -2.5, true, null, "x"]');
    assert.equal(literal({ for: { 'a"': [] } }), '{\n  "for" = {\n    "a\\"" = []\n  }\n}');
  });

  it('writes types', () => {
    const type = { object: { a: { list: 'string' }, b: { tuple: ['number', 'dynamic'] } } } as const;
    assert.equal(typeConstraint(type), 'object({ a = list(string), b = tuple([number, any]) })');
  });

  it('gives each text a name of its own', () => {
    const names = new Names();
    const texts = ['web/1', 'web.1', '1st', 'é', '_'];
    assert.deepEqual(
      texts.map((text) => names.take(text)),
      ['web_1', 'web_1_2', 'st', 'unnamed', 'unnamed_2'],
    );
  });
});
