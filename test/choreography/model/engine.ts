/**
 * Stands in for JetStream under the real access subscriber. A stream in memory redelivers until a message is acknowledged, and delivers
 * late copies. The process may die, and the decision may come in the middle of a block.
 */
import { accessSubscription } from '../../../src/choreography/subscribers/access-subscriber.js';
import {
  act,
  taskOf,
  type ExitLog,
  type Subscription,
} from '../../../src/choreography/subscribers/subscription.js';
import { RetryLater } from '../../../src/choreography/subscribers/tasks.js';
import { eventId, type EventData, type EventType, type StoredEvent } from '../../../src/exit/events.js';
import { FailureType, FinalFailure } from '../../../src/exit/failures.js';
import { foldLog } from '../../../src/exit/fold.js';
import type { Exit } from '../../../src/exit/exit.js';
import type { HoldKind } from '../../../src/exit/hold-facts.js';
import { mergeTaken } from '../../../src/exit/hold-facts.js';
import { noHolds, watchedOf, type Holds } from '../../../src/exit/holds.js';
import type { Step } from '../../../src/exit/status.js';
import type { AccessService } from '../../../src/services/access/access.js';
import { cellsOf } from '../../hold/engine.js';
import { planOf } from '../../support/plan.js';
import type { Attempt, Cell } from '../../hold/ledger.js';
import type { Moment } from '../../hold/script.js';
import { CRITICAL } from '../../hold/site.js';
import type { Wire } from '../../hold/wire.js';
import { MemoryRecords } from './records.js';

/** More deliveries than any script has faults for: something else is wrong. */
const TOO_MANY_DELIVERIES = 40;
const LATE_WRITE_MS = 30_000;
const SYSTEM = 'the system';

/** With the publish of an outcome. */
type Trouble = 'not published' | 'not known';

export class Engine {
  /** Resolves when the decision comes before the block is complete. */
  readonly decidedEarly: Promise<void>;
  private readonly kind: HoldKind;
  private readonly events: StoredEvent[] = [];
  private readonly subscription: Subscription<Holds>;
  private readonly records: MemoryRecords<Holds>;
  private now = Date.parse('2026-11-23T09:00:00Z');
  private hasWaited = false;
  private decision: StoredEvent | undefined;
  /** The exit before the decision: what a process acts on that has read it a moment too early. */
  private beforeDecision: Exit | undefined;
  private attempt: Attempt | undefined;
  /** Every sentence in which a step has failed. */
  readonly said: string[] = [];

  constructor(
    private readonly wire: Wire,
    private readonly service: AccessService,
    private readonly employeeId: string,
    hold: 'suspend' | 'groups',
    private readonly ending: 'retained' | 'leaving',
    private readonly hasTroubles: boolean,
  ) {
    this.decidedEarly = new Promise((resolve) => {
      wire.decide = () => {
        this.decide();
        resolve();
        // The message is delivered at once, while the block is under way: what is under way ends first.
        void this.records.interrupt();
      };
    });
    this.kind = hold === 'groups' ? { kind: 'groups', groups: CRITICAL } : { kind: 'suspend' };
    this.records = new MemoryRecords<Holds>(
      noHolds,
      async (holds, keep, signal) => {
        const taken = mergeTaken(holds.map((held) => held.taken));
        // What a block that has ended took is reported already.
        if (wire.moment !== 'block' || !this.attempt?.failed) return keep();
        for (const cell of cellsOf(taken)) this.attempt.reported.add(cell);
        return wire.report(keep, JSON.stringify(taken), signal);
      },
      () => wire.verdict === 'crash',
    );
    this.subscription = accessSubscription(SYSTEM, {
      service: this.inMoments(service),
      now: () => this.now,
    });
    const plan = planOf([{ name: SYSTEM, hold: this.kind }], { lateWriteMs: LATE_WRITE_MS });
    this.append('employee.resigned', { employeeId, plan });
    // A decision is weighed once the employee is known: here at once.
    const told = { to: 'boss@acme.example', identities: [employeeId], notes: [] };
    this.append('manager.notified', { of: 'resignation', ...told });
    // Drift is what comes back once the exit has begun, with all of its first steps.
    const at = new Date(this.now).toISOString();
    const slot = { uid: '', sequence: 0, start: at, end: at, timeZone: 'UTC', attendees: [] };
    this.append('interview.scheduled', { ...slot, identities: [], notes: [] });
    this.append('employee.notified', { sent: [], identities: [], notes: [] });
  }

  step(name: string): Step | undefined {
    return this.exit().step(name, SYSTEM);
  }

  decide(): void {
    this.beforeDecision ??= this.exit();
    this.decision ??= this.append('exit.decision-finalised', {
      outcome: this.ending,
      decidedBy: 'hr@acme.example',
    });
  }

  /** The resignation is delivered until it is acknowledged. */
  block(): Promise<void> {
    return this.deliver(this.events[0]!);
  }

  /**
   * Looks whether the hold stands, as the drift subscriber does, and blocks again where it does not.
   * @returns whether it looked
   */
  async sweep(): Promise<boolean> {
    const { wire, service, employeeId, kind } = this;
    for (let n = 1; n < TOO_MANY_DELIVERIES; n++) {
      const { data } = this.events.findLast(({ type }) => type === 'access.blocked') as StoredEvent & {
        data: EventData['access.blocked'];
      };
      if (!data.capture) return n > 1;
      const accounts = watchedOf(data.capture.accounts, data.taken ?? {}, kind);
      await wire.enter('sweep');
      let seen: Awaited<ReturnType<AccessService['driftOf']>>;
      try {
        seen = await service.driftOf({ employeeId }, accounts, kind, new AbortController().signal);
      } catch (error) {
        if (isMistake(error)) throw error;
        // The next sweep looks again, which no script has.
        return n > 1;
      }
      if (!seen) return true;
      wire.site.ledger.tell(`-- drift: ${seen.what}`);
      await this.deliver(
        this.append('access.drifted', { system: SYSTEM, ...seen, seenAt: new Date(this.now).toISOString() }),
      );
      if (this.step('block-access')!.state !== 'done') return true;
    }
    return true;
  }

