import assert from 'node:assert/strict';

import { HandshakeError, parseHandshake } from './handshake.ts';

describe('handshake line', () => {
  it('tells version, place and certificate; more fields may follow', () => {
    assert.deepEqual(parseHandshake('1|5|unix|/tmp/plugin123|grpc|AQID|true\r'), {
      protocol: 5,
      target: 'unix:/tmp/plugin123',
      socketPath: '/tmp/plugin123',
      serverCertificate: Buffer.from([1, 2, 3]),
    });
    assert.equal(parseHandshake('1|6|tcp|127.0.0.1:1234|grpc|AQ').target, '127.0.0.1:1234');
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /where it listens/],
    ['usage: provider [flags]', /where it listens/],
    ['2|5|unix|/x|grpc|AQID', /another version of the plugin handshake/],
    ['1|4|unix|/x|grpc|AQID', /neither version 5 nor 6/],
    ['1|7|unix|/x|grpc|AQID', /neither version 5 nor 6/],
    ['1|5|unix|/x|netrpc|AQID', /does not speak gRPC/],
    ['1|5|unix|/x|grpc|', /no encrypted connection/],
    ['1|5|unix|/x|grpc', /no encrypted connection/],
    ['1|5|unix|relative|grpc|AQID', /not of this machine/],
    ['1|5|tcp|169.254.169.254:80|grpc|AQID', /not of this machine/],
    ['1|5|dns|127.0.0.1:1|grpc|AQID', /not of this machine/],
  ];
  for (const [line, message] of refused) {
    it(`refuses ${JSON.stringify(line)}`, () =>
      assert.throws(
        () => parseHandshake(line),
        (error) => error instanceof HandshakeError && message.test(error.message),
      ));
  }
});
