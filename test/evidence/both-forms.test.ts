import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Decision } from '../../src/exit/decision.js';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import type { Resignation } from '../../src/exit/resignation.js';
import type { ExitStatus, Phase } from '../../src/exit/status.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';

import { HR, IT, startWorld, stateOf, systems, type Hired, type World } from '../support/world.js';

const config: [string, string][] = [['attentionAfter: PT15M', 'attentionAfter: PT3S']];

type AnyWorld = World | ChoreographedWorld;

const until = (world: AnyWorld, nora: Hired, what: string, wanted: (status: ExitStatus) => boolean) =>
  world.until(nora, what, wanted);
const untilPhase = (world: AnyWorld, nora: Hired, phase: Phase) =>
  until(world, nora, phase, (status) => status.phase === phase);

async function waiting(
  world: AnyWorld,
  resignation: Partial<Resignation> = {},
  hire: Parameters<World['hire']>[0] = {},
): Promise<Hired> {
  const nora = await world.hire({ displayName: 'Nora Test', personalEmail: 'nora@home.example', ...hire });
  await world.exits.open({ employeeId: nora.employeeId, ...resignation });
  await untilPhase(world, nora, 'awaiting-decision');
  return nora;
}

async function closed(world: AnyWorld, nora: Hired, outcome: 'retained' | 'leaving'): Promise<Hired> {
  await world.exits.decide(nora.employeeId, { outcome, decidedBy: HR, note: 'as talked about' });
  await untilPhase(world, nora, 'closed');
  return nora;
}

/** Sends a decision past every check: as anybody can who may write to Temporal or to NATS. */
async function throwIn(world: AnyWorld, { employeeId }: Hired, decision: Decision): Promise<void> {
  if (!('bus' in world)) {
    await world.client.workflow.getHandle(exitWorkflowId(employeeId)).signal('decisionFinalised', decision);
    return;
  }
  const { exitId } = await world.exits.status(employeeId);
  await world.bus.publish({
    ...{ type: 'exit.decision-finalised', id: randomUUID(), source: '/a/test', employeeId, exitId },
    time: new Date().toISOString(),
    data: decision,
  });
}

/** What both forms must say of the same story: without times, and with the names of the employee and their accounts alike. */
function comparable(evidence: Evidence, { employeeId, accounts }: Hired): unknown {
  const groups = (list: { displayName: string }[] | undefined) =>
    list?.map(({ displayName }) => displayName).toSorted();
  const takenOf = (taken: { suspended: boolean; groups: { displayName: string }[] } | undefined) =>
    taken && { suspended: taken.suspended, groups: groups(taken.groups) };
  const told = {
    verdict: evidence.verdict.replace(/\d+(\.\d+)? s/g, 'N s').replace(/by \d{4}-\S+Z/, 'by then'),
    employee: evidence.employee,
    state: evidence.state,
    phase: evidence.phase,
    outcome: evidence.outcome,
    about: [evidence.lastWorkingDay, evidence.reason, evidence.submittedBy, evidence.overrideBy],
    decisions: evidence.decisions.map(({ outcome, decidedBy, note, effectiveOn, result, reason }) => ({
      ...{ outcome, decidedBy, note, effectiveOn, result, reason },
    })),
    times: [evidence.times.resignationToBlock, evidence.times.decisionToEnd].map((span) =>
      span?.systems.map(({ system, how, ms }) => [system, how, ms === undefined ? ms : typeof ms]),
    ),
    systems: evidence.systems.map(({ system, hold, account, before, block, blocks, end, ...rest }) => ({
      ...{ system, hold, account, notGivenBack: rest.notGivenBack, notes: rest.notes },
      before: before && { active: before.active, groups: groups(before.groups) },
      block: { how: block.how, taken: takenOf(block.taken) },
      blocks: blocks.map(({ taken, notes }) => ({ taken: takenOf(taken), notes })),
      drifts: rest.drifts.map(({ what, blockedAgainAt }) => [what, typeof blockedAgainAt]),
      end: end && {
        ...{ what: end.what, how: end.how, accounts: end.accounts },
        givenBack: takenOf(end.givenBack),
        removedGroups: groups(end.removedGroups),
        after: end.after && { active: end.after.active, groups: groups(end.after.groups) },
      },
    })),
    mails: evidence.mails
      .map(({ to, messageId }) => `${to} ${messageId?.split('.')[1] ?? 'without an id'}`)
      .toSorted(),
    interview: evidence.interview.map(({ what, askedBy, attendees, inCalendar }) => ({
      ...{ what, askedBy, attendees, inCalendar },
    })),
    mended: evidence.mended.map(({ step, action, by, evidence, result }) => ({
      ...{ step, action, by, evidence, result },
    })),
    attention: evidence.attention.map(({ step, why, until }) => ({ step, why, isOver: until !== undefined })),
    missing: evidence.missing,
  };
  let text = JSON.stringify(told).replaceAll(employeeId, 'E').replaceAll(employeeId.toLowerCase(), 'e');
  for (const [system, id] of Object.entries(accounts)) text = text.replaceAll(id, `the account on ${system}`);
  return JSON.parse(text.replaceAll(/:\d+\/scim/g, ':N/scim'));
}

