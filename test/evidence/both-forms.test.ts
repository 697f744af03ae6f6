import assert from 'node:assert/strict';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import { reportPage } from '../../src/client/report-page.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import {
  ended,
  opened,
  pastEveryCheck,
  settle,
  untilRefused,
  untilStep,
  waiting,
} from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { hidesActive } from '../contract/quirks.js';
import { readPage } from '../support/report-page.js';
import { HR, IT, startWorld, systems, type Hired, type World } from '../support/world.js';

type AnyWorld = World | ChoreographedWorld;

const person = { displayName: 'Nora Test', personalEmail: 'nora@home.example' };

async function closed(world: AnyWorld, nora: Hired, outcome: 'retained' | 'leaving'): Promise<Hired> {
  await ended(world, nora, { outcome, decidedBy: HR, note: 'as talked about' });
  return nora;
}

const namesOf = (groups: { displayName: string }[] | undefined) =>
  groups?.map(({ displayName }) => displayName).toSorted();

/** What both forms must say of the same story: without times, and with the same name for employee and accounts. */
function comparable(evidence: Evidence, { employeeId, accounts }: Hired): unknown {
  const takenOf = (taken: { suspended: boolean; groups: { displayName: string }[] } | undefined) =>
    taken && { suspended: taken.suspended, groups: namesOf(taken.groups) };
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
    systems: evidence.systems.map(({ system, hold, accounts, before, block, blocks, end, ...rest }) => ({
      ...{ system, hold, accounts, notGivenBack: rest.notGivenBack, notes: rest.notes },
      before: before && { active: before.active, groups: namesOf(before.groups) },
      block: { how: block.how, taken: takenOf(block.taken) },
      blocks: blocks.map(({ taken, notes }) => ({ taken: takenOf(taken), notes })),
      drifts: rest.drifts.map(({ what, blockedAgainAt }) => [what, typeof blockedAgainAt]),
      end: end && {
        ...{ what: end.what, how: end.how, accounts: end.accounts },
        givenBack: takenOf(end.givenBack),
        removedGroups: namesOf(end.removedGroups),
        after: end.after && { active: end.after.active, groups: namesOf(end.after.groups) },
      },
    })),
    mails: evidence.mails
      .map(({ to, messageId }) => `${to} ${messageId?.split('.')[1] ?? 'without an id'}`)
      .toSorted(),
    interview: evidence.interview.map(({ what, askedBy, attendees, inCalendar }) => ({
      ...{ what, askedBy, attendees, inCalendar },
    })),
    resolutions: evidence.resolutions.map(({ step, action, by, evidence, result }) => ({
      ...{ step, action, by, evidence, result },
    })),
    attention: evidence.attention.map(({ step, why, until }) => ({ step, why, isOver: until !== undefined })),
    missing: evidence.missing,
  };
  let text = JSON.stringify(told).replaceAll(employeeId, 'E').replaceAll(employeeId.toLowerCase(), 'e');
  for (const [system, id] of Object.entries(accounts)) text = text.replaceAll(id, `the account on ${system}`);
  return JSON.parse(text.replaceAll(/:\d+\/scim/g, ':N/scim'));
}

