/**
 * The notification service's reminders and escalations of an open decision. The resignation is redelivered at each rung of the ladder,
 * until HR has decided. After an amendment that is redelivered instead.
 */
import type { Exit } from '../../exit/exit.js';
import { firstAndOthers, type Sent } from '../../exit/people.js';
import { rungStep, standingOn, type DueRung, type Rung } from '../../exit/review.js';
import type { NotificationService } from '../../services/notification/notification.js';
import type { Subscription } from './subscription.js';
import { isTriggered, type Outcome, type Task } from './tasks.js';

/** The record of one exit: the mails sent, by rung. */
interface Reviewed {
  sent: Record<string, Sent[]>;
}

export function reviewSubscription(notification: NotificationService): Subscription<Reviewed> {
  /** Only for the rung that is due: an outage skips the rungs before it. */
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
        return outcomeOf(kind, number, sent, exit);
      },
    };
  }

  function send(kind: Rung['kind'], number: number, exit: Exit, signal: AbortSignal): Promise<Sent[]> {
    const { exitId, employeeId, employeeName, openedAt, systems, ladder } = exit;
    const about = {
      ...{ exitId, employeeId, openedAt, number, systems },
      employee: employeeName === undefined ? undefined : { displayName: employeeName },
      reviewBy: exit.reviewBy!,
      of: exit.review!.remindAfterMs.length,
    };
    if (kind === 'remind')
      return notification.remindHrPartner({ ...about, ...exit.remindedOf(number) }, signal);
    return notification.escalate(
      {
        ...{ ...about, to: exit.inTurn!.escalateTo, reminders: ladder.reminders },
        hrPartner: exit.presentDecider!,
        proposal: exit.proposals.decision,
      },
      signal,
    );
  }

  return {
    consumer: 'notification-review',
    description: 'Reminds HR of an open decision, then escalates it',
    service: 'notification',
    // A decision interrupts what is under way.
    events: ['employee.resigned', 'resignation.amended', 'exit.decision-finalised', 'step.resolved'],
    memory: { bucket: 'exit-notification-review', empty: { sent: {} } },
    taskOf(event, exit) {
      const { rung } = exit.ladder;
      return rung && isTriggered({ step: rungStep[rung.kind] }, event, exit) ? taskFor(rung) : undefined;
    },
    redeliverAfter: (event, exit) =>
      event.seq === exit.ladderSeq && exit.isAwaited ? msUntilNext(exit) : undefined,
  };
}

const outcomeOf = (kind: Rung['kind'], number: number, sent: Sent[], { review }: Exit): Outcome =>
  kind === 'remind'
    ? { type: 'hr.reminded', data: { ...firstAndOthers(sent), number, of: review!.remindAfterMs.length } }
    : { type: 'decision.escalated', data: { ...firstAndOthers(sent), number } };

function msUntilNext({ openedAt, asOf, review }: Exit): number {
  // As of `asOf`, not of now: a rung that falls due during the attempt is the next one.
  const { next } = standingOn(review!, Date.parse(asOf) - Date.parse(openedAt));
  return Math.max(1, Math.ceil(Date.parse(openedAt) + next.afterMs - Date.now()));
}