describe('the evidence of the same story in both forms', () => {
  let orchestrated: World;
  let choreographed: ChoreographedWorld;
  before(async () => {
    orchestrated = await startWorld({ config });
    choreographed = await startChoreographedWorld({ config });
  });
  afterEach(() => Promise.all([orchestrated.mend(), choreographed.mend()]));
  after(() => Promise.all([orchestrated.stop(), choreographed.stop()]));

  /** @returns what the stream tells, once it has been found to be what the history tells */
  async function compare(story: (world: AnyWorld) => Promise<Hired>): Promise<[Evidence, Hired]> {
    const [one, other] = await Promise.all([story(orchestrated), story(choreographed)]);
    const [history, stream] = await Promise.all([
      orchestrated.exits.report(one.employeeId, 'test'),
      choreographed.exits.report(other.employeeId, 'test'),
    ]);
    assert.deepEqual(comparable(stream, other), comparable(history, one));
    return [stream, other];
  }

  it('that ended retained', async () => {
    const [evidence, nora] = await compare(async (world) =>
      closed(
        world,
        await waiting(world, {
          reason: 'a new job',
          submittedBy: 'Nora',
          lastWorkingDay: '2999-12-31',
        }),
        'retained',
      ),
    );
    assert.deepEqual(
      evidence.systems.map(({ system, end }) => [system, end?.how]),
      systems.map((name) => [name, 'observed']),
    );
    // Every mail that anybody was sent is named by its Message-ID, and nothing else.
    const sent = [nora.manager, nora.email].flatMap((to) => choreographed.mail.to(to));
    const named = evidence.mails.filter(({ to }) => [nora.manager, nora.email].includes(to));
    const idsOf = (mails: { messageId?: string | undefined }[]) =>
      new Set(mails.map(({ messageId }) => messageId));
    assert.deepEqual(idsOf(named), idsOf(sent));
    const [invited, withdrawn] = evidence.interview;
    assert.equal(invited!.uid, withdrawn!.uid);
    assert.equal(withdrawn!.sequence, invited!.sequence! + 1);
    assert.match(evidence.source.record, new RegExp(`^exit.${nora.employeeId}.${evidence.exitId}.>$`));
  });

  it('that ended leaving, after the interview was moved', async () => {
    const at = new Date(Date.now() + 9 * 24 * 60 * 60 * 1000).toISOString().replace(/\.\d+Z/, 'Z');
    const [evidence] = await compare(async (world) => {
      const nora = await waiting(world);
      await world.exits.reschedule(nora.employeeId, { at, by: HR });
      return closed(world, nora, 'leaving');
    });
    assert.equal(evidence.interview.at(-1)?.start, at);
    assert.deepEqual(
      evidence.interview.map(({ what, askedBy }) => [what, askedBy]),
      [
        ['invited', undefined],
        ['rescheduled', HR],
      ],
    );
    const asked = evidence.timeline.filter(({ what }) => what.includes('asked for'));
    assert.match(asked.map(({ what }) => what).join(), new RegExp(`^Interview: .* asked for by ${HR}$`));
    assert.deepEqual(
      evidence.systems.map(({ end }) => end?.removedGroups?.map(({ displayName }) => displayName)),
      [[], [], ['readers']],
    );
  });

  it('of somebody who was suspended on one system before, and has no account on another', async () => {
    await compare(async (world) =>
      closed(world, await waiting(world, {}, { on: ['payroll', 'code'], suspendedOn: 'code' }), 'retained'),
    );
  });

  it('with a step that was settled by hand, and with decisions that were refused', async () => {
    const [{ decisions }] = await compare(async (world) => {
      world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
      const nora = await world.hire({ displayName: 'Nora Test' });
      await world.exits.open({ employeeId: nora.employeeId });
      await until(
        world,
        nora,
        'code stuck, and told',
        (status) =>
          stateOf(status, 'block-access:code') === 'needs-attention' &&
          stateOf(status, 'notify-operator') === 'done',
      );
      const step = { step: 'block-access', system: 'code', by: IT };
      await world.exits.resolve(nora.employeeId, { ...step, action: 'done-by-hand', evidence: 'TICKET-42' });
      await untilPhase(world, nora, 'awaiting-decision');
      await world.mend();
      await throwIn(world, nora, { outcome: 'retained', decidedBy: nora.email });
      await until(world, nora, 'the refusal', ({ rejectedDecisions }) => rejectedDecisions.length === 1);
      return closed(world, nora, 'leaving');
    });
    assert.deepEqual(
      decisions.map(({ via, name, result }) => [via, name, result]),
      [
        ['event', 'exit.decision-finalised', 'refused'],
        ['event', 'exit.decision-finalised', 'accepted'],
      ],
    );
  });

  it('that ended leaving on a day that has begun for the company', async () => {
    const { timeZone } = choreographed.config.interview;
    const effectiveOn = new Intl.DateTimeFormat('sv-SE', { timeZone }).format();
    const [{ times }] = await compare(async (world) => {
      const nora = await waiting(world);
      await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR, effectiveOn });
      await untilPhase(world, nora, 'closed');
      return nora;
    });
    assert.match(times.effectiveToEnd!.from, /T2[23]:00:00\.000Z$/);
  });

  it('is refused with the reason where the stream has none', async () => {
    await assert.rejects(choreographed.exits.report('E-nobody', 'test'), {
      name: 'Refusal',
      message: 'The stream has no exit of E-nobody',
    });
  });

  it('that is still open', async () => {
    await compare((world) => waiting(world));
  });
});
