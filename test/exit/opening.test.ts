import assert from 'node:assert/strict';
import type { Whose } from '../../src/exit/acting.js';
import {
  confirmersOf,
  confirmingProblem,
  openingLookUps,
  rejectingProblem,
  type WaitingOpening,
} from '../../src/exit/opening.js';
import { planFrom } from '../../src/config/planning.js';
import { sampleConfig } from '../support/sample-config.js';
import { HR, IT } from '../support/world.js';

const BOSS = 'head-of-hr@acme.example';
const opening = (submittedBy: string): WaitingOpening => ({
  ...{ resignation: { employeeId: 'E-1', email: 'nora@acme.example', submittedBy }, beyond: 'hour' },
  askedAt: '2026-11-26T10:00:00.000Z',
});
const is = (...employeeIds: string[]): Whose => ({ employeeIds, openExits: [] });
const down: Whose = { problem: 'the directory does not answer' };
const plan = planFrom(sampleConfig, 'orchestrated');

describe('an opening that waits for a second person', () => {
  const confirms = (by: string, askedBy: string, actor: Whose, proposer?: Whose, of = plan) =>
    confirmingProblem(opening(askedBy), by, { actor, proposer }, of);

  it('is confirmed by another person, also where a program asked', () => {
    assert.equal(confirms(HR, BOSS, is('E-7'), is('E-8')), undefined);
    assert.equal(confirms(HR, 'webhook hris', is('E-7')), undefined);
    assert.equal(confirms('ada@acme.example', BOSS, is('E-9'), is('E-8')), undefined);
    assert.equal(
      confirms(HR, BOSS, is(), is()),
      undefined,
      'contacts of the plan whom the directory does not know',
    );
  });

  it('is not confirmed by a person who has an open exit of their own', () => {
    const leaving: Whose = { employeeIds: ['E-7'], openExits: ['E-7'] };
    assert.match(confirms(HR, BOSS, leaving, is('E-8'))!, /has an open exit of their own/);
  });

  it('is not confirmed by the one who asked under any address, by the employee, or by a stranger', () => {
    assert.match(confirms(HR, HR, is(), is())!, /has proposed it, so a second person/);
    assert.match(confirms('hr+2@acme.example', HR, is(), is())!, /has proposed it/);
    assert.match(confirms('h.r@acme.example', HR, is('E-7'), is('E-7'))!, /is the same person as/);
    assert.match(confirms('nora@acme.example', HR, is('E-1'), is())!, /is the employee concerned/);
    assert.match(confirms(IT, HR, is('E-1'), is())!, /is the employee concerned/);
    assert.match(confirms('eva@evil.example', HR, is(), is())!, /the directory knows no such address/);
  });

  it('is not confirmed while the directory does not tell who the two are', () => {
    assert.match(confirms(HR, 'webhook hris', down)!, /cannot tell whether .* is the employee.* Try again/);
    assert.match(confirms(HR, BOSS, is('E-7'), down)!, /cannot tell whether .* are two people.* Try again/);
  });

  it('is confirmed by a decider alone, where the configuration names them', () => {
    const board = { name: 'Ada Board', email: 'ada@acme.example' };
    const named = { ...plan, deciders: [board, { name: 'Bo', email: 'bo@acme.example' }] };
    assert.equal(confirms('ada@acme.example', HR, is('E-9'), is(), named), undefined);
    assert.match(confirms(BOSS, HR, is('E-9'), is(), named)!, /does not decide on this exit: ask Ada Board/);
  });

  it('is confirmed by the next one, where a decider has an open exit of their own', () => {
    const board = { name: 'Ada Board', email: 'ada@acme.example' };
    const bo = { name: 'Bo', email: 'bo@acme.example' };
    const named = { ...plan, deciders: [board, bo] };
    assert.deepEqual(openingLookUps(opening('webhook hris'), HR, named).deciders, [board.email, bo.email]);
    assert.deepEqual(openingLookUps(opening('webhook hris'), board.email, named).deciders, []);
    const asks = (leaving: string[]) =>
      confirmingProblem(opening('webhook hris'), HR, { actor: is('E-9'), leaving }, named);
    assert.match(asks([])!, /does not decide on this exit: ask Ada Board .*, Bo/);
    assert.equal(asks([board.email]), undefined);
  });

  it('is brought to all who may confirm it, and to the next one where they are away, or may be', () => {
    const nora = { name: 'Nora', email: 'nora.partner@acme.example' };
    const two = { ...plan, hrPartners: [...plan.hrPartners, nora] };
    const to = (askedBy: string, leaving: Record<string, boolean | undefined> = {}, of: typeof plan = two) =>
      confirmersOf(of, askedBy, new Map(Object.entries(leaving))).map(({ email }) => email);
    assert.deepEqual(to('webhook hris'), [HR, nora.email]);
    assert.deepEqual(to(HR), [nora.email]);
    assert.deepEqual(to(HR, {}, plan), [BOSS]);
    assert.deepEqual(to('webhook hris', { [HR]: true }), [nora.email]);
    assert.deepEqual(to('webhook hris', { [HR]: true, [nora.email]: undefined }), [nora.email, BOSS]);
    assert.deepEqual(to('webhook hris', { [HR]: true, [nora.email]: true, [BOSS]: true }), [IT]);
    const deciders = [{ name: 'Ada Board', email: 'ada@acme.example' }];
    assert.deepEqual(to('webhook hris', {}, { ...two, deciders }), ['ada@acme.example']);
    assert.deepEqual(to('webhook hris', { 'ada@acme.example': true }, { ...two, deciders }), [HR]);
  });

  it('is rejected by any of them, and withdrawn by the one who asked', () => {
    const rejects = (by: string, actor: Whose) => rejectingProblem(opening(BOSS), by, { actor }, plan);
    assert.equal(rejects(HR, is('E-7')), undefined);
    assert.equal(rejects(BOSS, down), undefined);
    assert.match(rejects('nora@acme.example', is('E-1'))!, /is the employee concerned/);
    assert.match(rejects('eva@evil.example', is())!, /the directory knows no such address/);
  });
});