describe('the evidence, in both forms,', () => {
  let orchestrated: World;
  let choreographed: ChoreographedWorld;
  before(async () => {
    orchestrated = await startWorld();
    choreographed = await startChoreographedWorld({
      config: [['recheckEvery: PT15M', 'recheckEvery: PT1S']],
    });
  });
  afterEach(() => Promise.all([orchestrated.mend(), choreographed.mend()]));
  after(() => Promise.all([orchestrated.stop(), choreographed.stop()]));

  /** Asserts that stream and history tell the same. @returns what the stream tells, of whom, and what the history tells */
  async function compare(story: (world: AnyWorld) => Promise<Hired>): Promise<[Evidence, Hired, Evidence]> {
    const [one, other] = await Promise.all([story(orchestrated), story(choreographed)]);
    const [history, stream] = await Promise.all([
      orchestrated.exits.report(one.employeeId, 'test'),
      choreographed.exits.report(other.employeeId, 'test'),
    ]);
    assert.deepEqual(comparable(stream, other), comparable(history, one));
    return [stream, other, history];
  }

  it('is the same for an exit that ended retained', async () => {
    const [evidence, nora, history] = await compare(async (world) =>
      closed(
        world,
        await waiting(world, person, {
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
    assert.equal(evidence.employee.manager?.email, nora.manager);
    assert.deepEqual([evidence.reason, evidence.submittedBy], ['a new job', 'Nora']);
    assert.deepEqual([evidence.lastWorkingDay, evidence.missing], ['2999-12-31', []]);
    for (const { before, end } of evidence.systems) {
      assert.equal(end?.after?.active, before?.active);
      assert.deepEqual(namesOf(end?.after?.groups), namesOf(before?.groups));
    }
    const { resignationToBlock, decisionToEnd } = evidence.times;
    const times = resignationToBlock.systems.map(({ ms }) => ms!);
    assert.equal(resignationToBlock.allMs, Math.max(...times));
    assert.ok(decisionToEnd!.allMs! >= 0);
    assert.equal(history.exitId, history.source.runId);
    assert.match(history.decisions[0]!.identity!, /@/);
    // The evidence names every mail that was sent by its Message-ID, and nothing else.
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

  it('is the same for an exit that ended leaving after the interview was moved', async () => {
    const at = new Date(Date.now() + 9 * 24 * 60 * 60 * 1000).toISOString().replace(/\.\d+Z/, 'Z');
    const [evidence, nora] = await compare(async (world) => {
      const nora = await waiting(world, person);
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
    const asked = evidence.timeline.filter(({ what }) => what.includes('requested by'));
    assert.match(asked.map(({ what }) => what).join(), new RegExp(`^Interview: .* requested by ${HR}$`));
    assert.deepEqual(
      evidence.systems.map(({ end }) => end?.removedGroups?.map(({ displayName }) => displayName)),
      [[], [], ['readers']],
    );
    assert.deepEqual(
      evidence.systems.map(({ end }) => end?.accounts?.map(({ id }) => id)),
      systems.map((name) => [nora.accounts[name]]),
    );
  });

  it('is the same for an account that was suspended before, and for a system without an account', async () => {
    await compare(async (world) =>
      closed(
        world,
        await waiting(world, { ...person, on: ['payroll', 'code'], suspendedOn: 'code' }),
        'retained',
      ),
    );
  });

  it('is the same for a step that was settled by hand, and for decisions that were refused', async () => {
    const [{ decisions, resolutions, attention, times }] = await compare(async (world) => {
      world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
      const nora = await opened(world, { displayName: 'Nora Test' });
      await untilStep(world, nora, 'block-access:code');
      await untilStep(world, nora, 'notify-operator', 'done');
      await settle(world, nora, 'block-access:code', 'done-by-hand', 'TICKET-42');
      await world.untilPhase(nora, 'awaiting-decision');
      await world.mend();
      await pastEveryCheck(world, nora, { outcome: 'retained', decidedBy: nora.email });
      await untilRefused(world, nora);
      return closed(world, nora, 'leaving');
    });
    assert.deepEqual(
      decisions.map(({ via, name, result }) => [via, name, result]),
      [
        ['event', 'exit.decision-finalised', 'refused'],
        ['event', 'exit.decision-finalised', 'accepted'],
      ],
    );
    assert.deepEqual(
      resolutions.map(({ step, action, by, evidence }) => [step, action, by, evidence]),
      [['block-access:code', 'done-by-hand', IT, 'TICKET-42']],
    );
    const asked = attention.find(({ step }) => step === 'block-access:code')!;
    assert.equal(asked.until, resolutions[0]!.at);
    assert.equal(times.resignationToBlock.systems.find(({ system }) => system === 'code')?.how, 'confirmed');
  });

  it('says of each system whether EMS observed it, a person confirmed it, or it could not be told', async () => {
    const [stream, , history] = await compare(async (world) => {
      world.proxies.payroll.quirk(hidesActive);
      world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
      const nora = await opened(world, { displayName: 'Nora Test' });
      await untilStep(world, nora, 'block-access:payroll', 'cannot-tell');
      await untilStep(world, nora, 'block-access:code');
      await untilStep(world, nora, 'block-access:production', 'done');
      await settle(world, nora, 'block-access:code', 'done-by-hand', 'TICKET-43');
      await world.mend();
      world.proxies.payroll.quirk(undefined);
      return closed(world, nora, 'leaving');
    });
    for (const evidence of [stream, history]) {
      const { systems: all, verdict, times } = JSON.parse(JSON.stringify(evidence)) as Evidence;
      const hows = { payroll: 'cannot-tell', code: 'confirmed', production: 'observed' };
      assert.deepEqual(Object.fromEntries(all.map(({ system, block }) => [system, block.how])), hows);
      assert.equal(times.resignationToBlock.allMs, undefined);
      assert.match(
        verdict,
        /^Leaving, .*: access was observed revoked on all 3 systems.* Until then access was observed blocked on production; a person confirmed it blocked, which EMS did not observe, on code; it could not be told whether it is blocked on payroll\.$/,
      );
      const { organisation, interview } = orchestrated.config;
      const { text, tableAfter } = readPage(
        await reportPage(evidence, { organisation: organisation.name, timeZone: interview.timeZone }),
      );
      const [, seen, account] = tableAfter('payroll');
      assert.equal(seen![2], 'could not be told');
      assert.equal(account![1], 'not shown');
      assert.match(text(), /payroll ?could not be told/);
      assert.match(text(), /code ?confirmed by a person, not observed/);
      assert.match(text(), /Blocked: confirmed by it@acme\.example on .*TICKET-43/);
    }
  });

  it('does not say whether an account is active that it gave its groups back to, where the system does not show it', async () => {
    const [stream, , history] = await compare(async (world) => {
      const nora = await waiting(world, { ...person, on: ['production'] });
      world.proxies.production.quirk(hidesActive);
      await closed(world, nora, 'retained');
      world.proxies.production.quirk(undefined);
      return nora;
    });
    for (const { systems } of [stream, history]) {
      const { end } = systems.find(({ system }) => system === 'production')!;
      assert.equal(end!.how, 'observed');
      assert.equal(end!.after!.active, undefined);
    }
  });

  it('measures an exit that ended leaving on a date from the beginning of that date for the company', async () => {
    const { timeZone } = choreographed.config.interview;
    const effectiveOn = new Intl.DateTimeFormat('sv-SE', { timeZone }).format();
    const [stream, , history] = await compare(async (world) => {
      const nora = await waiting(world, person);
      await ended(world, nora, { outcome: 'leaving', decidedBy: HR, effectiveOn });
      return nora;
    });
    for (const { times, verdict } of [stream, history]) {
      const [sinceDecision, sinceDate] = [times.decisionToEnd!, times.effectiveToEnd!];
      assert.match(sinceDate.from, /T2[23]:00:00\.000Z$/);
      assert.equal(
        sinceDate.allMs! - sinceDecision.allMs!,
        Date.parse(sinceDecision.from) - Date.parse(sinceDate.from),
      );
      assert.match(verdict, /after the decision\.$/);
    }
  });

  it('tells when drift was seen, and when the account was observed blocked again', async () => {
    const [stream, , history] = await compare(async (world) => {
      const nora = await waiting(world, person);
      await world.admin.payroll.setActive(nora.accounts.payroll!, true);
      // The orchestrated form is told of it by a sweep; the other looks by itself.
      const drift = {
        system: 'payroll',
        what: 'the account is active again',
        seenAt: new Date().toISOString(),
      };
      if (!('bus' in world))
        await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).signal('holdDrifted', drift);
      await world.until(
        nora,
        'blocked again',
        ({ drifts, blockedAt, steps }) =>
          drifts.length === 1 && blockedAt !== undefined && steps.every(({ state }) => state === 'done'),
      );
      return nora;
    });
    for (const { systems } of [stream, history]) {
      const { drifts, blocks } = systems.find(({ system }) => system === 'payroll')!;
      assert.equal(blocks.length, 2);
      assert.deepEqual([drifts.length, drifts[0]!.blockedAgainAt], [1, blocks[1]!.at]);
    }
  });

  it('says why an exit failed when no server knows the employee', async () => {
    const stranger = { employeeId: 'T-unheard-of', email: '', manager: HR, accounts: {} };
    const failed = async (world: AnyWorld) => {
      await world.exits.open({ employeeId: stranger.employeeId });
      return eventually('the end of it', async () => {
        const evidence = await world.exits.report(stranger.employeeId, 'test');
        return evidence.state === 'open' ? undefined : evidence;
      });
    };
    const why = `No directory and no critical system knows an employee ${stranger.employeeId}: check the id`;
    for (const evidence of await Promise.all([failed(orchestrated), failed(choreographed)])) {
      const { form, state, phase, endedBecause, verdict, timeline } = evidence;
      assert.deepEqual([state, phase, endedBecause], ['failed', 'failed', why], form);
      assert.equal(verdict, `Ended before anything was held (${why}).`, form);
      // A service of the choreographed form may still say after that what it has found.
      assert.ok(
        timeline.some(({ what }) => what === `Ended: failed, ${why}`),
        form,
      );
    }
  });

  it('is refused with the reason where there is no exit', async () => {
    const none = /^Refusal: Temporal has no exit of E-unknown: .* retention has deleted/;
    await assert.rejects(orchestrated.exits.report('E-unknown', 'test'), none);
    await assert.rejects(
      choreographed.exits.report('E-unknown', 'test'),
      /The stream has no exit of E-unknown$/,
    );
  });

  it('is the same for an open exit', async () => {
    await compare((world) => waiting(world, person));
  });
});
