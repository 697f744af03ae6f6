/** The same activities, called with the same input, and nothing else: no status, no attention, no search attributes, no acts of activities. */
import { condition, defineSignal, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { AccessActivities } from '../../src/activities/access-activities.js';
import type { DirectoryActivities } from '../../src/activities/directory-activities.js';
import type { HrActivities } from '../../src/activities/hr-activities.js';
import type { NotificationActivities } from '../../src/activities/notification-activities.js';
import type { HoldKind } from '../../src/exit/hold-facts.js';

export interface BareExit {
  employeeId: string;
  systems: { name: string; hold: HoldKind }[];
}

export const decision = defineSignal('decisionFinalised');

const activities = proxyActivities<
  AccessActivities & DirectoryActivities & HrActivities & NotificationActivities
>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second' },
});

export async function bareExit({ employeeId, systems }: BareExit): Promise<void> {
  const { runId: exitId, startTime } = workflowInfo();
  const openedAt = startTime.toISOString();
  let isDecided = false;
  setHandler(decision, () => void (isDecided = true));

  const telling = (async () => {
    const employee = await activities.lookUpEmployee({ employeeId });
    const about = { exitId, employee, systems: systems.map(({ name }) => name), openedAt };
    const [interview] = await Promise.all([
      activities.scheduleHrInterview({ exitId, employee, openedAt, progress: { delivered: [] } }),
      activities.notifyManager({ ...about, resignation: { employeeId }, delivered: [] }),
      activities.notifyEmployee({ ...about, delivered: [] }),
    ]);
    return { about, employee, interview };
  })();
  const blocks = systems.map(async ({ name: system, hold }) => {
    const known = { held: [], named: {} };
    const { accounts } = await activities.captureAccess({
      exitId,
      employee: { employeeId },
      system,
      hold,
      known,
    });
    const tried = { suspended: false, groups: [] };
    const blocked = await Promise.all(
      accounts.map(async (account) => {
        const input = { system, hold, account, tried, overridesProtection: false };
        return { account, ...(await activities.blockAccess(input)) };
      }),
    );
    return { system, blocked };
  });
  const [{ about, employee, interview }, ...holds] = await Promise.all([telling, ...blocks]);

  await condition(() => isDecided);
  const restores = holds.flatMap(({ system, blocked }) =>
    blocked.map(({ account, taken }) =>
      activities.restoreAccess({
        exitId,
        employee: { employeeId },
        system,
        account,
        taken,
        named: {},
        others: [],
      }),
    ),
  );
  await Promise.all([
    Promise.all(restores).then(() => activities.notifyManagerOfOutcome({ ...about, outcome: 'retained' })),
    activities.cancelHrInterview({ exitId, employee, openedAt, interview, progress: { delivered: [] } }),
  ]);
}
