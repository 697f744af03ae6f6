/** The HR service: schedules the exit interview, moves it on request, and withdraws it when the employee is retained. */
import type { EventData } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import {
  arrangedByHand,
  arrangementNote,
  laterOf,
  noInvitation,
  type Interview,
  type InterviewProgress,
} from '../../exit/interview.js';
import { isInterviewRequest } from '../../exit/interview-standing.js';
import type { Employee } from '../../exit/people.js';
import type { DirectoryService } from '../../services/directory/directory.js';
import type { HrService, Withdrawal } from '../../services/hr/hr.js';
import { remember, type Memory } from '../../services/hr/memory.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscription.js';
import { isTriggered, type Task } from './tasks.js';

/** The record of one exit. */
interface Invited {
  /** Set before the first invitation goes out. */
  employee?: Employee | undefined;
  /** The interview of a complete invitation that is not published yet, and the id of the request that it answers. */
  interview?: Interview | undefined;
  invitedFor?: string | undefined;
  /** The id of the request in progress, and the interview that it moves; none during the first scheduling. */
  requestId?: string | undefined;
  from?: Interview | undefined;
  /** Progress of the invitation and of the withdrawal. */
  scheduling?: InterviewProgress | undefined;
  withdrawing?: InterviewProgress | undefined;
  withdrawal?: Withdrawal | undefined;
}

export function hrSubscription(directory: DirectoryService, hr: HrService): Subscription<Invited> {
  const schedule: Task<Invited> = {
    step: 'schedule-hr-interview',
    savesFirst: true,
    run: async (record, exit) => ({ type: 'interview.scheduled', data: await arrange(record, exit) }),
  };
  const move: Task<Invited> = {
    step: 'reschedule-hr-interview',
    savesFirst: true,
    run: async (record, exit) => ({ type: 'interview.rescheduled', data: await arrange(record, exit) }),
  };

  async function arrange(record: Leased<Invited>, exit: Exit): Promise<EventData['interview.scheduled']> {
    const invited = record.value;
    const employee = (invited.employee ??= await directory.lookUp(exit.employeeId, record.signal));
    const { displayName: employeeName, identities } = employee;
    const { id: requestId } = exit.interviewing.request ?? {};
    const { at, by, isAsked } = exit.interviewing.wish;
    if (requestId !== invited.requestId) {
      // An interrupted request may have sent invitations: the new one moves the latest of them.
      Object.assign(invited, { requestId, from: latest(invited, exit), scheduling: undefined });
    }
    await record.save();
    if (!invited.interview || invited.invitedFor !== requestId) {
      const about = invitation(exit, employee);
      const { from } = invited;
      const memory = memoryOf('scheduling', record);
      invited.interview = from
        ? await hr.rescheduleInterview({ ...about, interview: from, at, isAsked }, memory, record.signal)
        : await hr.scheduleInterview({ ...about, at }, memory, record.signal);
      invited.invitedFor = requestId;
    }
    const { interview } = invited;
    return { ...interview, employeeName, identities, notes: [arrangementNote(interview, by)] };
  }

  const cancel: Task<Invited> = {
    step: 'cancel-hr-interview',
    savesFirst: true,
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
    const { employee, withdrawing } = record.value;
    if (!employee) return { withdrawn: false, note: noInvitation };
    // The first attempt records the interview before it acts; a later one goes on at once.
    if (withdrawing) await record.save();
    // An invitation may have gone out unrecorded: its UID is deterministic, so that a withdrawal still reaches it.
    return hr.cancelInterview(
      { ...invitation(exit, employee), interview: latest(record.value, exit) },
      memoryOf('withdrawing', record),
      record.signal,
    );
  }

  const tasks = [schedule, move, cancel];
  return {
    consumer: 'hr',
    description:
      'Schedules the exit interview on a resignation; moves it on request; withdraws it when the employee is retained',
    service: 'hr',
    // A task reads all that a calendar has for weeks, and works on that itself: more at once are no faster.
    concurrency: 4,
    events: [
      'employee.resigned',
      'interview.reschedule-requested',
      'resignation.amended',
      'exit.handed-over',
      'exit.decision-finalised',
      'step.resolved',
    ],
    tasks,
    memory: { bucket: 'exit-hr', empty: {} },
    taskOf: (event, exit) =>
      tasks.find(
        // A request for a time also retries an open scheduling step that found no free time.
        (task) =>
          isTriggered(task, event, exit) ||
          (isInterviewRequest(event) && exit.isOpen(task.step) && task !== cancel),
      ),
  };
}

/** The latest interview for which an invitation may have gone out. The log has the last complete one, and the record what came after it. */
const latest = ({ interview, scheduling }: Invited, { interviewing }: Exit) =>
  laterOf(interviewing.interview, laterOf(interview, scheduling?.interview));

const invitation = ({ exitId, openedAt, resignation, successor }: Exit, employee: Employee) => ({
  exitId,
  employee,
  openedAt,
  lastWorkingDay: resignation.lastWorkingDay,
  successor,
});

/** Progress outlives a failed attempt, so that the next attempt resumes there and repeats no mail. */
const memoryOf = (what: 'scheduling' | 'withdrawing', record: Leased<Invited>): Memory =>
  remember(
    record.value[what] ?? { delivered: [] },
    (progress) => void (record.value[what] = progress),
    () => record.save(),
  );
