/** How the steps of an exit change: settled, failed, drifted, skipped. */
import type { RecordedEvent } from './events.js';
import { ExitRules } from './exit-rules.js';
import { FailureType, notConfirmed } from './failures.js';
import { settlementOf, type Settlement } from './settlement.js';
import { isSettled, isStuck, stepKey, type Step } from './status.js';
import type { StepRow } from './steps.js';

/** Drifts can arrive without end; the status keeps the latest. */
const MOST_KEPT = 20;
/** After so many drifts a system needs attention, although it is blocked again each time. */
const MOST_DRIFTS = 3;

export abstract class ExitSteps extends ExitRules {
  protected identify({
    identities = [],
    employeeName,
  }: Pick<Settlement, 'identities' | 'employeeName'>): void {
    for (const identity of identities) this.identities.add(identity);
    this.employeeName ??= employeeName;
  }

  protected settleStep(event: RecordedEvent): string | undefined {
    const settlement = settlementOf(event);
    if (!settlement) return undefined;
    this.identify(settlement);
    const { step: name, system, notes } = settlement;
    const step = this.step(name, system);
    if (!step) return this.noStep(name, system);
    // An outcome that arrives after the exit skipped its step still counts; a step that a person settled stays as it is.
    if (step.state === 'done' || step.by !== undefined) return undefined;
    this.ledger.settle(step, event.storedAt, { state: 'done', note: notes.join('; ') || undefined });
    return undefined;
  }

  protected recordTaskRequest({ data, storedAt }: RecordedEvent<'task.requested'>): string | undefined {
    const { step: name, system, to, number } = data;
    const step = this.step(name, system);
    if (!step) return this.noStep(name, system);
    const asked = this.taskRequests.get(stepKey(step));
    const isNew = number > (asked?.number ?? 0);
    const start = this.ledger.starts(name, system);
    const first = asked?.start === start ? asked.first : number;
    if (isNew) this.taskRequests.set(stepKey(step), { number, at: storedAt, start, first });
    if (!isSettled(step)) {
      const times = number - first + 1;
      const known = name === 'block-access' ? this.confirmationOfBlock(system!) : undefined;
      const earlier = known && `confirmed by ${known.by} at ${known.at}; `;
      step.note = `${earlier ?? ''}asked ${to}${known ? ' to look again' : ''}${times > 1 ? `, ${times} times` : ''}`;
    }
    if (isNew && isStuck(step)) this.endOutageOfMail(step, to, storedAt);
    return undefined;
  }

  /** The mail has gone after all: what kept it back is over, and now the person is waited for. */
  private endOutageOfMail(step: Step, to: string, at: string): void {
    const tookMs = Date.parse(at) - Date.parse(step.startedAt!);
    if (tookMs < this.ledger.attentionAfterMs(step)) this.ledger.recover(step);
    else this.askForAttention(step, notConfirmed(step, to), at);
  }

  protected recordFailure({ data, storedAt }: RecordedEvent<'step.needs-attention'>): string | undefined {
    const { step: name, system } = data;
    const row = this.ledger.rowOf(name);
    const isLate = row?.until === 'decided' && !this.isAwaited;
    const step =
      this.step(name, system) ?? (row && !row.gates && !isLate && this.ledger.restart(name, storedAt));
    if (isLate || (step && isSettled(step))) return undefined;
    if (!step) return this.noStep(name, system);
    // The key came while an attempt without it was under way.
    const hasNewKeys = this.keysLearnedAt !== undefined && step.startedAt! < this.keysLearnedAt;
    if (data.type === FailureType.KeyUnknown && hasNewKeys) this.ledger.retry(step, storedAt);
    else this.askForAttention(step, data, storedAt);
    return undefined;
  }

  protected askForAttention(step: Step, why: { error: string; type?: string | undefined }, at: string): void {
    this.ledger.markStuck(step, why);
    if (step.name !== 'notify-operator' && this.notices.add(step, why.error)) this.notifyOperator(at);
  }

  /**
   * A further cause does not cancel a mail that is on its way: the next mail names it. The operator may be the employee. Until the
   * directory has said who that is, the mail waits.
   */
  protected notifyOperator(at: string): void {
    this.isNoticeHeldBack = this.isDirectoryAwaited;
    if (this.isNoticeHeldBack) return;
    if (this.step('notify-operator')?.state !== 'running') this.ledger.restart('notify-operator', at);
  }

  protected recordDrift({ id, data, storedAt }: RecordedEvent<'access.drifted'>): string | undefined {
    const { system, what, isUntold, seenAt } = data;
    const step = this.step('block-access', system);
    if (!step) return this.noStep('block-access', system);
    // A decision may have arrived during the sweep: access that the exit gives back has not drifted.
    if (!this.isHeld || !this.isBlocked(system)) return undefined;
    const by = this.isConfirmed(system) ? step.by : undefined;
    this.drifts.push({ system, what, seenAt });
    this.drifts.splice(0, this.drifts.length - MOST_KEPT);
    this.blocks.get(system)?.drifts.push(id);
    this.ledger.retry(step, storedAt);
    // A block anew would take all accounts, also one that a person has spoken for.
    if (this.plan!.policy.reassertsDrift && by === undefined) {
      // What cannot be told, the next block says.
      if (!isUntold && this.notices.addNews(step, what)) this.notifyOperator(storedAt);
      return undefined;
    }
    const spoken = by === undefined ? '' : `. ${by} had confirmed the block of the others`;
    const error = `seen at ${seenAt}: ${what}${spoken}. Retry to block it again, or settle the step by hand`;
    this.askForAttention(step, { error, type: FailureType.Drifted }, storedAt);
    return undefined;
  }

  /** The interview is arranged all the same. Whichever step met a fault, it is told once. */
  protected recordFaults({ data, storedAt }: RecordedEvent<'interview.scheduled' | 'interview.rescheduled'>) {
    const step = this.step('schedule-hr-interview');
    if (!step || this.closedAt) return;
    for (const fault of data.faults ?? [])
      if (this.notices.addNews(step, fault)) this.notifyOperator(storedAt);
  }

  /** The block is observed, and the step waits for a person all the same. The sweep goes on, and so does the blocking. */
  protected recordRestless({ data, storedAt }: RecordedEvent<'access.blocked'>): string | undefined {
    const { system, notes } = data;
    const step = this.step('block-access', system);
    if (!step) return this.noStep('block-access', system);
    this.identify(data);
    Object.assign(step, { finishedAt: storedAt, note: notes.join('; ') || undefined });
    const error = `${system} gives the access back again and again. It is blocked again each time: find what reactivates it, then retry`;
    this.askForAttention(step, { error, type: FailureType.Restless }, storedAt);
    return undefined;
  }

  protected skipWhere(isPointless: (row: StepRow) => boolean, finishedAt: string, note: string): void {
    this.skip(this.ledger.where(isPointless), finishedAt, note);
  }

  protected skip(steps: readonly (Step | undefined)[], finishedAt: string, note: string): void {
    for (const step of steps)
      if (step && !isSettled(step)) this.ledger.settle(step, finishedAt, { state: 'skipped', note });
  }

  /** Whether access came back so often that a person is to look. */
  protected isRestless(system: string): boolean {
    const { drifts, acknowledged } = this.blocks.get(system)!;
    return drifts.length - acknowledged >= MOST_DRIFTS;
  }

  protected noStep(name: string, system?: string): string {
    return `the exit has no step ${stepKey({ name, system })}`;
  }
}
