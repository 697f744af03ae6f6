/** Exits of the choreographed form, as a client of NATS opens, reads and steers them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Temporal } from 'temporal-polyfill';
import { openAttempts } from '../jetstream/attempts.js';
import { append } from '../jetstream/append.js';
import type { Bus, EmployeeLog } from '../jetstream/bus.js';
import { watch } from '../jetstream/log.js';
import type { Config } from '../../config/config.js';
import { planFrom } from '../../config/planning.js';
import type { ExitsOfForm } from '../../exit/evidence/evidence.js';
import {
  subjectsOf,
  type EventData,
  type EventType,
  type ExitEvent,
  type StoredEvent,
} from '../../exit/events.js';
import { foldLog, type FoldedLog } from '../../exit/fold.js';
import type { Exit } from '../../exit/exit.js';
import type { Parsed } from '../../exit/input.js';
import type { Interview } from '../../exit/interview.js';
import type { Resignation } from '../../exit/resignation.js';
import type { ExitStatus, Step } from '../../exit/status.js';
import { readChoreographedEvidence } from './choreographed-evidence.js';
import { listChoreographed } from './choreographed-list.js';
import { alreadyOpen, noExit, notAllowed, notOpen, Refusal } from '../../exit/refusal.js';

/** A service answers in milliseconds; after this long there is none. */
const ANSWER_WITHIN_MS = 10_000;

const SOURCE = '/ems/client';

export interface ChoreographedExits extends ExitsOfForm {
  /**
   * Returns when the resignation is recorded.
   * @param exitId the same one for another try of the same resignation, which then is no second exit
   * @throws Refusal when the employee has an open exit already
   */
  open: (resignation: Resignation, exitId?: string) => Promise<{ exitId: string }>;
}

