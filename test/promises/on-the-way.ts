/** Where most promises begin, wait and end: the same steps of an exit in either form. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Bus } from '../../src/choreography/jetstream/bus.js';
import type { Decision } from '../../src/exit/decision.js';
import type { Exits } from '../../src/exit/exits.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import type { Resignation } from '../../src/exit/resignation.js';
import type { Resolution } from '../../src/exit/resolution.js';
import type { ExitStatus, Phase, Step } from '../../src/exit/status.js';
import { CRITICAL_GROUPS, HR, IT, stateOf, type Hired, type World } from '../support/world.js';

/** What the world of either form can do. */
interface AnyWorld {
  exits: Pick<Exits, 'open' | 'decide' | 'resolve'>;
  hire: World['hire'];
  until: (nora: Hired, what: string, wanted: (status: ExitStatus) => boolean) => Promise<ExitStatus>;
  untilPhase: (nora: Hired, phase: Phase) => Promise<ExitStatus>;
}
type Resigned = Hired & { exitId: string };
type Hiring = Parameters<World['hire']>[0];

/** An employee who has just resigned. */
export async function opened(
  { hire, exits }: AnyWorld,
  hiring?: Hiring,
  resignation: Partial<Resignation> = {},
): Promise<Resigned> {
  const nora = await hire(hiring);
  const { exitId } = await exits.open({ employeeId: nora.employeeId, ...resignation });
  return { ...nora, exitId };
}

/** An employee whose decision is open. */
export async function waiting(world: AnyWorld, ...how: [Hiring?, Partial<Resignation>?]): Promise<Resigned> {
  const nora = await opened(world, ...how);
  await world.untilPhase(nora, 'awaiting-decision');
  return nora;
}

export const untilStep = (
  { until }: Pick<AnyWorld, 'until'>,
  nora: Hired,
  key: string,
  state: Step['state'] = 'needs-attention',
): Promise<ExitStatus> => until(nora, `${key} ${state}`, (status) => stateOf(status, key) === state);

/** Decides, and waits until the exit is over. */
export async function ended(
  { exits, untilPhase }: Pick<AnyWorld, 'exits' | 'untilPhase'>,
  nora: Hired,
  decision: Decision['outcome'] | Decision,
): Promise<ExitStatus> {
  await exits.decide(
    nora.employeeId,
    typeof decision === 'string' ? { outcome: decision, decidedBy: HR } : decision,
  );
  return untilPhase(nora, 'closed');
}

/** An operator settles a step, such as `block-access:code`. */
export function settle(
  { exits }: Pick<AnyWorld, 'exits'>,
  { employeeId }: Pick<Hired, 'employeeId'>,
  key: string,
  action: Resolution['action'],
  evidence?: string,
): Promise<Step> {
  const [step = key, system] = key.split(':');
  return exits.resolve(employeeId, { step, system, action, by: IT, evidence });
}

/** Everywhere, in every group: as before the resignation. */
export async function hasAccess({ account }: Pick<World, 'account'>, nora: Hired): Promise<void> {
  assert.equal((await account(nora, 'payroll')).active, true);
  assert.equal((await account(nora, 'code')).active, true);
  const { groups } = await account(nora, 'production');
  assert.deepEqual(groups, [...CRITICAL_GROUPS, 'readers'].toSorted());
}

/** Sends a decision past every check, as any client of Temporal or NATS can, even while none serves. */
export async function pastEveryCheck(
  { bus, client, exits }: Pick<World, 'client'> & { bus?: Bus; exits: Pick<Exits, 'find'> },
  { employeeId }: Hired,
  decision: Decision,
): Promise<void> {
  if (!bus)
    return client.workflow.getHandle(exitWorkflowId(employeeId)).signal('decisionFinalised', decision);
  const { exitId } = (await exits.find(employeeId))!;
  await bus.publish({
    ...{ type: 'exit.decision-finalised', id: randomUUID(), source: '/a/test', employeeId, exitId },
    time: new Date().toISOString(),
    data: decision,
  });
}

export const untilRefused = (
  { until }: Pick<AnyWorld, 'until'>,
  nora: Hired,
  times = 1,
): Promise<ExitStatus> =>
  until(nora, `${times} decisions refused`, ({ rejectedDecisions }) => rejectedDecisions.length === times);
