import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createOutbound } from '../../outbound/index.ts';
import { testClock } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { type AwsSessions, createAwsSessions, type AwsRole } from './aws-sessions.ts';

const own = { accessKeyId: 'AKIASERVER', secretAccessKey: 'server-secret', sessionToken: undefined };
const role: AwsRole = {
  roleArn: 'arn:aws:iam::123456789012:role/sluice',
  externalId: 'local@01@shop@read',
  sessionName: 'sluice-shop-read',
  durationSeconds: 900,
  region: 'eu-west-1',
  tags: { 'sluice:project': 'shop' },
};
const credentials = (id: string, more = ''): string =>
  `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s3</SecretAccessKey>
  <SessionToken>t0ken==</SessionToken>${more}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;

describe('taking on a role of AWS', () => {
  const clock = testClock();
  let server: Server;
  let sessions: AwsSessions;
  let asked: { url: URL; authorization: string }[] = [];
  let answer: { status: number; body: string };

  before((done) => {
    server = createServer((req, res) => {
      asked.push({ url: new URL(req.url ?? '', 'http://sts'), authorization: req.headers.authorization ?? '' });
      res.writeHead(answer.status).end(answer.body);
    }).listen(0, '127.0.0.1', done);
  });
  after((done) => void server.close(done));
  beforeEach(() => {
    asked = [];
    answer = { status: 200, body: credentials('ASIAROLE') };
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const outbound = createOutbound({ allow: [host] });
    sessions = createAwsSessions({ own, stsUrl: `http://${host}/`, outbound, clock });
  });

  it('signs with the server’s key, names the external id and the session, and gives what it was given', async () => {
    assert.deepEqual(await sessions.take(role), {
      accessKeyId: 'ASIAROLE',
      secretAccessKey: 's3',
      sessionToken: 't0ken==',
      renewAt: new Date(clock.now().getTime() + 450_000),
    });
    const [first] = asked;
    assert.ok(first !== undefined);
    assert.match(first.authorization, /^AWS4-HMAC-SHA256 Credential=AKIASERVER\/\d{8}\/eu-west-1\/sts\/aws4_request/);
    const { searchParams } = first.url;
    assert.equal(searchParams.get('Action'), 'AssumeRole');
    assert.equal(searchParams.get('ExternalId'), role.externalId);
    assert.equal(searchParams.get('RoleSessionName'), role.sessionName);
    assert.equal(searchParams.get('DurationSeconds'), '900');
    assert.equal(searchParams.get('Tags.member.1.Key'), 'sluice:project');
  });

  it('asks again only when half of the time is over, and for each role on its own', async () => {
    await sessions.take(role);
    clock.advance(449);
    await sessions.take(role);
    assert.equal(asked.length, 1);
    await sessions.take({ ...role, externalId: 'local@01@shop@write' });
    clock.advance(2);
    await sessions.take(role);
    assert.equal(asked.length, 3);
  });

  it('believes AWS about their end where that is sooner than asked for, and refuses what is over already', async () => {
    const endingIn = (seconds: number): string =>
      `<Expiration>${new Date(clock.now().getTime() + seconds * 1000).toISOString()}</Expiration>`;
    const short = { ...role, sessionName: 'short' };
    answer = { status: 200, body: credentials('ASIASHORT', endingIn(60)) };
    await sessions.take(short);
    clock.advance(29);
    await sessions.take(short);
    assert.equal(asked.length, 1);
    clock.advance(1);
    answer = { status: 200, body: credentials('ASIALONG', endingIn(7200)) };
    const { renewAt } = await sessions.take(short);
    assert.deepEqual([asked.length, renewAt], [2, new Date(clock.now().getTime() + 450_000)]);
    answer = { status: 200, body: credentials('ASIAOVER', endingIn(-1)) };
    await assertRefused('UNAVAILABLE', sessions.take({ ...role, sessionName: 'over' }), /over already .* clock/);
  });

  it('asks once for all who want a role at the same moment, and again after a refusal', async () => {
    const many = { ...role, sessionName: 'many' };
    const taken = await Promise.all([sessions.take(many), sessions.take(many), sessions.take(many)]);
    assert.equal(new Set(taken).size, 1);
    assert.equal(asked.length, 1);
    const other = { ...role, sessionName: 'other' };
    answer = { status: 503, body: 'busy' };
    await Promise.all([1, 2].map(() => assertRefused('UNAVAILABLE', sessions.take(other))));
    answer = { status: 200, body: credentials('ASIAROLE') };
    await sessions.take(other);
    assert.equal(asked.length, 3);
  });

  it('asks whatever it keeps when somebody wants to know whether AWS still lets it', async () => {
    await sessions.take(role);
    answer = { status: 403, body: '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>' };
    await assertRefused('PROVIDER_REFUSED', sessions.take(role, { anew: true }));
    assert.equal(asked.length, 2);
  });

  it('tells what to configure when AWS refuses, and nothing of the request', async () => {
    const secret = 'User: arn:aws:iam::1:user/x is not authorized';
    answer = {
      status: 403,
      body: `<ErrorResponse><Error><Code>AccessDenied</Code><Message>${secret}</Message></Error></ErrorResponse>`,
    };
    await assertRefused(
      'PROVIDER_REFUSED',
      sessions.take(role),
      /^AWS does not let this server take on role arn:\S+ \(AccessDenied\): you need to configure trust relationship .* external id local@01@shop@read$/,
    );
    answer = { status: 503, body: 'busy' };
    await assertRefused('UNAVAILABLE', sessions.take(role), /\(HTTP 503\)/);
    answer = { status: 200, body: '<nothing/>' };
    await assertRefused('UNAVAILABLE', sessions.take(role), /without credentials/);
  });

  it('names the region where AWS cannot be asked: there may be none of that name', async () => {
    const lookup = () => Promise.reject(new Error('getaddrinfo ENOTFOUND sts.eu-west-9.amazonaws.com'));
    const nowhere = createAwsSessions({ own, stsUrl: undefined, outbound: createOutbound({ lookup }), clock });
    await assertRefused(
      'UNAVAILABLE',
      nowhere.take({ ...role, region: 'eu-west-9' }),
      /^AWS cannot be asked for role arn:\S+ in region eu-west-9: https:\/\/sts\.eu-west-9\S+ .*ENOTFOUND.*; see that there is such a region/,
    );
  });

  it('needs credentials of its own', async () => {
    const poor = createAwsSessions({ own: undefined, stsUrl: undefined, outbound: createOutbound(), clock });
    await assertRefused('CONFLICT', poor.take(role), /set SLUICE_AWS_ACCESS_KEY_ID and SLUICE_AWS_SECRET_ACCESS_KEY/);
  });
});