export async function choreographedExits(bus: Bus, config: Config): Promise<ChoreographedExits> {
  const plan = planFrom(config, 'choreographed');
  const { timeZone } = config.interview;
  const attempts = await openAttempts(bus);

  const folded = ({ events }: Pick<EmployeeLog, 'events'>): FoldedLog => foldLog(events, now());

  const read = async (employeeId: string): Promise<FoldedLog> => folded(await bus.read(employeeId));

  const requireExit = (employeeId: string, { exits, latest }: FoldedLog, exitId?: string): Exit => {
    const exit = exitId === undefined ? latest : exits.get(exitId);
    if (exit) return exit;
    throw noExit(employeeId, exitId);
  };

  const requireOpenExit = (employeeId: string, log: FoldedLog, exitId?: string): Exit => {
    const exit = requireExit(employeeId, log, exitId);
    const { closedAt: endedAt, ending, phase, openedAt: since } = exit;
    if (endedAt === undefined) return exit;
    const facts = { ...factsOf(employeeId), exitId: exit.exitId, phase, since, endedAt };
    throw notOpen(facts, ending ?? phase, exitId);
  };

  /** Appends what a person says, where the exit accepts it. */
  async function say<T extends EventType>(
    type: T,
    employeeId: string,
    exitId: string | undefined,
    weigh: (exit: Exit) => Parsed<EventData[T]>,
  ): Promise<{ log: FoldedLog; recorded: StoredEvent }> {
    const id = `${randomUUID()}/${type}`;
    const log = await append(bus, employeeId, id, (log) => {
      const exit = requireOpenExit(employeeId, folded(log), exitId);
      const weighed = weigh(exit);
      if (!weighed.ok) throw refused(employeeId, weighed.problem);
      const causationId = exit.decision?.id ?? exit.resignationId;
      const about = { id, source: SOURCE, time: now(), employeeId, exitId: exit.exitId, causationId };
      return { type, ...about, data: weighed.value } as ExitEvent;
    });
    return { log: folded(log), recorded: log.events.find((event) => event.id === id)! };
  }

  async function statusOf(exit: Exit): Promise<ExitStatus> {
    const status = exit.status();
    const steps = await Promise.all(status.steps.map((step) => withAttempts(exit, step)));
    return { ...status, steps };
  }

  /** The events say what was done; what is being tried, and what it died of, is noted beside them. */
  async function withAttempts(
    { employeeId, exitId }: Pick<Exit, 'employeeId' | 'exitId'>,
    step: Step,
  ): Promise<Step> {
    if (step.state !== 'running' && step.state !== 'needs-attention') return step;
    const { name, system } = step;
    const found = await attempts.find({ employeeId, exitId, step: name, system }, step.startedAt);
    if (!found) return step;
    const { attempt, error, nextAttemptAt } = found;
    // Once a step is stuck on something final, nothing is tried any more.
    const isTried = step.state === 'running' || nextAttemptAt >= now();
    return isTried ? { ...step, attempt: attempt + 1, error, nextAttemptAt } : step;
  }

  /** Nobody decides on their own exit, and until somebody has answered who the employee is nobody can tell. */
  async function untilEmployeeIsKnown(employeeId: string, exitId?: string): Promise<void> {
    const giveUpAt = Date.now() + ANSWER_WITHIN_MS;
    while (!requireOpenExit(employeeId, await read(employeeId), exitId).isEmployeeKnown) {
      if (Date.now() > giveUpAt)
        throw new Refusal(
          'no-answer',
          `Nobody has answered yet who ${employeeId} is, so the decision cannot be weighed. Are the services running?`,
          factsOf(employeeId),
        );
      await pause(100);
    }
  }

  /** HR answers when everybody is invited for the new time, or says why not. */
  async function untilArranged(employeeId: string): Promise<Interview> {
    const changes = await watch(bus, subjectsOf(employeeId));
    try {
      for (const giveUpAt = Date.now() + ANSWER_WITHIN_MS; ;) {
        const { currentStep, interview } = requireExit(employeeId, await read(employeeId)).interviewing;
        const { name, state, error, note } = currentStep!;
        if (state === 'done' && interview) return interview;
        if (state !== 'running')
          throw refused(
            employeeId,
            `the step ${name} is ${state}: ${error ?? note ?? 'nobody was invited for the new time'}`,
          );
        const leftMs = giveUpAt - Date.now();
        if (leftMs <= 0)
          throw new Refusal(
            'unconfirmed',
            `Nobody answered for the exit of ${employeeId} within ${ANSWER_WITHIN_MS / 1000} s, so it is not confirmed. Are the services running?`,
            factsOf(employeeId),
          );
        await changes.next(leftMs);
      }
    } finally {
      await changes.stop();
    }
  }

  return {
    async find(employeeId, exitId) {
      const { exits, latest } = await read(employeeId);
      const exit = exitId === undefined ? latest : exits.get(exitId);
      if (!exit) return undefined;
      const { closedAt, openedAt: since, phase } = exit;
      return { exitId: exit.exitId, isOpen: closedAt === undefined, since, phase };
    },

    async open(resignation, exitId = randomUUID()) {
      const { employeeId } = resignation;
      const id = `${exitId}/employee.resigned`;
      await append(bus, employeeId, id, (log) => {
        const { latest } = folded(log);
        if (latest && !latest.closedAt) throw alreadyOpen(employeeId, 'choreographed');
        // With the plan: what is configured later changes no open exit.
        const data = { ...resignation, plan };
        return { type: 'employee.resigned', id, source: SOURCE, time: now(), employeeId, exitId, data };
      });
      return { exitId };
    },

    status: async (employeeId, exitId) => statusOf(requireExit(employeeId, await read(employeeId), exitId)),

    async decide(employeeId, decision, exitId) {
      await untilEmployeeIsKnown(employeeId, exitId);
      const { recorded } = await say('exit.decision-finalised', employeeId, exitId, (exit) => {
        const weighed = exit.weigh(decision, now());
        const { effectiveOn } = decision;
        if (!weighed.ok || effectiveOn === undefined) return weighed;
        return { ok: true, value: { ...weighed.value, effectiveAt: startOfDay(effectiveOn, timeZone) } };
      });
      return { ...decision, decidedAt: recorded.storedAt };
    },

    async weigh(employeeId, decision, exitId) {
      await untilEmployeeIsKnown(employeeId, exitId);
      return requireOpenExit(employeeId, await read(employeeId), exitId).preview(decision, now());
    },

    async resolve(employeeId, resolution, exitId) {
      const { log } = await say('step.resolved', employeeId, exitId, (exit) =>
        exit.weighResolution(resolution),
      );
      return { ...requireExit(employeeId, log, exitId).step(resolution.step, resolution.system)! };
    },

    async reschedule(employeeId, wish, exitId) {
      await say('interview.reschedule-requested', employeeId, exitId, (exit) =>
        exit.weighRescheduling(wish, now()),
      );
      return untilArranged(employeeId);
    },

    report: (...of) => readChoreographedEvidence(bus, ...of),

    list: (filter) => listChoreographed(bus, withAttempts, filter),

    async *follow(employeeId, everyMs, id) {
      const { exitId } = requireExit(employeeId, await read(employeeId), id);
      const changes = await watch(bus, subjectsOf(employeeId));
      try {
        for (;;) {
          const exit = (await read(employeeId)).exits.get(exitId)!;
          yield await statusOf(exit);
          if (exit.closedAt) return;
          await changes.next(everyMs);
        }
      } finally {
        await changes.stop();
      }
    },
  };
}

const factsOf = (employeeId: string) => ({ employeeId, form: 'choreographed' });

const refused = (employeeId: string, problem: string): Refusal =>
  notAllowed(employeeId, 'choreographed', problem);

const now = (): string => new Date().toISOString();

/** The instant at which a calendar day begins for the company, ISO 8601 in UTC. */
const startOfDay = (date: string, timeZone: string): string =>
  new Date(Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds).toISOString();
