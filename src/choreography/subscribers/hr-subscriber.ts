/** The HR service: arranges the exit interview, moves it on request, and withdraws it when the employee is retained. */
import type { EventData, StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import {
  arrangedByHand,
  arrangementNote,
  laterOf,
  noInvitation,
  type Interview,
  type InterviewProgress,
} from '../../exit/interview.js';
import type { Employee } from '../../exit/people.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { HrService, Withdrawal } from '../../services/hr/hr.js';
import { remember, type Memory } from '../../services/hr/memory.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import { isSetOff, type Task } from './tasks.js';

/** What is remembered of one exit. */
interface Invited {
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

export function hrSubscription(directory: DirectoryService, hr: HrService): Subscription<Invited> {
  const schedule: Task<Invited> = {
    step: 'schedule-hr-interview',
    run: async (record, exit) => ({ type: 'interview.scheduled', data: await arrange(record, exit) }),
  };
  const move: Task<Invited> = {
    step: 'reschedule-hr-interview',
    run: async (record, exit) => ({ type: 'interview.rescheduled', data: await arrange(record, exit) }),
  };

  async function arrange(record: Leased<Invited>, exit: Exit): Promise<EventData['interview.scheduled']> {
    const invited = record.value;
    if (!invited.employee) {
      invited.employee = await directory.lookUp(exit.employeeId, record.signal);
      await record.save();
    }
    const { employee } = invited;
    const { displayName: employeeName, identities } = employee;
    const { id: wish, data } = exit.interviewing.request ?? {};
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
    return { ...interview, employeeName, identities, notes: [arrangementNote(interview, data?.by)] };
  }

  const cancel: Task<Invited> = {
    step: 'cancel-hr-interview',
    async run(record, exit) {
      if (exit.interviewing.arrangedByHand) throw arrangedByHand(exit.interviewing.arrangedByHand);
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

  async function withdraw(record: Leased<Invited>, exit: Exit): Promise<Withdrawal> {
    const { employee } = record.value;
    if (!employee) return { withdrawn: false, note: noInvitation };
    // Where it was not seen whether an invitation went out, it is worked out again and withdrawn.
    return hr.cancelInterview(
      { ...invitation(exit, employee), interview: latest(record.value) },
      memoryOf('withdrawing', record),
      record.signal,
    );
  }

  const tasks = [schedule, move, cancel];
  return {
    consumer: 'hr',
    description:
      'Arranges the exit interview on a resignation; moves it on request; withdraws it when the employee is retained',
    service: 'hr',
    events: [
      'employee.resigned',
      'interview.reschedule-requested',
      'exit.decision-finalised',
      'step.resolved',
    ],
    tasks,
    memory: { bucket: 'exit-hr', empty: {} },
    taskOf: (event, exit) =>
      tasks.find(
        // Where there is no interview yet, a wish for a time mends the step that could not find one.
        (task) => isSetOff(task, event, exit) || (isWish(event) && exit.isOpen(task.step) && task !== cancel),
      ),
  };
}

const isWish = ({ type }: StoredEvent): boolean => type === 'interview.reschedule-requested';

/** The newest time that an invitation may be out for. */
const latest = ({ interview, scheduling }: Invited) => laterOf(interview, scheduling?.interview);

const invitation = ({ exitId, openedAt, resignation }: Exit, employee: Employee) => ({
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
