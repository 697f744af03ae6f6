import assert from 'node:assert/strict';
import { factsOfReport, factsOfResult } from '../../src/temporal/activity-facts.js';
import { decisionsOf } from '../../src/exit/evidence/decisions.js';
import { evidenceOf } from '../../src/exit/evidence/evidence-of.js';
import { describeMs } from '../../src/exit/duration.js';
import { FailureType } from '../../src/exit/failures.js';
import { reportPage } from '../../src/client/report-page.js';
import type { Capture, GroupRef } from '../../src/exit/hold-facts.js';
import type { Fact, FactOf } from '../../src/exit/evidence/facts.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { readPage } from '../support/report-page.js';
import { recorded, recordedFacts, source } from './recorded.js';

const HR = 'hr@acme.example';
const retained = { outcome: 'retained', decidedBy: HR };

const signal = (at: string, content: unknown): FactOf<'decision-received'> => ({
  kind: 'decision-received',
  at,
  received: { id: at, via: 'signal', name: 'decisionFinalised', content },
});
const status = (known: Partial<ExitStatus>) =>
  ({ rejectedDecisions: [], proposals: [], ...known }) as unknown as ExitStatus;
const evidence = (facts: Fact[]) =>
  evidenceOf({ employeeId: 'E-1', facts, form: 'orchestrated', missing: [], source });

