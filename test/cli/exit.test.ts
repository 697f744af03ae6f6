import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { opened } from '../promises/on-the-way.js';
import { answer, ems, page, startEms } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { HR, startWorld, systems, type Hired, type World } from '../support/world.js';

interface Change {
  at: string;
  what: string;
  state: string;
}

describe('an exit from the command line', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  async function waiting(): Promise<Hired> {
    const nora = await opened(world);
    await world.until(nora, 'all told', ({ phase, steps }) => {
      return phase === 'awaiting-decision' && steps.every(({ state }) => state === 'done');
    });
    return nora;
  }
  /** The requests that would change an account of hers, as they came to the systems. */
  const writesTo = ({ accounts }: Hired): string[] =>
    systems.flatMap((system) =>
      world.proxies[system].seen
        .filter(({ method, path, body }) => method !== 'GET' && `${path} ${body}`.includes(accounts[system]!))
        .map(({ method, path }) => `${method} ${system}${path}`),
    );

  it('shows with --dry-run whom it would tell and what it would take where, and does nothing', async () => {
    const nora = await world.hire({ on: ['code', 'production'], suspendedOn: 'code' });
    const [shown, told] = await Promise.all([
      page(world.env, 'resign', nora.employeeId, '--dry-run', '--last-working-day', '2999-12-31'),
      answer<{ dryRun: boolean; resignation: object; employee: { manager: { email: string } } }>(
        world.env,
        ...['resign', nora.employeeId, '--dry-run'],
      ),
    ]);
    assert.match(shown, /^Nothing is done\. .* whose last working day is 2999-12-31 would set off:/);
    assert.match(shown, new RegExp(`notify-manager +Maria Boss <${nora.manager}>`));
    assert.match(shown, new RegExp(`schedule-hr-interview +${nora.email} and ${HR}`));
    assert.match(shown, /block-access:payroll +no account: nothing to block/);
    assert.match(shown, /block-access:code +.*already suspended, stays so/);
    assert.match(shown, /block-access:production +.*: take production-operators, production-admins/);
    // What the hold costs, and what of it is not known.
    assert.match(
      shown,
      /admins; a restore gives back what the system shows, which may not be all; how long tokens live on is not known/,
    );
    assert.equal(told.dryRun, true);
    assert.deepEqual(told.resignation, { employeeId: nora.employeeId });
    assert.equal(told.employee.manager.email, nora.manager);

    await assert.rejects(world.exits.status(nora.employeeId), /has no exit/);
    assert.deepEqual(writesTo(nora), []);
    assert.deepEqual([...world.mail.to(nora.manager), ...world.mail.to(nora.email)], []);
  });

  it('begins with resign, which passes on its options and answers with the exit id', async () => {
    const [nora, paul] = await Promise.all([world.hire(), world.hire()]);
    const [opened, said] = await Promise.all([
      answer<{ employeeId: string; workflowId: string; exitId: string }>(
        world.env,
        ...['resign', nora.employeeId, '--last-working-day', '2999-12-31', '--reason', 'a new job'],
      ),
      page(world.env, 'resign', paul.employeeId),
    ]);
    const { exitId, lastWorkingDay } = await world.untilPhase(nora, 'awaiting-decision');
    const { employeeId } = nora;
    assert.deepEqual(opened, {
      employeeId,
      form: 'orchestrated',
      workflowId: exitWorkflowId(employeeId),
      exitId,
    });
    assert.equal(lastWorkingDay, '2999-12-31');
    const { input } = (await world.client.workflow.getHandle(opened.workflowId).fetchHistory()).events![0]!
      .workflowExecutionStartedEventAttributes!;
    assert.equal(
      (JSON.parse(Buffer.from(input!.payloads![0]!.data!).toString()) as { reason: string }).reason,
      'a new job',
    );
    assert.match(said, new RegExp(`is open\\.\n\n {2}follow it: {2}ems watch ${paul.employeeId}\n$`));
    await world.untilPhase(paul, 'awaiting-decision');
    assert.equal((await world.account(paul, 'payroll')).active, false);
  });

  it('is shown by status: to programs as the exit answers, to people as a page with the next command', async () => {
    const nora = await waiting();
    const [status, shown] = await Promise.all([
      answer<ExitStatus>(world.env, 'status', nora.employeeId),
      page(world.env, 'status', nora.employeeId),
    ]);
    const known = await world.exits.status(nora.employeeId);
    assert.deepEqual(status, JSON.parse(JSON.stringify(known)));
    assert.match(shown, new RegExp(`^Exit of Nora Test \\d+ \\(${nora.employeeId}\\)\n`));
    assert.match(shown, /^ +phase +awaiting-decision$/m);
    assert.match(shown, /^ +access blocked .*blocked 3 of 3$/m);
    for (const system of systems) assert.match(shown, new RegExp(`✔ +block-access:${system} +done`));
    assert.match(shown, new RegExp(`✔ +notify-manager +done .*told ${nora.manager}`));
    assert.match(shown, new RegExp(`to decide: +ems decide ${nora.employeeId} retained\\|leaving --by`));
  });

  it('ends with decide, whose --dry-run shows what that sets off, and does nothing', async () => {
    const nora = await waiting();
    const by = [nora.employeeId, 'leaving', '--by', HR, '--note', 'a new job'];
    const written = writesTo(nora);
    const [previewed, shown] = await Promise.all([
      answer<{ dryRun: boolean; effects: [string, string][] }>(world.env, 'decide', ...by, '--dry-run'),
      page(world.env, 'decide', nora.employeeId, 'retained', '--by', HR, '--dry-run'),
    ]);
    assert.deepEqual(
      previewed.effects.map(([step]) => step),
      [...systems.map((system) => `revoke-access:${system}`), 'notify-manager-of-outcome'],
    );
    assert.match(shown, /^Nothing is done\./);
    assert.match(shown, /restore-access:production +what the hold took is given back/);
    assert.match(shown, /cancel-hr-interview +the invitation is withdrawn/);
    const { phase, decision } = await world.exits.status(nora.employeeId);
    assert.deepEqual([phase, decision], ['awaiting-decision', undefined]);
    assert.ok(written.length >= systems.length, 'the writes of the block were seen');
    assert.deepEqual(writesTo(nora), written);

    const accepted = await answer<Decision & { decidedAt: string }>(world.env, 'decide', ...by);
    const { decidedAt, ...rest } = accepted;
    assert.deepEqual(rest, { outcome: 'leaving', decidedBy: HR, note: 'a new job' });
    const closed = await world.untilPhase(nora, 'closed');
    assert.deepEqual(closed.decision, { ...rest, decidedAt });
    assert.deepEqual((await world.account(nora, 'production')).groups, []);
  });

  it('refuses a decision by the employee concerned in --dry-run as well', async () => {
    const nora = await opened(world);
    await world.untilPhase(nora, 'awaiting-decision');
    const { code, stderr } = await ems(
      world.env,
      ...['decide', nora.employeeId, 'retained', '--by', nora.email, '--dry-run'],
    );
    assert.equal(code, 1);
    assert.match(stderr, /is the employee concerned/);
  });

  it('is followed by watch until it is over, to programs as one array and to people line by line', async () => {
    const nora = await waiting();
    const program = startEms(world.env, 'watch', nora.employeeId, '--json');
    const person = startEms(world.env, 'watch', nora.employeeId);
    await eventually('both to wait', () =>
      [program, person].every(({ printed }) => printed().includes('awaiting-decision')) ? true : undefined,
    );
    const said = await page(world.env, 'decide', nora.employeeId, 'retained', '--by', HR);
    assert.match(said, new RegExp(`^Decided for ${nora.employeeId}: retained, by ${HR}\\.`));

    const [watched, read] = await Promise.all([program.ended, person.ended]);
    assert.deepEqual([watched.code, watched.stderr, read.code, read.stderr], [0, '', 0, '']);
    const changes = JSON.parse(watched.stdout) as Change[];
    const states = (wanted: string) =>
      changes.filter(({ what }) => what === wanted).map(({ state }) => state);
    assert.equal(states('phase').at(0), 'awaiting-decision');
    assert.equal(states('phase').at(-1), 'closed');
    assert.deepEqual(states('decision'), ['accepted']);
    for (const system of systems) assert.equal(states(`restore-access:${system}`).at(-1), 'done');
    assert.match(read.stdout, /decision +accepted +retained, by hr@acme\.example$/m);
    assert.match(read.stdout, /phase +closed\n {2}The exit is over\.\n$/);
  });

  it('goes on when Ctrl-C ends watch, which completes its array', async () => {
    const nora = await waiting();
    const watching = startEms(world.env, 'watch', nora.employeeId, '--json');
    await eventually('something printed', () => watching.printed().includes('phase') || undefined);
    watching.interrupt();
    const { code, stdout } = await watching.ended;
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as Change[]).at(-1)?.state, 'awaiting-decision');
    assert.equal((await world.exits.status(nora.employeeId)).phase, 'awaiting-decision');
  });

  it('that is terminated ends watch with the error, and its array is still one document', async () => {
    const nora = await waiting();
    const watching = startEms(world.env, 'watch', nora.employeeId, '--json');
    await eventually('something printed', () => watching.printed().includes('phase') || undefined);
    await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).terminate('by a test');
    const { code, stdout, stderr } = await watching.ended;
    const { error, code: why } = (JSON.parse(stdout) as { error: string; code: string }[]).at(-1)!;
    assert.match(error, new RegExp(`^The exit of ${nora.employeeId} ended as terminated at 2.*by a test`));
    const told = `ems: ${error}: ems resign ${nora.employeeId}\n`;
    assert.deepEqual([code, why, stderr], [1, 'ended-from-outside', told]);
  });
});
