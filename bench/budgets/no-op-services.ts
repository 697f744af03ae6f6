/** Services that do nothing but tell that they were asked: what is left is what a form itself costs. */
import type { HoldKind, Taken } from '../../src/exit/hold-facts.js';
import type { Employee } from '../../src/exit/people.js';
import type { AccessService } from '../../src/services/access/access.js';
import type { DirectoryService } from '../../src/services/directory/directory.js';
import type { HrService } from '../../src/services/hr/hr.js';
import type { NotificationService } from '../../src/services/notification/notification.js';
import type { Effect, Seen } from './effects.js';

const hr = { name: 'HR', email: 'hr@acme.example' };
const suspended: Taken = { suspended: true, groups: [] };

const tell = (employeeId: string, effect: Effect): void =>
  void process.send!({ employeeId, effect, atMs: Date.now() } satisfies Seen);

const employeeOf = (employeeId: string): Employee => ({
  employeeId,
  displayName: employeeId,
  email: `${employeeId}@acme.example`,
  identities: [employeeId],
  manager: { name: 'Manager', email: 'manager@acme.example' },
});

const sentTo = (exitId: string, what: string, to: string) => ({ to, messageId: `${exitId}.${what}` });

const unexpected = (): never => {
  throw new Error('the bench has exits that nothing goes wrong with');
};

export const directory: DirectoryService = {
  lookUp: (employeeId) => Promise.resolve(employeeOf(employeeId)),
  whose: () => Promise.resolve({ employeeIds: [], openExits: [] }),
  whoIsLeaving: () => Promise.resolve(new Map()),
  withManagerThere: (employee) => Promise.resolve(employee),
  named: unexpected,
  reportsOf: unexpected,
  timeZoneOf: () => Promise.resolve(undefined),
};

export const notification: NotificationService = {
  tellOfOpenings: unexpected,
  remindOfOpenings: unexpected,
  sendDigest: unexpected,
  notifyManager({ exitId, employee: { employeeId, manager } }) {
    tell(employeeId, 'told');
    return Promise.resolve({ ...sentTo(exitId, 'notify-manager', manager.email), notes: [] });
  },
  notifyEmployee({ exitId, employee: { employeeId, email } }) {
    tell(employeeId, 'employee-told');
    return Promise.resolve([sentTo(exitId, 'notify-employee', email!)]);
  },
  notifyManagerOfOutcome({ exitId, employee: { employeeId, manager } }) {
    tell(employeeId, 'outcome-told');
    return Promise.resolve(sentTo(exitId, 'notify-manager-of-outcome', manager.email));
  },
  remindHrPartner: unexpected,
  askSecondPerson: unexpected,
  escalate: unexpected,
  notifyOperator: unexpected,
  notifyOfOrphanedHold: unexpected,
  sendCorrection: unexpected,
};

export const hrService: HrService = {
  scheduleInterview({ exitId, employee, openedAt }) {
    tell(employee.employeeId, 'invited');
    const start = new Date(Date.parse(openedAt) + 86_400_000);
    return Promise.resolve({
      uid: exitId,
      sequence: 0,
      start: start.toISOString(),
      end: new Date(start.getTime() + 2_700_000).toISOString(),
      timeZone: 'Europe/Berlin',
      attendees: [{ name: employee.displayName, email: employee.email! }, hr],
      hrPartner: hr,
      sent: [],
    });
  },
  cancelInterview({ employee }) {
    tell(employee.employeeId, 'withdrawn');
    return Promise.resolve({ withdrawn: true });
  },
  rescheduleInterview: unexpected,
};

/** The report before the write stays: it is the promise of the hold. */
export const accessOn = (system: string): AccessService => ({
  capture({ employeeId }: { employeeId: string }, _hold: HoldKind) {
    const account = {
      id: employeeId,
      userName: employeeId,
      identities: [employeeId],
      active: true,
      groups: [],
    };
    return Promise.resolve({ system, capturedAt: new Date().toISOString(), accounts: [account], notes: [] });
  },
  async block({ id }, _hold, _tried, trying) {
    await trying(suspended);
    tell(id, `blocked:${system}`);
    return { blockedAt: new Date().toISOString(), taken: suspended, uncaptured: [], notes: [] };
  },
  restore({ id }, taken) {
    tell(id, `ended:${system}`);
    return Promise.resolve({
      restoredAt: new Date().toISOString(),
      givenBack: taken,
      active: true,
      notes: [],
    });
  },
  revoke: () => Promise.resolve({ revokedAt: new Date().toISOString(), removedGroups: [], notes: [] }),
  wouldBeLast: unexpected,
  foresee: unexpected,
  driftOf: () => Promise.resolve(undefined),
  memberships: unexpected,
});
