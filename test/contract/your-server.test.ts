import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { scimRequests } from '../support/scim-requests.js';
import { startScim2Server } from '../support/scim2-server.js';
import type { CriticalServer } from '../support/scim-system.js';
import { scratchFolder } from '../support/temporal.js';

describe('@long on a server that the environment names, the contract suite', () => {
  let server: CriticalServer;
  let proxy: FaultProxy;
  const { ask, newUser, newGroup, addMembers } = scimRequests(() => server);
  before(async () => {
    server = await startScim2Server(path.join(await scratchFolder(), 'server.log'));
    proxy = await startFaultProxy(server.scimUrl);
    const users = [await newUser('dana'), await newUser('ravi', { active: false, externalId: 'E-1' })];
    for (const name of ['admins', 'operators'])
      await addMembers((await newGroup(name)).id, ...users.map(({ id }) => id));
  });
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  const everything = async () => [(await ask('GET', '/Users')).body, (await ask('GET', '/Groups')).body];

  /** As docs/identity-providers.md has it. */
  async function runSuite(
    files: string[],
    onOutput: (child: ChildProcess, output: string) => void = () => undefined,
  ): Promise<{ passed: number; failed: number; output: string }> {
    const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
    const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--exit', '--timeout', '60000'];
    const which = ['--fgrep', 'EMS_CONTRACT_SCIM_URL', ...files.map(here)];
    const env = {
      ...process.env,
      EMS_CONTRACT_SCIM_URL: proxy.url,
      EMS_CONTRACT_SCIM_TOKEN: server.token,
    };
    const child = spawn(process.execPath, [...mocha, ...which], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        onOutput(child, output);
      });
    await once(child, 'close');
    const count = (what: string): number =>
      Number(new RegExp(`^ *(\\d+) ${what}`, 'm').exec(output)?.[1] ?? 0);
    return { passed: count('passing'), failed: count('failing'), output };
  }
  afterEach(() => proxy.fault(undefined));

  it('passes, leaves nothing behind, and touches nothing that was there', async () => {
    const before = await everything();
    const { passed, failed, output } = await runSuite(['./access.test.js', './access-others.test.js']);
    assert.equal(failed, 0, output);
    assert.ok(passed >= 30, output);
    assert.deepEqual(await everything(), before);
  });

  it('leaves nothing behind when tests fail and answers are lost', async () => {
    const before = await everything();
    let created = 0;
    proxy.fault(({ method, path }) => {
      if (method === 'PATCH' && path.includes('/Users/')) return { kind: 'answer', status: 403 };
      if (method === 'POST' && ++created % 5 === 0) return { kind: 'lost-answer' };
      return undefined;
    });
    const { failed, output } = await runSuite(['./access.test.js']);
    assert.ok(failed > 5 && created > 10, output);
    assert.deepEqual(await everything(), before);
  });

  it('leaves nothing behind when Ctrl-C interrupts it', async () => {
    const before = await everything();
    let interrupted = false;
    const { passed, output } = await runSuite(['./access.test.js'], (child, soFar) => {
      if (soFar.includes('✔') && !interrupted) interrupted = child.kill('SIGINT');
    });
    assert.match(output, /interrupted: deleting/);
    assert.equal(passed, 0, 'it did not come to its end');
    assert.deepEqual(await everything(), before);
  });
});

describe('scim2-server for the contract suite', () => {
  it('asks for Python where there is none', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = await scratchFolder();
    try {
      const starting = startScim2Server(path.join(await scratchFolder(), 'server.log'));
      await assert.rejects(
        starting,
        /^Error: python3 is not installed\.\n.*needs Python 3\.11.*\nInstall it/,
      );
    } finally {
      process.env['PATH'] = PATH;
    }
  });
});