describe('evidence from facts', () => {
  it('tells of two equal signals that the first stood and the second was refused', () => {
    const again = {
      at: '2026-01-02T00:00:02Z',
      reason: 'already decided',
      received: JSON.stringify(retained),
    };
    const decisions = decisionsOf(
      [signal('2026-01-02T00:00:00Z', retained), signal('2026-01-02T00:00:01Z', retained)],
      status({
        decision: { ...retained, decidedAt: '2026-01-02T00:00:00Z' } as never,
        rejectedDecisions: [again],
      }),
    );
    assert.deepEqual(
      decisions.map(({ result, reason }) => [result, reason]),
      [
        ['accepted', undefined],
        ['refused', 'already decided'],
      ],
    );
  });

  it('calls a decision superseded when the exit was reset to a point before it', () => {
    const { received, ...fact } = signal('2026-01-02T00:00:00Z', retained);
    const accepted = { ...fact, received: { ...received, result: { ok: 'accepted' } as const } };
    assert.equal(decisionsOf([accepted], undefined)[0]!.result, 'accepted');
    assert.equal(decisionsOf([accepted], status({}))[0]!.result, 'superseded');
  });

  it('calls the result of a signal unknown where no worker could answer, and says so', async () => {
    const facts = await recordedFacts('awaiting-decision');
    const { decisions, outcome, missing } = evidence([
      ...facts,
      signal('2026-12-01T00:00:00.000Z', retained),
    ]);
    assert.deepEqual([decisions[0]!.result, outcome], ['unknown', undefined]);
    assert.match(missing[0]!, /^Only the exit knows whether it accepted a decision/);
  });

  it('calls access restored once each account and each second look tells, and nothing earlier', async () => {
    const facts = await recordedFacts('retained');
    const isOfPayroll = (fact: Fact): fact is FactOf<'restored'> =>
      fact.kind === 'restored' && fact.system === 'payroll';
    const last = facts.findLastIndex(isOfPayroll);
    const restored = facts[last] as FactOf<'restored'>;
    const open = facts.slice(0, last).filter((fact) => !isOfPayroll(fact));
    const how = (...added: Fact[]) =>
      evidence([...open, ...added]).systems.find(({ system }) => system === 'payroll')!.end!.how;
    assert.equal(how(restored), 'observed');
    const unsettled = { ...restored, restored: { ...restored.restored, isUnsettled: true } };
    assert.equal(how(unsettled), 'pending');
    const at = new Date(Date.parse(restored.at) + 1000).toISOString();
    const attention = {
      kind: 'attention',
      at,
      step: 'restore-access:payroll',
      why: 'cannot tell: …',
    } as const;
    assert.equal(how(unsettled, { ...attention, type: FailureType.CannotTell }), 'cannot-tell');
    assert.equal(how(restored, { ...attention, type: FailureType.Refused }), 'pending');
    // Another account of the employee is still to be given back.
    const block = open.find((fact) => fact.kind === 'blocked' && fact.system === 'payroll');
    const another = [{ id: 'another', userName: 'another' }];
    assert.equal(how({ ...(block as FactOf<'blocked'>), accounts: another }, restored), 'pending');
  });

  it('does not call an account active that was given back, and has expired by itself', async () => {
    const active = async (expired: boolean) => {
      const facts = (await recordedFacts('retained')).map((fact) =>
        fact.kind === 'restored' && expired
          ? { ...fact, restored: { ...fact.restored, active: false } }
          : fact,
      );
      return evidence(facts).systems.find(({ system }) => system === 'payroll')!.end!.after!.active;
    };
    assert.equal(await active(false), true);
    assert.equal(await active(true), false);
  });

  it('cannot tell of a system where further accounts of the employee may be active, whatever it has observed of others', async () => {
    const facts = await recordedFacts('awaiting-decision');
    const blockWith = (change: (capture: Capture) => Partial<Capture>) => {
      const changed = facts.map((fact) =>
        fact.kind === 'captured' && fact.system === 'payroll'
          ? { ...fact, capture: { ...fact.capture, ...change(fact.capture) } }
          : fact,
      );
      const { systems, verdict } = evidence(changed);
      return { verdict, ...systems.find(({ system }) => system === 'payroll')! };
    };
    const unfound = { isKeyUnknown: false, error: 'cannot tell: …' };
    for (const accounts of [undefined, []]) {
      const { block, verdict } = blockWith((capture) => ({
        accounts: accounts ?? capture.accounts,
        unfound,
      }));
      assert.deepEqual([block.how, block.at], ['cannot-tell', undefined]);
      assert.match(verdict, /it could not be told whether it is blocked on payroll/);
    }
    const hidden = blockWith(({ accounts }) => ({
      accounts: [...accounts, { ...accounts[0]!, id: 'a-2', active: undefined }],
    }));
    assert.equal(hidden.before!.active, true);
    const other = blockWith(({ accounts }) => ({
      accounts: [
        { ...accounts[0]!, active: false },
        { ...accounts[0]!, id: 'a-2', active: undefined },
      ],
    }));
    assert.equal(other.before!.active, undefined, 'the second one may have been active');
  });

  describe('of a system with two accounts of the employee', () => {
    type OfAccount = FactOf<'blocked'> | FactOf<'restored'>;
    const second = { id: 'a-2', userName: 'adm-nora' };
    const after = (at: string, seconds: number) => new Date(Date.parse(at) + 1000 * seconds).toISOString();

    /** The recorded exit with a second account on payroll. @returns the facts of payroll by kind, and what the report says of it */
    async function twoAccounts(name: string) {
      const facts = (await recordedFacts(name)).map((fact) =>
        fact.kind === 'captured' && fact.system === 'payroll'
          ? {
              ...fact,
              capture: {
                ...fact.capture,
                accounts: [...fact.capture.accounts, { ...fact.capture.accounts[0]!, ...second }],
              },
            }
          : fact,
      );
      const of = <K extends Fact['kind']>(kind: K) =>
        facts.find(
          (fact): fact is FactOf<K> => fact.kind === kind && 'system' in fact && fact.system === 'payroll',
        )!;
      const told = (all: readonly Fact[]) =>
        evidence([...all].toSorted((a, b) => a.at.localeCompare(b.at))).systems.find(
          ({ system }) => system === 'payroll',
        )!;
      return { facts, of, told };
    }
    const later = <F extends OfAccount>(fact: F, seconds: number, account = fact.accounts): F => ({
      ...fact,
      at: after(fact.at, seconds),
      accounts: account,
    });

    it('calls it blocked once each account has a block of its own, at the time of the last', async () => {
      const { facts, of, told } = await twoAccounts('awaiting-decision');
      const block = of('blocked');
      assert.equal(told(facts).block.how, 'pending');
      // The same account, once more after a drift.
      const again = later(block, 60);
      assert.deepEqual(
        [told([...facts, again]).block.how, told([...facts, again]).block.at],
        ['pending', undefined],
      );
      const other = later(block, 90, [second]);
      const uncaptured = [{ id: 'g-9', displayName: 'new' }];
      const open = { ...later(block, 80, [second]), blocked: { ...block.blocked, uncaptured } };
      assert.equal(told([...facts, open]).block.how, 'pending');
      for (const blocks of [
        [again, other],
        [open, other],
      ])
        assert.deepEqual(
          [told([...facts, ...blocks]).block.how, told([...facts, ...blocks]).block.at],
          ['observed', other.at],
        );
    });

    it('calls it blocked again after a drift once each account is', async () => {
      const { facts, of, told } = await twoAccounts('awaiting-decision');
      const block = of('blocked');
      const seenAt = after(block.at, 50);
      const drift: Fact = { kind: 'drifted', system: 'payroll', what: 'reactivated', seenAt, at: seenAt };
      const both = [...facts, later(block, 10, [second]), drift, later(block, 60)];
      assert.equal(told(both).drifts[0]!.blockedAgainAt, undefined);
      const last = later(block, 70, [second]);
      assert.equal(told([...both, last]).drifts[0]!.blockedAgainAt, last.at);
    });

    it('calls it restored once each account is, also where the block of one told nothing', async () => {
      const { facts, told } = await twoAccounts('retained');
      // The block of the second account was refused after it had written: only its restore tells.
      const open = facts.filter(({ kind }) => kind !== 'ended');
      const { end } = told(open);
      assert.deepEqual([end!.how, end!.at, end!.after], ['pending', undefined, undefined]);
      const restored = open.findLast(
        (fact): fact is FactOf<'restored'> => fact.kind === 'restored' && fact.system === 'payroll',
      )!;
      const other = later(restored, 30, [second]);
      const whole = told([...open, other]).end!;
      assert.deepEqual([whole.how, whole.at], ['observed', other.at]);
      assert.equal(told(facts).end!.how, 'observed', 'the exit ended: its restore was complete');
    });

    it('says nothing of what an exit without an end of its own had left undone', async () => {
      const facts = (await recordedFacts('retained')).filter(({ kind }) => kind !== 'restored');
      const ended = facts.findLast((fact) => fact.kind === 'ended')!;
      for (const how of ['timed-out', 'terminated'] as const) {
        const { systems } = evidence([...facts.filter((fact) => fact !== ended), { ...ended, how }]);
        for (const { end } of systems) assert.equal(end!.how, 'pending');
      }
    });

    it('names in the timeline the account that was blocked, and what could not be looked for', async () => {
      const { facts, of } = await twoAccounts('awaiting-decision');
      const block = later(of('blocked'), 30, [second]);
      const uncaptured = [{ id: 'g-9', displayName: 'new' }];
      const captured = of('captured');
      const unfound = { isKeyUnknown: false, error: 'cannot tell: …' };
      const { timeline } = evidence([
        ...facts,
        { ...captured, capture: { ...captured.capture, accounts: [], unfound } },
        block,
        { ...block, blocked: { ...block.blocked, uncaptured } },
      ]);
      const told = timeline.map(({ what }) => what);
      assert.ok(told.includes('payroll: no account found; cannot tell: …'));
      assert.ok(told.some((what) => what.startsWith('payroll: adm-nora observed blocked; ')));
      assert.ok(told.some((what) => what.startsWith('payroll: adm-nora blocked in part; ')));
    });

    it('does not call the attention to one account over when the other one is blocked', async () => {
      const { facts, of } = await twoAccounts('awaiting-decision');
      const block = of('blocked');
      const step = 'block-access:payroll';
      const refused: Fact = {
        ...{ kind: 'attention', at: after(block.at, 1), step, account: second.id, why: 'refused' },
        type: FailureType.Refused,
      };
      const done = (account: string): Fact => ({
        ...{ kind: 'step-done', at: after(block.at, 2), step, account },
      });
      const until = (fact: Fact) => evidence([...facts, refused, fact]).attention.at(-1)!.until;
      assert.equal(until(done(block.accounts![0]!.id)), undefined);
      assert.equal(until(done(second.id)), after(block.at, 2));
    });
  });

  it('measures a revocation from its effective date, and calls one that is still to come pending', async () => {
    const facts = await recordedFacts('leaving-later-then-retained');
    const open = facts.slice(0, facts.findIndex((fact) => fact.kind === 'effective-from') + 1);
    const { at: decidedAt } = open.findLast((fact) => fact.kind === 'decision-received')!;
    const from = open.findLast((fact) => fact.kind === 'effective-from')!.instant;
    const after = (seconds: number) => new Date(Date.parse(from) + 1000 * seconds).toISOString();
    const waiting = evidence(open);
    assert.equal(waiting.times.effectiveToEnd?.from, from);
    assert.deepEqual(
      waiting.times.effectiveToEnd?.systems.map(({ how }) => how),
      ['pending', 'pending', 'pending'],
    );
    const revoked = ['payroll', 'code', 'production'].map((system, i): Fact => ({
      kind: 'revoked',
      at: after(i + 1),
      system,
      revoked: { revokedAt: '', removedGroups: [], notes: [] },
    }));
    const ended: Fact = { kind: 'ended', at: after(9), how: 'closed' };
    const { times, verdict } = evidence([...open, ...revoked, ended]);
    assert.equal(times.effectiveToEnd?.allMs, 3000);
    assert.equal(times.decisionToEnd?.allMs, Date.parse(after(3)) - Date.parse(decidedAt));
    assert.match(verdict, /revoked on all 3 systems, 3\.0 s after the effective date\.$/);
  });

  it('names what every attempt set out to remove, and what could not be given back', async () => {
    const facts = await recordedFacts('leaving');
    const lost: Fact = {
      kind: 'revoking',
      at: '2026-11-23T19:38:10.450Z',
      system: 'production',
      groups: [{ id: 'g-1', displayName: 'writers' }],
    };
    const { systems } = evidence([...facts, lost]);
    assert.deepEqual(
      systems[2]!.end?.removedGroups?.map(({ displayName }) => displayName),
      ['writers', 'readers'],
    );
    const stuck: Fact = {
      kind: 'attention',
      at: '2026-11-23T19:38:10.000Z',
      step: 'restore-access:code',
      type: 'NotGivenBack',
      why: 'cannot give back on code: the membership in a, a group that was deleted meanwhile',
    };
    assert.deepEqual(evidence([...facts, stuck]).systems[1]!.notGivenBack, [stuck.why]);
  });

  it('warns of an exit that was terminated, and of one that failed before anything was held', async () => {
    const facts = await recordedFacts('awaiting-decision');
    const ended: Fact = {
      kind: 'ended',
      at: '2026-12-01T00:00:00.000Z',
      how: 'terminated',
      why: 'by a test',
    };
    assert.match(
      evidence([...facts, ended]).verdict,
      /^Ended from outside \(by a test\).* stays blocked until a person gives it back or revokes it by hand\.$/,
    );
    const nothing = evidence([
      { kind: 'opened', at: '2026-12-01T00:00:00.000Z', exitId: 'x' },
      { kind: 'ended', at: '2026-12-01T00:00:00.000Z', how: 'failed', why: 'Not a Resignation: …' },
    ]);
    assert.equal(nothing.verdict, 'Ended before anything was held (Not a Resignation: …).');
  });

  it('recognises a mail and an interview by their shape, not by the name of the activity', () => {
    const call = { type: 'escalate', step: 'escalate:1', input: {} };
    const sent = { to: 'head@acme.example', messageId: '<1@acme.example>' };
    const mail = { kind: 'mail-accepted', mail: 'escalate', ...sent };
    assert.deepEqual(factsOfResult(call, sent), [mail]);
    assert.deepEqual(factsOfResult(call, [sent, sent]), [mail, mail]);
    assert.deepEqual(factsOfResult(call, undefined), []);
    const interview = {
      uid: 'u',
      sequence: 2,
      start: 's',
      end: 'e',
      timeZone: 'z',
      attendees: [],
      sent: [sent],
    };
    assert.deepEqual(factsOfResult({ ...call, type: 'rescheduleHrInterview' }, interview), [
      { kind: 'invited', interview },
      { ...mail, mail: 'rescheduleHrInterview' },
    ]);
    assert.deepEqual(factsOfReport(call, [{ id: 'g' }]), []);
  });

  it('calls an interview with another time rescheduled', async () => {
    const facts = await recordedFacts('awaiting-decision');
    const invited = facts.find((fact) => fact.kind === 'invited')!;
    const later: Fact = {
      ...invited,
      at: '2026-12-01T00:00:00.000Z',
      interview: { ...invited.interview, sequence: 1, start: '2026-12-02T08:00:00Z' },
    };
    assert.deepEqual(
      evidence([...facts, later]).interview.map(({ what, start }) => [what, start]),
      [
        ['invited', invited.interview.start],
        ['rescheduled', '2026-12-02T08:00:00Z'],
      ],
    );
  });

  it('takes the reason for attention from the step itself where no call failed', async () => {
    const steps = [
      { name: 'restore-access', system: 'code', state: 'needs-attention', error: 'was blocked by hand' },
    ];
    const { attention } = await recorded(
      'awaiting-decision',
      status({ steps: steps as never, openedAt: '2026-11-23T19:38:08.275Z' }),
    );
    assert.deepEqual(
      attention.map(({ step, why }) => [step, why]),
      [['restore-access:code', 'was blocked by hand']],
    );
  });

  it('says of the groups after a revocation what the system has shown', async () => {
    const facts = await recordedFacts('leaving');
    const afterOf = async (groups: GroupRef[] | undefined) => {
      const shown = facts.map((fact) =>
        fact.kind === 'revoked' ? { ...fact, revoked: { ...fact.revoked, groups } } : fact,
      );
      const page = await reportPage(evidence(shown), { organisation: 'Acme', timeZone: 'UTC' });
      return readPage(page)
        .tableAfter('production')
        .find(([row]) => row === 'Groups')
        ?.at(-1);
    };
    assert.equal(await afterOf(undefined), 'not shown');
    assert.equal(await afterOf([]), 'none');
    assert.equal(await afterOf([{ id: 'g-1', displayName: 'computed' }]), 'computed');
  });

  it('shows a duration as people say it', () => {
    assert.deepEqual([184, 12_400, 59_999, 252_000, 273_600_000, -1500].map(describeMs), [
      '0.184 s',
      '12.4 s',
      '1 min',
      '4 min 12 s',
      '3 d 4 h',
      '−1.5 s',
    ]);
  });
});
