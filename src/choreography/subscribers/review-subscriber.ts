/**
 * The notification service, while nobody decides: HR is reminded, then it is escalated, again and again. The resignation itself waits
 * for the next rung of the ladder: it comes again until somebody has decided.
 */
import type { Config } from '../../config/config.js';
import type { StoredEvent } from '../../exit/events.js';
import type { FoldedExit } from '../../exit/folded-exit.js';
import type { Contact, Sent } from '../../exit/people.js';
import { reviewBy, standingOn, type Review, type Rung } from '../../exit/review.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Records } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import { isRetryOf, type Said, type Task } from './tasks.js';

/** What is remembered of one exit, by rung: the mails that went out. */
export interface Reviewed {
  sent: Record<string, Sent>;
}

const empty: Reviewed = { sent: {} };
export const reviewRecords = { bucket: 'exit-notification-review', empty };

export function reviewSubscription(
  notification: NotificationService,
  records: Records<Reviewed>,
  { policy, contacts }: Config,
): Subscription<Reviewed> {
  const review: Review = {
    remindAfterMs: policy.review.remindAfter,
    withinMs: policy.review.within,
    escalateEveryMs: policy.review.escalateEvery,
    escalateTo: contacts.escalation,
  };
  const { name, email, language } = contacts.hrPartners[0];

  /** As of the moment when the exit was looked at: what falls due while it is acted on comes next. */
  const standingOf = ({ openedAt, asOf }: FoldedExit) =>
    standingOn(review, Date.parse(asOf) - Date.parse(openedAt));

  function taskFor(rung: Rung, dueAt: string): Task<Reviewed> {
    const { kind, number } = rung;
    return {
      step: kind === 'remind' ? 'remind-hr-partner' : 'escalate-decision',
      nth: number,
      dueAt,
      async run(record, exit) {
        const sent = (record.value.sent[`${kind}.${number}`] ??= await send(rung, exit, record.signal));
        await record.save();
        return said(rung, sent);
      },
    };
  }

  function send({ kind, number }: Rung, exit: FoldedExit, signal: AbortSignal): Promise<Sent> {
    const { exitId, employeeId, employeeName, openedAt, systems, interview, reminders } = exit;
    const first: Contact = { name, email, language };
    const about = {
      ...{ exitId, employeeId, openedAt, number, systems: [...systems] },
      employee: employeeName === undefined ? undefined : { displayName: employeeName },
      // Whoever has the interview is asked.
      hrPartner: interview?.hrPartner ?? first,
      reviewBy: reviewBy(openedAt, review),
      of: review.remindAfterMs.length,
    };
    if (kind === 'remind') return notification.remindHrPartner(about, signal);
    return notification.escalate({ ...about, escalateTo: review.escalateTo, reminders }, signal);
  }

  const said = ({ kind, number }: Rung, sent: Sent): Said =>
    kind === 'remind'
      ? { type: 'hr.reminded', data: { ...sent, number, of: review.remindAfterMs.length } }
      : { type: 'decision.escalated', data: { ...sent, number } };

  /** The rung that is due stands for those that an outage has swallowed: nobody is written to several times at once. */
  function taskOf(event: StoredEvent, exit: FoldedExit): Task<Reviewed> | undefined {
    const { due } = standingOf(exit);
    if (!isAwaited(exit) || !due) return undefined;
    const dueAt = new Date(Date.parse(exit.openedAt) + due.afterMs).toISOString();
    if (exit.isOver(due, dueAt)) return undefined;
    const task = taskFor(due, dueAt);
    return event.type === 'employee.resigned' || isRetryOf(task, event) ? task : undefined;
  }

  return {
    consumer: 'notification-review',
    description: 'Reminds HR of an open decision, then escalates it, until somebody decides',
    source: '/ems/notification',
    events: ['employee.resigned', 'step.resolved'],
    promises: [],
    records,
    keyOf: ({ employeeId, exitId }) => `${employeeId}.${exitId}`,
    attemptTimeoutMs: 3 * policy.requestTimeout,
    // Mail servers greylist and throttle: they want minutes, and haste makes it worse.
    backoffCoefficient: 4,
    taskOf,
    comesAgainAfter: (event, exit) =>
      event.type === 'employee.resigned' && isAwaited(exit)
        ? msUntil(standingOf(exit).next, exit)
        : undefined,
  };
}

const isAwaited = ({ decision, closedAt }: FoldedExit): boolean =>
  decision === undefined && closedAt === undefined;

const msUntil = ({ afterMs }: Rung, { openedAt }: FoldedExit): number =>
  Math.max(1, Math.ceil(Date.parse(openedAt) + afterMs - Date.now()));
