import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { CompactSign, importJWK, type JWK } from 'jose';
import { choreographedExits } from '../../src/choreography/client/choreographed-exits.js';
import { loadSigner } from '../../src/config/decision-key.js';
import type { Decision } from '../../src/exit/decision.js';
import type { EventType, ExitEvent } from '../../src/exit/events.js';
import type { ExitsOfForm } from '../../src/exit/evidence/evidence.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { decisionKey, keySet, type DecisionKey } from '../support/decision-keys.js';
import { eventually } from '../support/eventually.js';
import { untilOf } from '../support/until.js';
import { HR, IT, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, untilRefused, untilStep, waiting } from './on-the-way.js';

const HEAD = 'head-of-hr@acme.example';
const [api, next, stranger, twin] = await Promise.all(['2026', '2027', 'mine', '2026'].map(decisionKey));
const config: [string, string][] = [
  ['secondPerson: []', `secondPerson: [leaving, override], signed: { keys: '${keySet(api!)}' }`],
];
const asker = { subject: 'a1b2', name: 'Hanna HR', address: '192.0.2.7' };
const retained: Decision = { outcome: 'retained', decidedBy: HR };
type Resigned = Awaited<ReturnType<typeof opened>>;

/** What the API signs, less what a test changes. */
async function jwsOf(claims: object, key: DecisionKey = api!): Promise<string> {
  const { kid, ...jwk } = JSON.parse(key.secret) as JWK;
  const all = { iat: Math.floor(Date.now() / 1000), jti: randomUUID(), ...claims };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(all)))
    .setProtectedHeader({ alg: 'EdDSA', kid: kid! })
    .sign(await importJWK(jwk, 'EdDSA'));
}

const updates: Partial<Record<EventType, string>> = {
  'exit.decision-finalised': 'finaliseDecision',
  'exit.proposal-rejected': 'rejectProposal',
  'resignation.amended': 'amendResignation',
  'exit.handed-over': 'handOver',
  'step.resolved': 'resolveStep',
};

/** Sends an act as an insider who reaches Temporal or NATS can, past every client. */
async function forge(
  { bus, client }: Company,
  { employeeId, exitId }: Resigned,
  type: EventType,
  data: object,
): Promise<void> {
  const workflow = client.workflow.getHandle(exitWorkflowId(employeeId));
  if (bus) {
    const about = { id: randomUUID(), source: '/an/insider', time: new Date().toISOString() };
    await bus.publish({ ...about, type, employeeId, exitId, data } as unknown as ExitEvent);
  } else if (type === 'exit.decision-finalised') await workflow.signal('decisionFinalised', data);
  else await workflow.executeUpdate(updates[type]!, { args: [data] }).catch(() => undefined);
}

/** An act that the exit refused shows with the reason. */
const untilShown = ({ until }: Company, nora: Resigned, why: RegExp) =>
  until(nora, `the reason ${why}`, ({ rejectedDecisions }) =>
    rejectedDecisions.some(({ reason }) => why.test(reason)),
  );

/** The port as another process has it. */
const exitsWith = ({ bus, client, config: its }: Company, key?: DecisionKey): Promise<ExitsOfForm> => {
  const sign = key && loadSigner({ EMS_DECISION_KEY: key.secret });
  return bus ? choreographedExits(bus, its, sign) : Promise.resolve(orchestratedExits(client, sign));
};