  /** Delivers the decision, and with it the resignation again, to a process that has not seen the decision yet. */
  async end(): Promise<void> {
    const { signal } = new AbortController();
    await Promise.all([
      this.deliver(this.decision!),
      act(
        this.subscription,
        this.records,
        this.events[0]!,
        this.beforeDecision!,
        this.logOf(this.events[0]!),
        signal,
      ),
    ]);
  }

  /** Everything that was ever published is delivered once more. */
  async deliverAgain(): Promise<void> {
    for (const event of [...this.events]) await this.deliver(event);
  }

  /** The time passes within which what is under way lands. */
  async letLateWritesLand(): Promise<void> {
    this.now += LATE_WRITE_MS;
    await this.wire.landAll();
  }

  private logOf(cause: StoredEvent, publishing = (publish: () => StoredEvent) => publish()): ExitLog<Holds> {
    return {
      read: () => Promise.resolve(this.exit()),
      has: (id) => Promise.resolve(this.events.some((event) => event.id === id)),
      publish: async ({ type, data }, { step: name, system }) =>
        publishing(() => this.append(type, data, eventId(cause.id, type, { name, system }))).id,
    };
  }

  private exit(): Exit {
    const now = new Date(this.now).toISOString();
    return foldLog(this.events, now).latest!;
  }

  private append<T extends EventType>(type: T, data: EventData[T], id?: string): StoredEvent {
    const seq = this.events.length + 1;
    const storedAt = new Date(this.now).toISOString();
    const { employeeId } = this;
    const place = { source: '/a/test', time: storedAt, storedAt, employeeId, exitId: 'the-exit' };
    const event = { type, data, id: id ?? `event-${seq}`, seq, ...place } as StoredEvent;
    this.events.push(event);
    return event;
  }

  private async deliver(event: StoredEvent): Promise<void> {
    const { wire } = this;
    let operatorRetries = 1;
    /** The broker does not take the outcome at first. Then the process dies before it knows that the broker has taken it. */
    const troubles: Trouble[] = this.hasTroubles ? ['not published', 'not known'] : [];
    let acted: number | undefined;
    const { sent } = wire.site.ledger;
    const publishing = (publish: () => StoredEvent): StoredEvent => {
      acted ??= sent.length;
      const trouble = troubles.shift();
      if (trouble === 'not published') throw new Error('the broker does not answer');
      const event = publish();
      if (!trouble) return event;
      wire.verdict = 'crash';
      throw new Error('the process dies before it acknowledges');
    };
    let lastError: unknown;
    for (let n = 0; n < TOO_MANY_DELIVERIES; n++) {
      wire.verdict = undefined;
      wire.attempt += 1;
      try {
        const { signal } = new AbortController();
        const log = this.logOf(event, publishing);
        await act(this.subscription, this.records, event, this.exit(), log, signal);
        if (acted !== undefined && sent.length > acted)
          throw new RangeError(`${event.type} was carried out again although it had been done`);
        return;
      } catch (error) {
        lastError = error;
        if (isMistake(error)) throw error;
        this.said.push((error as Error).message);
        if (error instanceof RetryLater) await this.wait(error.ms);
        if (!(error instanceof FinalFailure) || wire.verdict === 'crash') continue;
        // An operator looks at it and says "retry": what was refused may have an explanation by then, such as a deleted account.
        if (error.type !== FailureType.NotGivenBack && operatorRetries-- > 0) continue;
        const { step } = taskOf(this.subscription, event, this.exit())!;
        this.append('step.needs-attention', { step, system: SYSTEM, error: error.message });
        return;
      }
    }
    throw new Error(`no end of deliveries of ${event.type}`, { cause: lastError });
  }

  private async wait(ms: number): Promise<void> {
    const { wire } = this;
    if (!this.hasWaited) await wire.enter('late');
    await wire.finish();
    await wire.landAll();
    this.now += ms;
    this.hasWaited = true;
  }

  /** The access service, with the clock of the script. */
  private inMoments(service: AccessService): AccessService {
    const { wire } = this;
    const at = async <R>(moment: Moment, run: () => Promise<R>): Promise<R> => {
      await wire.enter(moment);
      const result = await run();
      await wire.result();
      if (wire.verdict === 'crash') throw new Error('the process dies before it has written its result');
      return result;
    };
    return {
      ...service,
      capture: (...args) => at('capture', () => service.capture(...args)),
      block: (...args) =>
        at('block', async () => {
          const { ledger } = wire.site;
          const attempt: Attempt = {
            ...{ n: wire.attempt, began: ledger.t },
            ...{ reported: new Set<Cell>(), failed: true },
          };
          ledger.attempts.push((this.attempt = attempt));
          return service.block(...args);
        })
          .then((result) => {
            this.attempt!.failed = false;
            return result;
          })
          .finally(() => {
            this.attempt!.ended = wire.site.ledger.t;
          }),
      restore: (...args) => at(this.hasWaited ? 'second-look' : 'restore', () => service.restore(...args)),
      revoke: (...args) => at('revoke', () => service.revoke(...args)),
    };
  }
}

/** A fault of this test, which no redelivery should hide. */
const isMistake = (error: unknown): boolean =>
  error instanceof RangeError ||
  error instanceof ReferenceError ||
  error instanceof SyntaxError ||
  (error instanceof TypeError && error.message !== 'fetch failed');
