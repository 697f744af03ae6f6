/**
 * The notification service, while the decision is open: HR is reminded, then it is escalated, again and again. The resignation itself
 * waits for the next rung of the ladder: it is redelivered until the decision is there.
 */
import type { Exit } from '../../exit/exit.js';
import type { Sent } from '../../exit/people.js';
import { rungStep, standingOn, type DueRung, type Rung } from '../../exit/review.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Subscription } from './subscriber.js';
import { isSetOff, type Said, type Task } from './tasks.js';

/** What is remembered of one exit, by rung: the mails that went out. */
interface Reviewed {
  sent: Record<string, Sent>;
}

export function reviewSubscription(notification: NotificationService): Subscription<Reviewed> {
  /** The rung that is due; those before it, which an outage has swallowed, are not sent any more. */
  function taskFor({ kind, number, dueAt }: DueRung): Task<Reviewed> {
    return {
      step: rungStep[kind],
      nth: number,
      dueAt,
      async run(record, exit) {
        const sent = (record.value.sent[`${kind}.${number}`] ??= await send(
          kind,
          number,
          exit,
          record.signal,
        ));
        await record.save();
        return said(kind, number, sent, exit);
      },
    };
  }

  function send(kind: Rung['kind'], number: number, exit: Exit, signal: AbortSignal): Promise<Sent> {
    const { exitId, employeeId, employeeName, openedAt, systems, ladder } = exit;
    const { review } = exit.plan!;
    const about = {
      ...{ exitId, employeeId, openedAt, number, systems },
      employee: employeeName === undefined ? undefined : { displayName: employeeName },
      hrPartner: exit.hrPartner!,
      reviewBy: exit.reviewBy!,
      of: review.remindAfterMs.length,
    };
    if (kind === 'remind') return notification.remindHrPartner(about, signal);
    return notification.escalate(
      { ...about, escalateTo: review.escalateTo, reminders: ladder.reminders },
      signal,
    );
  }

  return {
    consumer: 'notification-review',
    description: 'Reminds HR of an open decision, then escalates it, until it is decided',
    service: 'notification',
    events: ['employee.resigned', 'step.resolved'],
    memory: { bucket: 'exit-notification-review', empty: { sent: {} } },
    taskOf(event, exit) {
      const { rung } = exit.ladder;
      return rung && isSetOff({ step: rungStep[rung.kind] }, event, exit) ? taskFor(rung) : undefined;
    },
    redeliverAfter: (event, exit) =>
      event.type === 'employee.resigned' && exit.isAwaited ? msUntilNext(exit) : undefined,
  };
}

const said = (kind: Rung['kind'], number: number, sent: Sent, { plan }: Exit): Said =>
  kind === 'remind'
    ? { type: 'hr.reminded', data: { ...sent, number, of: plan!.review.remindAfterMs.length } }
    : { type: 'decision.escalated', data: { ...sent, number } };

function msUntilNext({ openedAt, asOf, plan }: Exit): number {
  // As of the moment when the exit was looked at: what falls due while it is acted on comes next.
  const { next } = standingOn(plan!.review, Date.parse(asOf) - Date.parse(openedAt));
  return Math.max(1, Math.ceil(Date.parse(openedAt) + next.afterMs - Date.now()));
}
