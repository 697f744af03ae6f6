import assert from 'node:assert/strict';
import { HR, IT, startWorld, stateOf, stepOf, type Hired, type World } from '../support/world.js';

const retained = { outcome: 'retained', decidedBy: HR } as const;
const leaving = { outcome: 'leaving', decidedBy: HR } as const;
const forbidden = { kind: 'answer', status: 403, body: { detail: 'not for this token' } } as const;

describe('a step that cannot succeed', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const refuse = (refused: (recipient: string) => boolean): void =>
    world.mail.refuse((recipient) =>
      refused(recipient) ? { code: 550, message: 'no such mailbox' } : undefined,
    );
  const needsAttention = (nora: Hired, key: string) =>
    world.until(nora, `${key} needs attention`, (status) => stateOf(status, key) === 'needs-attention');
  const settled = (nora: Hired, key: string) =>
    world.until(nora, `${key} settled`, (status) =>
      ['done', 'done-by-hand', 'skipped'].includes(stateOf(status, key) ?? ''),
    );
  function resolve(nora: Hired, key: string, action: 'retry' | 'done-by-hand' | 'skip', evidence?: string) {
    const [step, system] = key.split(':') as [string, string | undefined];
    return world.exits.resolve(nora.employeeId, { step, system, action, by: IT, evidence });
  }
  const open = async (): Promise<Hired> => {
    const nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId });
    return nora;
  };
  const decided = async (decision: typeof retained | typeof leaving): Promise<Hired> => {
    const nora = await open();
    await world.untilPhase(nora, 'awaiting-decision');
    await world.exits.decide(nora.employeeId, decision);
    return nora;
  };

  /** What makes each step fail for good, and the exit in which it does. */
  const failures: [key: string, error: RegExp, begin: () => Promise<Hired>][] = [
    [
      'look-up-employee',
      /directory .*not for this token/,
      () => {
        world.proxies.directory.fault(() => forbidden);
        return open();
      },
    ],
    [
      'notify-manager',
      /Mail to boss-of-.* was refused: .*no such mailbox/,
      () => {
        refuse((recipient) => recipient.startsWith('boss-of'));
        return open();
      },
    ],
    [
      'schedule-hr-interview',
      /Mail to hr@acme.example .* was refused: .*no such mailbox/,
      () => {
        refuse((recipient) => recipient === HR);
        return open();
      },
    ],
    [
      'block-access:code',
      /code .*not for this token/,
      () => {
        world.proxies.code.fault(({ method }) => (method === 'PATCH' ? forbidden : undefined));
        return open();
      },
    ],
    [
      'restore-access:code',
      /code .*not for this token/,
      () => {
        world.proxies.code.fault(({ body }) => (body.includes('true') ? forbidden : undefined));
        return decided(retained);
      },
    ],
    [
      'revoke-access:code',
      /code .*not for this token/,
      async () => {
        const nora = await open();
        await world.untilPhase(nora, 'awaiting-decision');
        world.proxies.code.fault(() => forbidden);
        await world.exits.decide(nora.employeeId, leaving);
        return nora;
      },
    ],
    [
      'cancel-hr-interview',
      /Mail to t-.* was refused: .*no such mailbox/,
      async () => {
        const nora = await open();
        await world.untilPhase(nora, 'awaiting-decision');
        refuse((recipient) => recipient.startsWith('t-'));
        await world.exits.decide(nora.employeeId, retained);
        return nora;
      },
    ],
    [
      'notify-manager-of-outcome',
      /Mail to boss-of-.* was refused: .*no such mailbox/,
      async () => {
        const nora = await open();
        await world.untilPhase(nora, 'awaiting-decision');
        refuse((recipient) => recipient.startsWith('boss-of'));
        await world.exits.decide(nora.employeeId, leaving);
        return nora;
      },
    ],
  ];
  for (const [key, error, begin] of failures) {
    it(`asks for attention with its reason and, mended, comes through on a retry: ${key}`, async () => {
      const nora = await begin();
      const stuck = await needsAttention(nora, key);
      assert.match(stepOf(stuck, key)!.error!, error);
      assert.equal(stuck.needsAttention, true);
      await world.mend();
      assert.equal((await resolve(nora, key, 'retry')).state, 'running');
      const mended = await settled(nora, key);
      assert.equal(stateOf(mended, key), 'done');
      assert.equal(mended.needsAttention, false);
    });
  }

  it('is skipped by a named person, and the exit closes without it', async () => {
    refuse((recipient) => recipient.startsWith('boss-of'));
    const nora = await open();
    await needsAttention(nora, 'notify-manager');
    const step = await resolve(nora, 'notify-manager', 'skip');
    assert.deepEqual([step.state, step.by], ['skipped', IT]);
    await world.exits.decide(nora.employeeId, leaving);
    await needsAttention(nora, 'notify-manager-of-outcome');
    await resolve(nora, 'notify-manager-of-outcome', 'skip');
    await world.untilPhase(nora, 'closed');
    assert.equal(world.mail.to(nora.manager).length, 0);
  });

  it('was done by hand, so it is to be undone by hand: nothing is guessed', async () => {
    world.proxies.code.fault(() => forbidden);
    refuse((recipient) => recipient.startsWith('t-'));
    const nora = await open();
    await needsAttention(nora, 'block-access:code');
    await needsAttention(nora, 'schedule-hr-interview');
    const step = await resolve(nora, 'block-access:code', 'done-by-hand', 'ticket SEC-1');
    assert.deepEqual([step.state, step.by, step.evidence], ['done-by-hand', IT, 'ticket SEC-1']);
    await resolve(nora, 'schedule-hr-interview', 'done-by-hand', 'invited by telephone');
    const blocked = await world.untilPhase(nora, 'awaiting-decision');
    assert.ok(blocked.blockedAt);
    await world.mend();

    await world.exits.decide(nora.employeeId, retained);
    const restoring = await needsAttention(nora, 'restore-access:code');
    assert.match(
      stepOf(restoring, 'restore-access:code')!.error!,
      /blocked by hand by it@acme.example: give the access back by hand/,
    );
    const both = await needsAttention(nora, 'cancel-hr-interview');
    assert.match(stepOf(both, 'cancel-hr-interview')!.error!, /arranged by hand .* withdraw it by hand/);
    await resolve(nora, 'restore-access:code', 'done-by-hand', 'ticket SEC-2');
    await resolve(nora, 'cancel-hr-interview', 'done-by-hand');
    await world.untilPhase(nora, 'closed');
  });

  it('names what cannot be given back, and gives back the rest', async () => {
    const nora = await world.hire({ on: ['production'] });
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    await world.admin.production.deleteUser(nora.accounts.production!);
    await world.exits.decide(nora.employeeId, retained);
    const stuck = await needsAttention(nora, 'restore-access:production');
    assert.match(stepOf(stuck, 'restore-access:production')!.error!, /cannot give back .* deleted meanwhile/);
    await resolve(nora, 'restore-access:production', 'done-by-hand', 'a new account was made');
    await world.untilPhase(nora, 'closed');
  });

  it('whose look-up was skipped: mail needs somebody who knows to whom, and the hold does not care', async () => {
    world.proxies.directory.fault(() => forbidden);
    const nora = await open();
    await needsAttention(nora, 'look-up-employee');
    await resolve(nora, 'look-up-employee', 'skip');
    const stuck = await needsAttention(nora, 'schedule-hr-interview');
    assert.match(stepOf(stuck, 'schedule-hr-interview')!.error!, /there is no address to write to/);
    for (const step of ['notify-manager', 'notify-employee', 'schedule-hr-interview'])
      await resolve(nora, step, 'done-by-hand');
    await world.exits.decide(nora.employeeId, leaving);
    await needsAttention(nora, 'notify-manager-of-outcome');
    await resolve(nora, 'notify-manager-of-outcome', 'skip');
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('is done by hand only once what was still being tried has ended', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    let release = (): void => undefined;
    const until = new Promise<void>((done) => {
      release = done;
    });
    world.proxies.payroll.fault(({ method }) => (method === 'PATCH' ? { kind: 'held', until } : undefined));
    const sent = world.proxies.payroll.next(({ method }) => method === 'PATCH');
    await world.exits.open({ employeeId: nora.employeeId });
    await sent;
    await resolve(nora, 'block-access:payroll', 'done-by-hand', 'suspended in the console');
    const { raw } = await world.client.workflow.getHandle(`exit-${nora.employeeId}`).describe();
    const pending = (raw.pendingActivities ?? []).map(({ activityId }) => activityId);
    assert.ok(!pending.includes('block-access:payroll'), 'the attempt has ended');
    release();
  });

  const refusals: [what: string, resolution: Record<string, unknown>, problem: RegExp][] = [
    [
      'a step that there is not',
      { step: 'block-everything', action: 'retry', by: IT },
      /there is no step block-everything; open steps: /,
    ],
    [
      'an access step without its system',
      { step: 'block-access', action: 'retry', by: IT },
      /there is no step block-access; open steps: .*block-access:code/,
    ],
    [
      'a step that is done',
      { step: 'block-access', system: 'payroll', action: 'skip', by: IT },
      /is already done/,
    ],
    ['nobody’s name', { step: 'block-access', system: 'code', action: 'skip' }, /by: must be a mail address/],
    [
      'an action that there is not',
      { step: 'block-access', system: 'code', action: 'undo', by: IT },
      /action: must be "retry"/,
    ],
  ];
  it('is not mended by what makes no sense, which is refused with the reason', async () => {
    world.proxies.code.fault(() => forbidden);
    const nora = await open();
    await needsAttention(nora, 'block-access:code');
    await world.until(
      nora,
      'payroll blocked',
      (status) => stateOf(status, 'block-access:payroll') === 'done',
    );
    for (const [what, resolution, problem] of refusals) {
      await assert.rejects(world.exits.resolve(nora.employeeId, resolution as never), problem, what);
    }
    const status = await world.exits.status(nora.employeeId);
    assert.equal(stateOf(status, 'block-access:code'), 'needs-attention');
  });
});