inBothForms(
  'an exit that takes signed acts alone',
  { systems: ['payroll', 'production'], config, env: { EMS_DECISION_KEY: api!.secret } },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));
    const isBlocked = async (nora: Resigned) => !(await world.account(nora, 'payroll')).active;

    it('is decided, amended, handed over and resolved by who has the key of the API', async () => {
      const nora = await opened(world, { on: ['payroll'], manager: null });
      const { employeeId } = nora;
      await world.untilPhase(nora, 'awaiting-decision');
      await world.exits.amend(employeeId, { lastWorkingDay: '2027-12-31', by: HR });
      await world.exits.decide(employeeId, { outcome: 'leaving', decidedBy: HR, now: true });
      await world.exits.reject(employeeId, { number: 1, by: HEAD, asker });
      await world.exits.decide(employeeId, { outcome: 'leaving', decidedBy: HEAD, now: true, asker });
      const closed = await ended(world, nora, { outcome: 'leaving', decidedBy: HR, now: true });
      assert.deepEqual([closed.decision!.decidedBy, closed.decision!.proposedBy], [HR, HEAD]);
      assert.deepEqual(closed.rejectedDecisions, []);
      assert.ok(!JSON.stringify(closed).includes('signature'));
    });

    it('is not decided by a client without the key, which says where to act', async () => {
      const nora = await waiting(world, { on: ['payroll'] });
      const without = await exitsWith(world);
      await assert.rejects(
        without.decide(nora.employeeId, retained),
        /the decision does not count: it has no signature.*in the console or over the API/,
      );
      assert.equal(await isBlocked(nora), true);
      await ended(world, nora, retained);
    });

    it('is not decided by an insider, whatever they sign and with which key', async () => {
      const nora = await waiting(world, { on: ['payroll'] });
      const other = await waiting(world, { on: ['payroll'] });
      const { employeeId, exitId } = nora;
      const act = 'exit.decision-finalised';
      const right = { exitId, employeeId, act, of: retained };
      const minutes = (n: number) => Math.floor(Date.now() / 1000) + 60 * n;
      const forgeries: [signature: string | undefined, why: RegExp][] = [
        [undefined, /the decision does not count: it has no signature/],
        ['rubbish', /its signature is no JWS/],
        [await jwsOf(right, stranger), /its signature is by the key "mine", which is not trusted/],
        [await jwsOf(right, twin), /its signature is not valid/],
        [await jwsOf({ ...right, exitId: other.exitId }), /its signature is for the exit/],
        [await jwsOf({ ...right, employeeId: other.employeeId }), /its signature is for the exit/],
        [
          await jwsOf({ ...right, of: { ...retained, outcome: 'withdrawn' } }),
          /its signature is for another act/,
        ],
        [await jwsOf({ ...right, of: { ...retained, decidedBy: HEAD } }), /its signature is for another act/],
        [await jwsOf({ ...right, of: { ...retained, asker } }), /its signature is for another act/],
        [await jwsOf({ ...right, act: 'step.resolved' }), /its signature is for another act/],
        [await jwsOf({ ...right, iat: minutes(-11) }), /more than 10 minutes from its arrival/],
        [await jwsOf({ ...right, iat: minutes(11) }), /more than 10 minutes from its arrival/],
      ];
      for (const [signature] of forgeries) await forge(world, nora, act, { ...retained, signature });
      await untilRefused(world, nora, forgeries.length);
      for (const [, why] of forgeries) await untilShown(world, nora, why);
      if (world.bus)
        await eventually('an exit that needs attention', async () => {
          const [listed] = await world.exits.list({ employeeId, attention: true });
          return listed?.deadLetters?.some(({ reason }) => /the decision does not count/.test(reason));
        });
      const status = await world.exits.status(employeeId);
      assert.deepEqual([status.decision, status.phase], [undefined, 'awaiting-decision']);
      assert.equal(await isBlocked(nora), true);
      await ended(world, nora, retained);
      await ended(world, other, retained);
    });

    it('takes each signature once: what was rejected does not come back', async () => {
      const nora = await waiting(world, { on: ['payroll'] });
      const { employeeId, exitId } = nora;
      const act = world.bus ? 'exit.proposed' : 'exit.decision-finalised';
      const decision: Decision = { outcome: 'leaving', decidedBy: HR, now: true };
      const of = world.bus ? { decision } : decision;
      const data = { ...of, signature: await jwsOf({ exitId, employeeId, act, of }) };
      await forge(world, nora, act, data);
      await world.until(nora, 'a proposal', ({ proposals }) => proposals.length === 1);
      await world.exits.reject(employeeId, { number: 1, by: HEAD });
      await forge(world, nora, act, data);
      await untilShown(world, nora, /its signature has been used already/);
      assert.equal((await world.exits.status(employeeId)).phase, 'awaiting-decision');
      await ended(world, nora, retained);
    });

    it('is not amended, handed over, resolved or overridden without a signature, and keeps its proposals', async () => {
      await world.admin.production.setActive(world.standIn, false);
      const nora = await opened(world, { on: ['production'] }, { overrideBy: HR });
      const { employeeId } = nora;
      await untilStep(world, nora, 'block-access:production');
      const before = await world.exits.status(employeeId);
      assert.deepEqual(before.proposals, [], 'an override with the resignation is no signed act');
      const step = { step: 'block-access', system: 'production', by: IT } as const;
      await world.exits.resolve(employeeId, { ...step, action: 'retry', override: true });
      const forgeries: [EventType, object, RegExp][] = [
        ['step.resolved', { ...step, action: 'skip' }, /the resolution does not count/],
        ['step.resolved', { ...step, by: HR, action: 'retry', override: true }, /the resolution does not/],
        ['resignation.amended', { lastWorkingDay: '2027-12-30', by: HR }, /the amendment does not count/],
        ['exit.handed-over', { to: { name: 'Eva', email: HEAD }, by: HR }, /the hand-over does not count/],
        ['exit.proposal-rejected', { number: 1, by: HR }, /the rejection does not count/],
      ];
      for (const [type, data, why] of forgeries) {
        await forge(world, nora, type, data);
        await untilShown(world, nora, why);
      }
      const after = await world.exits.status(employeeId);
      assert.deepEqual([after.amendments, after.handOvers], [[], []]);
      assert.equal(after.proposals[0]!.state, 'open');
      await world.exits.resolve(employeeId, { ...step, action: 'retry', override: true, by: HR });
      await untilStep(world, nora, 'block-access:production', 'done');
      await ended(world, nora, retained);
      await world.admin.production.setActive(world.standIn, true);
    });

    it('gives no access back without a signature where it was planned without: by the configuration before, or by an insider', async () => {
      const { signed } = world.config.decisions;
      await world.restart((its) => (its.decisions.signed = undefined));
      const before = { ...world, exits: await exitsWith(world) };
      const earlier = await waiting(before, { on: ['payroll'] });
      await ended(before, earlier, retained);
      const nora = await waiting(before, { on: ['payroll'] });
      const other = await waiting(before, { on: ['payroll'] });
      const since = new Date().toISOString();
      await world.restart((its) => (its.decisions.signed = { ...signed!, since }));
      await exitsWith(world, api);
      assert.equal((await world.exits.status(earlier.employeeId)).phase, 'closed');
      await forge(world, nora, 'exit.decision-finalised', retained);
      if (world.bus) await untilShown(world, nora, /the decision does not count: it has no signature/);
      else {
        const stuck = await untilStep(world, nora, 'restore-access:payroll');
        assert.match(
          stepOf(stuck, 'restore-access:payroll')!.error!,
          /the API has signed no decision to restore/,
        );
      }
      assert.equal(await isBlocked(nora), true);
      await ended(world, other, retained);
      assert.equal(await isBlocked(other), false);
      if (world.bus) await ended(world, nora, retained);
      else {
        const step = { step: 'restore-access', system: 'payroll', action: 'skip', by: IT } as const;
        await world.exits.resolve(nora.employeeId, step);
        await world.untilPhase(nora, 'closed');
      }
    });

    it('is not given back by a cancellation, which has no signature', async () => {
      if (world.bus) return;
      const nora = await waiting(world, { on: ['payroll'] });
      await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).cancel();
      await untilShown(world, nora, /the cancellation does not count/);
      assert.equal(await isBlocked(nora), true);
      await ended(world, nora, retained);
    });

    it('takes the next key once the configuration has it, and the old one only for what it has signed before', async () => {
      const { signed } = world.config.decisions;
      const decided = await waiting(world, { on: ['payroll'] });
      const nora = await waiting(world, { on: ['payroll'] });
      const closed = await ended(world, decided, retained);
      const exp = Math.ceil(Date.parse(closed.decision!.decidedAt) / 1000);
      const keys = [{ ...signed!.keys[0]!, exp }, next!.public as (typeof signed & object)['keys'][number]];
      await world.restart((its) => (its.decisions.signed = { keys }));
      const [old, now] = [await exitsWith(world, api), await exitsWith(world, next)];
      await eventually('the end of the key', () => Promise.resolve(Date.now() / 1000 > exp || undefined));
      await assert.rejects(old.decide(nora.employeeId, retained), /by the key "2026", which is retired/);
      assert.equal((await now.status(decided.employeeId)).phase, 'closed');
      await now.decide(nora.employeeId, retained);
      await untilOf(now)(nora, 'closed', ({ phase }) => phase === 'closed');
      const [listed] = await now.list({ employeeId: nora.employeeId });
      assert.equal(listed!.phase, 'closed');
      assert.equal((await now.report(nora.employeeId, 'test')).decisions.at(-1)!.result, 'accepted');
      await world.restart((its) => (its.decisions.signed = signed));
    });
  },
);
