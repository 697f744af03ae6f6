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
import type { Decision } from '../../exit/decision.js';
import { subjectsOf, type ExitEvent } from '../../exit/events.js';
import type { Exits } from '../../exit/exits.js';
import { foldLog, type FoldedLog } from '../../exit/fold.js';
import type { Exit } from '../../exit/exit.js';
import type { Interview } from '../../exit/interview.js';
import type { Rescheduling } from '../../exit/rescheduling.js';
import type { Resignation } from '../../exit/resignation.js';
import type { Resolution } from '../../exit/resolution.js';
import type { ExitStatus, Step } from '../../exit/status.js';
import { interviewOf } from '../../exit/evidence/stream-facts.js';
import { listChoreographed } from './choreographed-list.js';
import { Refusal } from '../../exit/refusal.js';

/** A service answers in milliseconds; after this long there is none. */
const ANSWER_WITHIN_MS = 10_000;

const SOURCE = '/ems/client';

export interface ChoreographedExits extends Exits {
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

  const requireExit = (employeeId: string, { latest }: FoldedLog): Exit => {
    if (latest) return latest;
    throw new Refusal(`${employeeId} has no exit`);
  };

  const requireOpenExit = (employeeId: string, log: FoldedLog): Exit => {
    const exit = requireExit(employeeId, log);
    if (!exit.closedAt) return exit;
    throw new Refusal(
      `${employeeId} has no open exit: the last one ended at ${exit.closedAt} (${exit.ending})`,
    );
  };

  const about = (exit: Exit, id: string) => ({
    id,
    source: SOURCE,
    time: now(),
    employeeId: exit.employeeId,
    exitId: exit.exitId,
    causationId: exit.decision?.id ?? exit.resignedBy,
  });

  async function statusOf(exit: Exit): Promise<ExitStatus> {
    const status = exit.status();
    const steps = await Promise.all(status.steps.map((step) => withAttempts(exit, step)));
    return { ...status, steps };
  }

  /** The events say what was done; what is being tried, and what it died of, is noted beside them. */
  async function withAttempts({ employeeId, exitId }: Exit, step: Step): Promise<Step> {
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
  async function untilEmployeeIsKnown(employeeId: string): Promise<void> {
    const giveUpAt = Date.now() + ANSWER_WITHIN_MS;
    while (!requireOpenExit(employeeId, await read(employeeId)).isEmployeeKnown) {
      if (Date.now() > giveUpAt)
        throw new Refusal(
          `Nobody has answered yet who ${employeeId} is, so the decision cannot be weighed. Are the services running?`,
        );
      await pause(100);
    }
  }

  /** HR answers when everybody is invited for the new time, or says why not. */
  async function untilArranged(employeeId: string): Promise<Interview> {
    const changes = await watch(bus, subjectsOf(employeeId));
    try {
      for (const giveUpAt = Date.now() + ANSWER_WITHIN_MS; ;) {
        const { arranging, interview } = requireExit(employeeId, await read(employeeId));
        const { name, state, error, note } = arranging!;
        if (state === 'done' && interview) return interviewOf(interview);
        if (state !== 'running')
          throw new Refusal(
            `Refused: the step ${name} is ${state}: ${error ?? note ?? 'nobody was invited for the new time'}`,
          );
        const leftMs = giveUpAt - Date.now();
        if (leftMs <= 0)
          throw new Refusal(
            `Nobody answered for the exit of ${employeeId} within ${ANSWER_WITHIN_MS / 1000} s, so it is not confirmed (look with "ems status ${employeeId}"). Are the services running?`,
          );
        await changes.next(leftMs);
      }
    } finally {
      await changes.stop();
    }
  }

  function accepted(employeeId: string, log: EmployeeLog, decision: Decision): [Exit, Decision] {
    const exit = requireOpenExit(employeeId, folded(log));
    const weighed = exit.weigh(decision, now());
    if (!weighed.ok) throw new Refusal(`Refused: ${weighed.problem}`);
    return [exit, weighed.value];
  }

  return {
    async newest(employeeId) {
      const { latest } = await read(employeeId);
      return latest && { isOpen: !latest.closedAt, since: latest.openedAt, phase: latest.phase };
    },

    async open(resignation, exitId = randomUUID()) {
      const { employeeId } = resignation;
      const id = `${exitId}/employee.resigned`;
      await append(bus, employeeId, id, (log) => {
        const { latest } = folded(log);
        if (latest && !latest.closedAt) throw new Refusal(`${employeeId} already has an open exit`);
        // With the plan: what is configured later changes no open exit.
        const data = { ...resignation, plan };
        return { type: 'employee.resigned', id, source: SOURCE, time: now(), employeeId, exitId, data };
      });
      return { exitId };
    },

    status: async (employeeId) => statusOf(requireExit(employeeId, await read(employeeId))),

    async decide(employeeId, decision) {
      await untilEmployeeIsKnown(employeeId);
      const id = `${randomUUID()}/exit.decision-finalised`;
      const log = await append(bus, employeeId, id, (log) => {
        const [exit, { effectiveOn, ...rest }] = accepted(employeeId, log, decision);
        const date = effectiveOn && { effectiveOn, effectiveAt: startOfDay(effectiveOn, timeZone) };
        return { type: 'exit.decision-finalised', ...about(exit, id), data: { ...rest, ...date } };
      });
      const recorded = log.events.find((event) => event.id === id)!;
      return { ...decision, decidedAt: recorded.storedAt };
    },

    async weigh(employeeId, decision) {
      await untilEmployeeIsKnown(employeeId);
      const weighed = requireOpenExit(employeeId, await read(employeeId)).weigh(decision, now());
      return weighed.ok ? undefined : weighed.problem;
    },

    async resolve(employeeId, resolution: Resolution) {
      const id = `${randomUUID()}/step.resolved`;
      const log = await append(bus, employeeId, id, (log): ExitEvent<'step.resolved'> => {
        const exit = requireOpenExit(employeeId, folded(log));
        const parsed = exit.weighResolution(resolution);
        if (!parsed.ok) throw new Refusal(`Refused: ${parsed.problem}`);
        return { type: 'step.resolved', ...about(exit, id), data: parsed.value };
      });
      const exit = requireExit(employeeId, folded(log));
      return { ...exit.step(resolution.step, resolution.system)! };
    },

    async reschedule(employeeId, wish: Rescheduling) {
      const id = `${randomUUID()}/interview.reschedule-requested`;
      await append(bus, employeeId, id, (log): ExitEvent<'interview.reschedule-requested'> => {
        const exit = requireOpenExit(employeeId, folded(log));
        const parsed = exit.weighRescheduling(wish, now());
        if (!parsed.ok) throw new Refusal(`Refused: ${parsed.problem}`);
        return { type: 'interview.reschedule-requested', ...about(exit, id), data: parsed.value };
      });
      return untilArranged(employeeId);
    },

    list: (filter) => listChoreographed(bus, withAttempts, filter),

    async *follow(employeeId, everyMs) {
      const { exitId } = requireExit(employeeId, await read(employeeId));
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

const now = (): string => new Date().toISOString();

/** The instant at which a calendar day begins for the company, ISO 8601 in UTC. */
const startOfDay = (date: string, timeZone: string): string =>
  new Date(Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds).toISOString();
