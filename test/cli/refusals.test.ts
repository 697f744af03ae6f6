import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ended, waiting } from '../promises/on-the-way.js';
import { refusal, type Env, type Refused } from '../support/ems.js';
import { scratchFolder } from '../support/temporal.js';
import { HR, startWorld, systems, type Hired, type World } from '../support/world.js';
import { freePort } from '../../src/local/ports.js';

describe('ems refuses, in one sentence,', () => {
  let world: World;
  let unserved: { nora: Hired; address: string; asked: Promise<Refused> };
  before(async () => {
    world = await startWorld();
    // Begun here, since it waits five seconds for a connection.
    const nora = await world.hire();
    const address = `127.0.0.1:${await freePort()}`;
    const asked = refusal({ ...world.env, TEMPORAL_ADDRESS: address }, 'resign', nora.employeeId);
    asked.catch(() => undefined); // What it throws is thrown to the test, which awaits it.
    unserved = { nora, address, asked };
  });
  after(() => world.stop());

  const without = (...names: string[]): Env =>
    Object.fromEntries(Object.entries(world.env).filter(([name]) => !names.includes(name)));

  /** An exit would be found by its workflow, and by what it does to the accounts. */
  async function nothingStarted(nora: Hired): Promise<void> {
    await assert.rejects(world.exits.status(nora.employeeId), /has no exit/);
    for (const system of systems) {
      const { active, groups } = await world.account(nora, system);
      assert.deepEqual([active, groups.length], [true, system === 'production' ? 3 : 0], system);
    }
  }

  it('an unknown employee', async () => {
    const { code, sentence, why } = await refusal(world.env, 'resign', 'T-not-known');
    assert.deepEqual([code, why], [1, 'unknown-employee']);
    assert.equal(sentence, 'No directory and no critical system knows an employee T-not-known: check the id');
    await assert.rejects(world.exits.status('T-not-known'), /has no exit/);
  });

  it('a second exit, and says which is open, since when and in what phase', async () => {
    const nora = await waiting(world);
    const first = await world.exits.status(nora.employeeId);
    const { employeeId } = nora;
    const { code, sentence, why, facts } = await refusal(world.env, 'resign', employeeId);
    assert.deepEqual([code, why], [1, 'already-open']);
    const { openedAt: since, form } = first;
    assert.deepEqual(facts, { employeeId, form, exitId: first.exitId, since, phase: 'awaiting-decision' });
    assert.equal(
      sentence,
      `${nora.employeeId} already has an open exit in the orchestrated form, since ${first.openedAt}, in the phase awaiting-decision: ems status ${nora.employeeId}`,
    );
    const { exitId, phase } = await world.exits.status(nora.employeeId);
    assert.deepEqual([exitId, phase], [first.exitId, 'awaiting-decision'], 'the open exit goes on as it was');
  });

  it('to look at, follow, decide or mend an exit that does not exist', async () => {
    const nora = await world.hire();
    const { employeeId } = nora;
    const asked = await Promise.all([
      refusal(world.env, 'status', employeeId),
      refusal(world.env, 'watch', employeeId),
      refusal(world.env, 'decide', employeeId, 'retained', '--by', HR),
      refusal(world.env, 'resolve', employeeId, 'notify-manager', 'retry', '--by', HR),
    ]);
    for (const { code, sentence, why } of asked)
      assert.deepEqual([code, sentence, why], [1, `${employeeId} has no exit`, 'no-exit']);
    await nothingStarted(nora);
  });

  it('a decision for an exit that is over, and says since when', async () => {
    const nora = await waiting(world);
    await ended(world, nora, 'leaving');
    const [asked, previewed] = await Promise.all([
      refusal(world.env, 'decide', nora.employeeId, 'retained', '--by', HR),
      refusal(world.env, 'decide', nora.employeeId, 'retained', '--by', HR, '--dry-run'),
    ]);
    assert.match(
      asked.sentence,
      new RegExp(`^${nora.employeeId} has no open exit: the last one ended at 2.*Z`),
    );
    assert.match(previewed.sentence, new RegExp(`${nora.employeeId} has no open exit`));
    for (const { code, why } of [asked, previewed]) assert.deepEqual([code, why], [1, 'not-open']);
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('to start with a mistake in the configuration, and names the file, the field and what was expected', async () => {
    const nora = await world.hire();
    const file = path.join(await scratchFolder(), 'mistaken.yaml');
    await writeFile(file, (await readFile('ems.config.yaml', 'utf8')).replace('PT15M', '15 minutes'));
    const gone = path.join(path.dirname(file), 'gone.yaml');
    const [mistaken, missing] = await Promise.all([
      refusal({ ...world.env, EMS_CONFIG: file }, 'resign', nora.employeeId),
      refusal({ ...world.env, EMS_CONFIG: gone }, 'resign', nora.employeeId),
    ]);
    assert.equal(
      mistaken.sentence,
      `${file}: policy.attentionAfter: must be a positive ISO 8601 duration such as "PT15M", not "15 minutes"`,
    );
    assert.ok(missing.sentence.startsWith(`Cannot read the configuration ${gone}: ENOENT`));
    assert.deepEqual([mistaken.code, missing.code], [1, 1]);
    await nothingStarted(nora);
  });

  it('to start without a token, and names the variable, the field and the system that wants it', async () => {
    const nora = await world.hire();
    const [directory, code] = await Promise.all([
      refusal(without('DIRECTORY_SCIM_TOKEN'), 'resign', nora.employeeId),
      refusal(without('CODE_SCIM_TOKEN'), 'resign', nora.employeeId, '--dry-run'),
    ]);
    assert.equal(
      directory.sentence,
      `${world.env['EMS_CONFIG']}: directory.tokenEnv: the environment variable DIRECTORY_SCIM_TOKEN is not set`,
    );
    assert.equal(
      code.sentence,
      `${world.env['EMS_CONFIG']}: systems[1].tokenEnv (code): the environment variable CODE_SCIM_TOKEN is not set`,
    );
    for (const each of [directory, code]) assert.deepEqual([each.code, each.why], [1, 'failed']);
    await nothingStarted(nora);
  });

  it('to do anything without Temporal, and says where it looked and how to start one', async () => {
    const { nora, address, asked } = unserved;
    const unset = await refusal(without('TEMPORAL_ADDRESS'), 'resign', nora.employeeId);
    const unreachable = await asked;
    assert.deepEqual(
      [unreachable.code, unreachable.why, unreachable.facts],
      [1, 'unreachable', { form: 'orchestrated', address }],
    );
    assert.equal(
      unreachable.sentence,
      `Temporal cannot be reached at ${address}: start the local stack with "npm start", or set TEMPORAL_ADDRESS`,
    );
    assert.deepEqual([unset.code, unset.why], [1, 'not-configured']);
    assert.equal(
      unset.sentence,
      'No form of exits is configured here: start the local stack with "npm start", or set TEMPORAL_ADDRESS or NATS_URL',
    );
    await nothingStarted(nora);
  });
});
