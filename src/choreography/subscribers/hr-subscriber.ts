/** The HR service: arranges the exit interview, moves it when somebody asks, and withdraws it when the employee is retained. */
import type { Config } from '../../config/config.js';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { EventData, StoredEvent } from '../../exit/events.js';
import type { FoldedExit } from '../../exit/folded-exit.js';
import type { Interview, InterviewProgress } from '../../exit/interview.js';
import type { Employee } from '../../exit/people.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { HrService, Withdrawal } from '../../services/hr/hr.js';
import { remember, type Memory } from '../../services/hr/memory.js';
import type { Leased, Records } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import { ifRetained, isRetryOf, type Task } from './tasks.js';

/** What is remembered of one exit. */
export interface Invited {
  /** Who is invited: set before the first invitation is sent. */
  employee?: Employee | undefined;
  /** What everybody was last invited for, and because of which wish: the id of its event. */
  interview?: Interview | undefined;
  invitedFor?: string | undefined;
  /** What is being arranged: which wish, and what was moved because of it; none while the first time is being sought. */
  wish?: string | undefined;
  from?: Interview | undefined;
  /** How far arranging and withdrawing have got. */
  scheduling?: InterviewProgress | undefined;
  withdrawing?: InterviewProgress | undefined;
  withdrawal?: Withdrawal | undefined;
}

export const hrRecords = { bucket: 'exit-hr', empty: {} as Invited };

export function hrSubscription(
  directory: DirectoryService,
  hr: HrService,
  records: Records<Invited>,
  { policy }: Config,
): Subscription<Invited> {
  const schedule: Task<Invited> = {
    step: 'schedule-hr-interview',
    run: async (record, exit) => ({ type: 'interview.scheduled', data: await arrange(record, exit) }),
  };
  const move: Task<Invited> = {
    step: 'reschedule-hr-interview',
    run: async (record, exit) => ({ type: 'interview.rescheduled', data: await arrange(record, exit) }),
  };

  async function arrange(
    record: Leased<Invited>,
    exit: FoldedExit,
  ): Promise<EventData['interview.scheduled']> {
    const invited = record.value;
    if (!invited.employee) {
      invited.employee = await directory.lookUp(exit.employeeId, record.signal);
      await record.save();
    }
    const { employee } = invited;
    const { displayName: employeeName, identities } = employee;
    const { id: wish, data } = exit.wish ?? {};
    const at = data?.at === undefined ? undefined : new Date(data.at).toISOString();
    if (wish !== invited.wish) {
      // What was half-way to the time before is moved on from there.
      Object.assign(invited, { wish, from: latest(invited), scheduling: undefined });
      await record.save();
    }
    if (!invited.interview || invited.invitedFor !== wish) {
      const about = invitation(exit, employee);
      const { from } = invited;
      const memory = memoryOf('scheduling', record);
      invited.interview = from
        ? await hr.rescheduleInterview({ ...about, interview: from, at }, memory, record.signal)
        : await hr.scheduleInterview({ ...about, at }, memory, record.signal);
      invited.invitedFor = wish;
    }
    const { interview } = invited;
    const note = [
      `invited ${interview.attendees.map(({ email }) => email).join(' and ')}`,
      ...(data?.by === undefined ? [] : [`on the word of ${data.by}`]),
      ...(interview.calendarUrl ? [] : ['by working hours alone, since no calendar is configured']),
    ].join(', ');
    return { ...interview, employeeName, identities, notes: [note] };
  }

  const cancel: Task<Invited> = {
    step: 'cancel-hr-interview',
    async run(record, exit) {
      const byHand = [move, schedule]
        .map(({ step }) => exit.step(step))
        .find((step) => step?.state === 'done-by-hand');
      if (byHand) {
        throw new FinalFailure(
          FailureType.DoneByHand,
          `the interview was arranged by hand by ${byHand.by}: withdraw it by hand and settle this step`,
        );
      }
      const { withdrawn, note, sent } = (record.value.withdrawal ??= await withdraw(record, exit));
      const interview = withdrawn ? record.value.withdrawing?.interview : undefined;
      const of = interview && {
        interview: { ...interview, sent: undefined },
        sequence: interview.sequence + 1,
        sent,
      };
      return {
        type: 'interview.cancelled',
        data: { withdrawn, ...of, notes: note === undefined ? [] : [note] },
      };
    },
  };

  async function withdraw(record: Leased<Invited>, exit: FoldedExit): Promise<Withdrawal> {
    const { employee } = record.value;
    if (!employee) return { withdrawn: false, note: 'nobody had been invited' };
    // Where nobody saw whether an invitation went out, it is worked out again and withdrawn.
    return hr.cancelInterview(
      { ...invitation(exit, employee), interview: latest(record.value) },
      memoryOf('withdrawing', record),
      record.signal,
    );
  }

  const within = policy.attentionAfter;
  return {
    consumer: 'hr',
    description:
      'Arranges the exit interview on a resignation; moves it on request; withdraws it when the employee is retained',
    source: '/ems/hr',
    events: [
      'employee.resigned',
      'interview.reschedule-requested',
      'exit.decision-finalised',
      'step.resolved',
    ],
    promises: [
      { on: 'employee.resigned', event: 'interview.scheduled', step: 'schedule-hr-interview', within },
      {
        on: 'interview.reschedule-requested',
        event: 'interview.rescheduled',
        step: 'reschedule-hr-interview',
        within,
      },
      { ...ifRetained, event: 'interview.cancelled', step: 'cancel-hr-interview', within },
    ],
    records,
    keyOf: ({ employeeId, exitId }) => `${employeeId}.${exitId}`,
    attemptTimeoutMs: 3 * policy.requestTimeout,
    // Mail servers greylist and throttle: they want minutes, and haste makes it worse.
    backoffCoefficient: 4,
    taskOf: (event, exit) =>
      [schedule, move, cancel].find((task) => isSetOff(task, event) && exit.isOpen(task.step)),
  };
}

function isSetOff(task: Task<Invited>, event: StoredEvent): boolean {
  if (event.type === 'employee.resigned') return task.step === 'schedule-hr-interview';
  // Where there is no interview yet, a wish for a time mends the step that could not find one.
  if (event.type === 'interview.reschedule-requested') return task.step !== 'cancel-hr-interview';
  if (event.type === 'exit.decision-finalised') return task.step === 'cancel-hr-interview';
  return isRetryOf(task, event);
}

/** The newest time that somebody may have been invited for. */
function latest({ interview, scheduling }: Invited): Interview | undefined {
  const underWay = scheduling?.interview;
  if (!interview || !underWay) return underWay ?? interview;
  return underWay.sequence > interview.sequence ? underWay : interview;
}

const invitation = ({ exitId, openedAt, resignation }: FoldedExit, employee: Employee) => ({
  exitId,
  employee,
  openedAt,
  lastWorkingDay: resignation.lastWorkingDay,
});

/** What has been reached outlives a failed attempt, so that the next one goes on from there and writes to nobody twice. */
const memoryOf = (what: 'scheduling' | 'withdrawing', record: Leased<Invited>): Memory =>
  remember(record.value[what] ?? { delivered: [] }, async (progress) => {
    record.value[what] = progress;
    await record.save();
  });
