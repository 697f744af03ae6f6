/** The HR service: arranges the exit interview, and withdraws it when the employee is retained. */
import type { Config } from '../config.js';
import { FailureType, FinalFailure } from '../exit/failures.js';
import type { StoredEvent } from '../exit/events.js';
import type { FoldedExit } from '../exit/folded-exit.js';
import type { Interview } from '../exit/interview.js';
import type { Employee } from '../exit/people.js';
import type { DirectoryService } from '../services/directory/directory.js';
import type { HrService } from '../services/hr/hr.js';
import type { Deliveries } from '../services/protocols/smtp.js';
import type { Leased, Records } from './records.js';
import type { Subscription } from './subscriber.js';
import { ifRetained, isRetryOf, type Task } from './tasks.js';

/** What is remembered of one exit. */
export interface Invited {
  /** Who is invited: set before the first invitation is sent. */
  employee?: Employee | undefined;
  interview?: Interview | undefined;
  /** The Message-IDs that have been accepted. */
  delivered: string[];
  withdrawal?: { withdrawn: boolean; note?: string | undefined } | undefined;
}

export const hrRecords = { bucket: 'exit-hr', empty: { delivered: [] } as Invited };

export function hrSubscription(
  directory: DirectoryService,
  hr: HrService,
  records: Records<Invited>,
  { policy }: Config,
): Subscription<Invited> {
  const schedule: Task<Invited> = {
    step: 'schedule-hr-interview',
    async run(record, exit) {
      const invited = record.value;
      if (!invited.employee) {
        invited.employee = await directory.lookUp(exit.employeeId, record.signal);
        await record.save();
      }
      const { employee } = invited;
      invited.interview ??= await hr.scheduleInterview(
        invitation(exit, employee),
        deliveriesOf(record),
        record.signal,
      );
      const { start, end, timeZone, attendees } = invited.interview;
      const { displayName: employeeName, identities } = employee;
      const notes = [`invited ${attendees.map(({ email }) => email).join(' and ')}`];
      return { type: 'interview.scheduled', data: { start, end, timeZone, employeeName, identities, notes } };
    },
  };
  const cancel: Task<Invited> = {
    step: 'cancel-hr-interview',
    async run(record, exit) {
      const byHand = exit.step('schedule-hr-interview');
      if (byHand?.state === 'done-by-hand') {
        throw new FinalFailure(
          FailureType.DoneByHand,
          `the interview was arranged by hand by ${byHand.by}: withdraw it by hand and settle this step`,
        );
      }
      const { withdrawn, note } = (record.value.withdrawal ??= await withdraw(record, exit));
      return { type: 'interview.cancelled', data: { withdrawn, notes: note === undefined ? [] : [note] } };
    },
  };

  async function withdraw(record: Leased<Invited>, exit: FoldedExit) {
    const { employee, interview } = record.value;
    if (!employee) return { withdrawn: false, note: 'nobody had been invited' };
    // Where nobody saw whether an invitation went out, it is worked out again and withdrawn.
    return hr.cancelInterview(
      { ...invitation(exit, employee), interview },
      deliveriesOf(record),
      record.signal,
    );
  }

  const within = policy.attentionAfter;
  return {
    consumer: 'hr',
    description: 'Arranges the exit interview on a resignation; withdraws it when the employee is retained',
    source: '/ems/hr',
    events: ['employee.resigned', 'exit.decision-finalised', 'step.resolved'],
    promises: [
      { on: 'employee.resigned', event: 'interview.scheduled', step: 'schedule-hr-interview', within },
      { ...ifRetained, event: 'interview.cancelled', step: 'cancel-hr-interview', within },
    ],
    records,
    keyOf: ({ employeeId, exitId }) => `${employeeId}.${exitId}`,
    attemptTimeoutMs: 3 * policy.requestTimeout,
    // Mail servers greylist and throttle: they want minutes, and haste makes it worse.
    backoffCoefficient: 4,
    taskOf: (event, exit) =>
      [schedule, cancel].find((task) => isSetOff(task, event) && exit.isOpen(task.step)),
  };
}

function isSetOff(task: Task<Invited>, event: StoredEvent): boolean {
  if (event.type === 'employee.resigned') return task.step === 'schedule-hr-interview';
  if (event.type === 'exit.decision-finalised') return task.step === 'cancel-hr-interview';
  return isRetryOf(task, event);
}

const invitation = ({ exitId, openedAt, resignation }: FoldedExit, employee: Employee) => ({
  exitId,
  employee,
  openedAt,
  lastWorkingDay: resignation.lastWorkingDay,
});

/** What has been delivered outlives a failed attempt, so that the next one does not write to the same person again. */
const deliveriesOf = (record: Leased<Invited>): Deliveries => ({
  has: (messageId) => record.value.delivered.includes(messageId),
  add: async (messageId) => {
    record.value.delivered.push(messageId);
    await record.save();
  },
});
