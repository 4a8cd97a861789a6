import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { findProjectConfig, insertProjectConfig } from '../../storage/project-config.ts';
import { makeProject, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { deleteProject } from '../projects/index.ts';
import { addConfig, type ConfigInput, deleteConfig, listConfig, projectEnvironment, updateConfig } from './index.ts';

const SECRET = 'hunter2-is-not-shown';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const aVariable = (id: string, value: string, more: Partial<ConfigInput> = {}): ConfigInput => {
  return { id, value, type: 'ENVIRONMENT_VARIABLE', writeOnly: false, ...more };
};
const aFile = (id: string, text: string, more: Partial<ConfigInput> = {}): ConfigInput => {
  return { id, value: base64(text), type: 'FILE_MOUNT', writeOnly: false, ...more };
};

describe('the environment of a project', () => {
  let domain: TestDomain;
  let project: string;
  beforeEach(async () => {
    domain = await testDomain();
    project = await makeProject(domain, 'mine');
  });
  const add = (input: ConfigInput) => addConfig(domain.context, domain.admin, project, input);
  const update = (input: ConfigInput) => updateConfig(domain.context, domain.admin, project, input);
  const remove = (id: string) => deleteConfig(domain.context, domain.admin, project, id);
  const variables = async () => (await projectEnvironment(domain.context, project)).variables;

  it('shows a value unless it is secret, and always the checksum of what was sent', async () => {
    const checksum = createHash('sha256').update('eu-1').digest('hex');
    const createdAt = Math.floor(domain.clock.now().getTime() / 1000);
    const shown = { id: 'REGION', type: 'ENVIRONMENT_VARIABLE', checksum, createdAt, description: 'where' };
    const open = await add(aVariable('REGION', 'eu-1', { description: 'where' }));
    assert.deepEqual(open, { ...shown, value: 'eu-1', writeOnly: false });
    const hidden = await update(aVariable('REGION', 'eu-1', { writeOnly: true, description: 'where' }));
    assert.deepEqual(hidden, { ...shown, value: null, writeOnly: true });
    assert.deepEqual(await listConfig(domain.context, project), [hidden]);
    const file = await add(aFile('/app/keys/gcp.json', '{}'));
    assert.deepEqual([file.id, file.value], ['keys/gcp.json', 'e30=']);
    assert.equal(file.checksum, createHash('sha256').update('e30=').digest('hex'));
  });

  it('reaches providers as it is now, also what nobody may see', async () => {
    await add(aVariable('TOKEN', SECRET, { writeOnly: true }));
    await add(aVariable('URL', 'https://me:${TOKEN}@${HOST}/${NOBODY}'));
    await add(aVariable('HOST', 'h1'));
    await add(aFile('a/b.txt', 'content\n', { writeOnly: true }));
    await add(aFile('two-lines', 'one\ntwo', { writeOnly: true }));
    const { variables: given, files, secrets } = await projectEnvironment(domain.context, project);
    const url = `https://me:${SECRET}@h1/\${NOBODY}`;
    assert.deepEqual({ ...given }, { HOST: 'h1', TOKEN: SECRET, URL: url });
    assert.equal(Buffer.from(files['a/b.txt'] ?? []).toString(), 'content\n');
    assert.deepEqual(secrets, [SECRET, 'content', 'one\ntwo']);
    await update(aVariable('HOST', 'h2'));
    await remove('TOKEN');
    assert.deepEqual(await variables(), { HOST: 'h2', URL: 'https://me:${TOKEN}@h2/${NOBODY}' });
  });

  it('is sealed in the database, and its values are not in the audit trail', async () => {
    await add(aVariable('TOKEN', SECRET, { writeOnly: true }));
    await update(aVariable('TOKEN', `${SECRET}2`, { writeOnly: true }));
    await remove('TOKEN');
    await add(aVariable('TOKEN', SECRET));
    const { rows } = await domain.context.storage.executeSql(
      `select encode(value, 'escape') as text from intent_project_config union all select data::text from audit_entry`,
    );
    assert.ok(rows.length > 4);
    assert.doesNotMatch(JSON.stringify(rows), new RegExp(SECRET));
    const { rows: trail } = await domain.context.storage.executeSql(
      `select action, related_id as id from audit_entry where action like 'intent-project.config-%' order by id`,
    );
    assert.deepEqual(
      trail.map((row) => JSON.stringify(row)),
      ['config-add', 'config-update', 'config-delete', 'config-add'].map((verb) =>
        JSON.stringify({ action: `intent-project.${verb}`, id: 'TOKEN' }),
      ),
    );
  });

  it('has each name once, with one type', async () => {
    await add(aVariable('A', '1'));
    await assertRefused('CONFLICT', add(aVariable('A', '2')), /project mine has A already; update it/);
    await assertRefused('BAD_INPUT', update(aFile('A', '2')), /type.*delete it and add it anew/);
    await assertRefused('NO_SUCH', update(aVariable('B', '2')), /no such variable or file: "B"/);
    await assertRefused('NO_SUCH', remove('B'));
    await assertRefused('NO_SUCH', addConfig(domain.context, domain.admin, 'nowhere', aVariable('A', '1')));
  });

  it('refuses names that would decide how programs run', async () => {
    const reserved = ['PATH', 'LD_PRELOAD', 'Ld_Library_Path', 'DYLD_INSERT_LIBRARIES', 'NODE_OPTIONS', 'TMPDIR'];
    const ours = ['PLUGIN_CLIENT_CERT', 'TF_PLUGIN_MAGIC_COOKIE', 'TF_REATTACH_PROVIDERS', 'TF_LOG', 'SLUICE_KEY_FILE'];
    const loaders = [
      'OPENSSL_CONF',
      'openssl_Modules',
      'GCONV_PATH',
      'GLIBC_TUNABLES',
      'MALLOC_CHECK_',
      'LOCPATH',
      'NLSPATH',
    ];
    const runtimes = [
      'PERL5LIB',
      'PYTHONPATH',
      'RUBYOPT',
      'JAVA_TOOL_OPTIONS',
      'JDK_JAVA_OPTIONS',
      '_JAVA_OPTIONS',
      'GODEBUG',
    ];
    const places = [
      'HOME',
      'SSL_CERT_FILE',
      'SSL_CERT_DIR',
      'HOSTALIASES',
      'RES_OPTIONS',
      'LOCALDOMAIN',
      'SSLKEYLOGFILE',
    ];
    const shells = [
      'LIBMOUNT_FSTAB',
      'sluice_root',
      'BASH_ENV',
      'ENV',
      'IFS',
      'SHELLOPTS',
      'GIT_SSH_COMMAND',
      'TF_CLI_CONFIG_FILE',
      'GOTRACEBACK',
    ];
    for (const name of [...reserved, ...ours, ...loaders, ...runtimes, ...places, ...shells]) {
      await assertRefused('BAD_INPUT', add(aVariable(name, 'x')), /config\.id: .* cannot be set/);
    }
    for (const name of ['', '1A', 'A-B', 'A=B', 'A B', 'Ä', 'x'.repeat(129)]) {
      await assertRefused('BAD_INPUT', add(aVariable(name, 'x')), /config\.id: a variable's name has letters/);
    }
    assert.deepEqual(await listConfig(domain.context, project), []);
  });

  it('takes the names that clouds and proxies use', async () => {
    const clouds = ['AWS_PROFILE', 'ARM_CLIENT_ID', 'GOOGLE_PROJECT', 'GITHUB_TOKEN', 'TF_VAR_x', 'ENVIRONMENT'];
    for (const name of [...clouds, 'HTTPS_PROXY', 'no_proxy']) await add(aVariable(name, 'x'));
    assert.equal(Object.keys(await variables()).length, 8);
  });

  it('reaches no provider while it has a reserved name from earlier, which can be deleted', async () => {
    const rest = { type: 'ENVIRONMENT_VARIABLE', value: Buffer.from(SECRET), size: 0, checksum: '' } as const;
    const row = { ...rest, project, writeOnly: false, description: '', createdAt: domain.clock.now() };
    await domain.context.storage.transaction((db) =>
      insertProjectConfig(db, { ...row, id: 'old', name: 'OPENSSL_CONF' }),
    );
    await assertRefused('CONFLICT', variables(), /OPENSSL_CONF; delete them with intentProjectConfigDelete/);
    await assertRefused('BAD_INPUT', update(aVariable('OPENSSL_CONF', 'x')), /cannot be set/);
    await remove('OPENSSL_CONF');
    assert.deepEqual(await variables(), {});
  });

  it('mounts files below one folder only', async () => {
    for (const path of [
      '../x',
      '/etc/passwd',
      'a/../../b',
      '/app/',
      '',
      'a//b',
      'a\\b',
      '.',
      '..',
      'a/.',
      'x\0y',
      ' a',
    ]) {
      await assertRefused('BAD_INPUT', add(aFile(path, 'x')), /config\.id: a file's path lies below \/app\//);
    }
    await add(aFile('keys', 'x'));
    await assertRefused('CONFLICT', add(aFile('keys/a', 'x')), /keys would be both a file and a folder/);
    assert.equal((await remove('/app/keys')).id, 'keys');
    await add(aFile('.config/a.json', 'x'));
  });

  it('names who is to believe the tokens that say which project asks', async () => {
    const token = (id: string, value: string): ConfigInput => ({ id, value, type: 'IDENTITY_TOKEN', writeOnly: false });
    const added = await add(token('/app/cloud/token', 'sts.amazonaws.com'));
    assert.deepEqual([added.id, added.value, added.type], ['cloud/token', 'sts.amazonaws.com', 'IDENTITY_TOKEN']);
    const { audiences, files, variables: given } = await projectEnvironment(domain.context, project);
    assert.deepEqual([{ ...audiences }, { ...files }, { ...given }], [{ 'cloud/token': 'sts.amazonaws.com' }, {}, {}]);
    for (const value of ['', 'two words', 'x\ny', 'x'.repeat(1001)]) {
      await assertRefused(
        'BAD_INPUT',
        add(token('other', value)),
        /^config\.value: the value of a token is its audience/,
      );
    }
    await assertRefused('BAD_INPUT', add(token('../token', 'x')), /^config\.id: a file's path/);
    await assertRefused('CONFLICT', add(aFile('cloud', 'x')), /would be both a file and a folder/);
    await assertRefused('CONFLICT', add(aFile('cloud/token', 'x')), /has cloud\/token already/);
  });

  it('refuses values that no provider could get', async () => {
    await assertRefused('BAD_INPUT', add(aVariable('A', 'a\nb')), /one line; mount a file/);
    await assertRefused('BAD_INPUT', add(aVariable('A', 'a\0b')), /one line/);
    await assertRefused('BAD_INPUT', add(aVariable('A', 'x'.repeat(32 * 1024 + 1))), /32 KiB/);
    for (const value of ['not base64', 'e30', 'e3-_']) {
      await assertRefused('BAD_INPUT', add({ ...aFile('f', ''), value }), /base64/);
    }
    await assertRefused('BAD_INPUT', add(aFile('f', 'x'.repeat(2 * 1024 * 1024 + 1))), /2 MiB/);
    await assertRefused('BAD_INPUT', add(aVariable('A', 'x', { description: 'x'.repeat(1_001) })), /description/);
  });

  it('refuses variables that need themselves or grow without end', async () => {
    await add(aVariable('A', '${B}'));
    await add(aVariable('B', '${C}'));
    await assertRefused('CONFLICT', add(aVariable('C', '${A}')), /A -> B -> C -> A/);
    await assertRefused('CONFLICT', update(aVariable('A', '${A}')), /A -> A/);
    await add(aVariable('L0', 'x'.repeat(1_000)));
    await add(aVariable('L1', '${L0}'.repeat(50)));
    await assertRefused('LIMIT_EXCEEDED', add(aVariable('L2', '${L1}'.repeat(50))), /the variable L2 would be larger/);
    assert.equal((await variables())['L1']?.length, 50_000);
  });

  it('has room for 200 variables and files, and for 8 MiB of files', async () => {
    const large = 'x'.repeat(2 * 1024 * 1024);
    for (const name of ['a', 'b', 'c', 'd']) await add(aFile(name, large));
    await assertRefused('LIMIT_EXCEEDED', add(aFile('e', 'x')), /8 MiB of files/);
    await remove('d');
    const rest = { type: 'ENVIRONMENT_VARIABLE', value: Buffer.from(''), size: 0, checksum: '' } as const;
    const row = { ...rest, project, writeOnly: false, description: '', createdAt: domain.clock.now() };
    await domain.context.storage.transaction(async (db) => {
      for (let at = 4; at < 200; at += 1) await insertProjectConfig(db, { ...row, id: `${at}`, name: `V${at}` });
    });
    await add(aVariable('V200', ''));
    await assertRefused('LIMIT_EXCEEDED', add(aVariable('V201', '')), /200 variables and files/);
  });

  it('goes with its project', async () => {
    await add(aVariable('A', '1'));
    await deleteProject(domain.context, domain.admin, project, { keepResources: false });
    assert.deepEqual(await domain.context.storage.read((db) => findProjectConfig(db, project)), []);
  });
});
