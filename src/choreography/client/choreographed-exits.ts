/** The port `Exits` over NATS: opens, reads and controls choreographed exits. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openAttempts } from '../jetstream/attempts.js';
import { append } from '../jetstream/append.js';
import { openingKeys } from '../jetstream/opening-keys.js';
import type { Bus, EmployeeLog } from '../jetstream/bus.js';
import { watch } from '../jetstream/log.js';
import { hasOpenExitIn } from '../jetstream/open-exit.js';
import { EXITS } from '../jetstream/streams.js';
import type { Config } from '../../config/config.js';
import { effectiveDayOf, type Decision } from '../../exit/decision.js';
import { idsOf } from '../../exit/acting.js';
import { actorsBy, type Directory } from './actors.js';
import { planFrom } from '../../config/planning.js';
import type { ExitsOfForm } from '../../exit/evidence/evidence.js';
import {
  ExitId,
  subjectsOf,
  subjectsOfExit,
  type EventData,
  type EventType,
  type ExitEvent,
  type StoredEvent,
} from '../../exit/events.js';
import { foldLog, type FoldedLog } from '../../exit/fold.js';
import type { Exit } from '../../exit/exit.js';
import type { Parsed } from '../../exit/input.js';
import type { Interview } from '../../exit/interview.js';
import type { Resolution } from '../../exit/resolution.js';
import { isSignedAct, type Sign } from '../../exit/signature.js';
import type { Resignation } from '../../exit/resignation.js';
import { type ExitStatus, type Step, isStuck } from '../../exit/status.js';
import { readChoreographedEvidence } from './choreographed-evidence.js';
import { listChoreographed } from './choreographed-list.js';
import { alreadyOpen, noExit, notAllowed, notOpen, Refusal } from '../../exit/refusal.js';

/** A running service answers in milliseconds. */
const ANSWER_WITHIN_MS = 10_000;

const SOURCE = '/ems/client';

export interface ChoreographedExits extends ExitsOfForm {
  /**
   * Resolves once the resignation is recorded.
   * @param exitId makes a retry idempotent; default: a new one
   * @throws Refusal where the employee has an open exit
   */
  open: (resignation: Resignation, exitId?: string) => Promise<{ exitId: string }>;
}

/**
 * @param sign where this process has the key of the API
 * @param directory default: that of the configuration
 */
export async function choreographedExits(
  bus: Bus,
  config: Config,
  sign?: Sign,
  directory?: Directory,
): Promise<ChoreographedExits> {
  const plan = planFrom(config, 'choreographed');
  bus.trusted = config.decisions.signed;
  const actors = actorsBy(config, hasOpenExitIn(bus), directory);
  const attempts = await openAttempts(bus);

  const folded = ({ events }: Pick<EmployeeLog, 'events'>): FoldedLog => foldLog(events, now(), bus.trusted);

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

  /** Appends a person's event where the exit accepts it. @throws Refusal where it does not */
  async function submit<T extends EventType>(
    type: T,
    employeeId: string,
    exitId: string | undefined,
    weigh: (exit: Exit) => Parsed<EventData[T]>,
    /** Where one person is not enough for what the exit accepts. */
    proposed?: (valid: EventData[T]) => EventData['exit.proposed'],
  ): Promise<{ log: FoldedLog; recorded: StoredEvent }> {
    const id = `${randomUUID()}/${type}`;
    const log = await append(bus, employeeId, id, async (log) => {
      const exit = requireOpenExit(employeeId, folded(log), exitId);
      const weighed = weigh(exit);
      if (!weighed.ok) throw refused(employeeId, weighed.problem);
      const causationId = exit.decision?.id ?? exit.resignationId;
      const about = { id, source: SOURCE, time: now(), employeeId, exitId: exit.exitId, causationId };
      const isProposal = proposed && exit.isProposal(weighed.value as Partial<Decision & Resolution>);
      const act = isProposal ? 'exit.proposed' : type;
      const of = isProposal ? proposed(weighed.value) : weighed.value;
      const signature = isSignedAct(act)
        ? await sign?.({ exitId: exit.exitId, employeeId, act, of })
        : undefined;
      const problem = isSignedAct(act) ? exit.spendSignature(signature, { act, of }, now()) : undefined;
      if (problem !== undefined) throw refused(employeeId, problem);
      return { type: act, ...about, data: { ...of, signature } } as ExitEvent;
    });
    return { log: folded(log), recorded: log.events.find((event) => event.id === id)! };
  }

  async function statusOf(exit: Exit): Promise<ExitStatus> {
    const status = exit.status();
    const steps = await Promise.all(
      status.steps.map((step) => withAttempts(exit, step, exit.triedSince(step))),
    );
    return { ...status, steps };
  }

  /** Adds the failed attempts, which are not events. */
  async function withAttempts(
    { employeeId, exitId }: Pick<Exit, 'employeeId' | 'exitId'>,
    step: Step,
    since = step.startedAt,
  ): Promise<Step> {
    if (step.state !== 'running' && !isStuck(step)) return step;
    const { name, system } = step;
    const found = await attempts.find({ employeeId, exitId, step: name, system }, since);
    if (!found) return step;
    const { attempt, error, nextAttemptAt } = found;
    // After a final failure no further attempt is due.
    const isRetried = step.state === 'running' || nextAttemptAt >= now();
    return isRetried ? { ...step, attempt: attempt + 1, error, nextAttemptAt } : step;
  }

  /** Employees must not decide on their own exit, and only the directory or a system knows their addresses. */
  async function knownExit(employeeId: string, exitId?: string): Promise<Exit> {
    for (const deadline = Date.now() + ANSWER_WITHIN_MS; ; await pause(100)) {
      const exit = requireOpenExit(employeeId, await read(employeeId), exitId);
      if (exit.isEmployeeKnown) return exit;
      if (Date.now() > deadline)
        throw new Refusal(
          'no-answer',
          `No service has looked up ${employeeId} yet, so the decision cannot be checked. Are the services running?`,
          factsOf(employeeId),
        );
    }
  }

  /** @throws Refusal with the reason where the interview is not moved */
  async function untilArranged(employeeId: string): Promise<Interview> {
    const changes = await watch(bus, subjectsOf(employeeId));
    try {
      for (const deadline = Date.now() + ANSWER_WITHIN_MS; ;) {
        const { currentStep, interview } = requireExit(employeeId, await read(employeeId)).interviewing;
        const { name, state, error, note } = currentStep!;
        if (state === 'done' && interview) return interview;
        if (state !== 'running')
          throw refused(
            employeeId,
            `the step ${name} is ${state}: ${error ?? note ?? 'no invitation went out for the new time'}`,
          );
        const leftMs = deadline - Date.now();
        if (leftMs <= 0)
          throw new Refusal(
            'unconfirmed',
            `HR did not answer for the exit of ${employeeId} within ${ANSWER_WITHIN_MS / 1000} s, so the new time is not confirmed. Are the services running?`,
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

    async employeesOf(exitId) {
      if (!ExitId.safeParse(exitId).success) return [];
      const subjects_filter = subjectsOfExit({ employeeId: '*', exitId });
      const { state } = await bus.jsm.streams.info(EXITS, { subjects_filter });
      const employees = Object.keys(state.subjects ?? {}).map((subject) => subject.split('.')[1]!);
      return [...new Set(employees)];
    },

    async openedBy(employeeId, requestId) {
      const { exits } = await read(employeeId);
      return [...exits.values()].find(({ resignation }) => resignation.requestId === requestId)?.exitId;
    },

    async open(resignation, exitId = randomUUID()) {
      const { employeeId } = resignation;
      const id = `${exitId}/employee.resigned`;
      await append(bus, employeeId, id, (log) => {
        const { latest } = folded(log);
        if (latest && !latest.closedAt) throw alreadyOpen(employeeId, 'choreographed');
        // The resignation carries the plan, so that a later configuration does not change an open exit.
        const data = { ...resignation, plan };
        return { type: 'employee.resigned', id, source: SOURCE, time: now(), employeeId, exitId, data };
      });
      return { exitId };
    },

    openings: openingKeys(bus),

    status: async (employeeId, exitId) => statusOf(requireExit(employeeId, await read(employeeId), exitId)),

    async decide(employeeId, decision, exitId) {
      const known = await knownExit(employeeId, exitId);
      const looked = await actors.look(known, decision.decidedBy, decision);
      const day = effectiveDayOf(decision, known.resignation);
      const effect = known.weigh(decision, now(), looked).ok ? await actors.effectOn(day, employeeId) : {};
      const { recorded } = await submit(
        'exit.decision-finalised',
        employeeId,
        exitId,
        (exit) =>
          mapped(exit.weigh(decision, now(), looked), (valid) => ({
            ...{ ...valid, ...effect, ...idsOf(looked) },
          })),
        ({ actorIds, leaving }) => ({ decision, actorIds, leaving }),
      );
      return recorded.type === 'exit.proposed'
        ? { ...decision, proposedAt: recorded.storedAt }
        : { ...decision, decidedAt: recorded.storedAt };
    },

    async reject(employeeId, rejection, exitId) {
      const known = await knownExit(employeeId, exitId);
      const whose = await actors.look(known, rejection.by, { number: rejection.number });
      const { log } = await submit('exit.proposal-rejected', employeeId, exitId, (exit) =>
        mapped(exit.weighRejection(rejection, whose), (valid) => ({ ...valid, ...idsOf(whose) })),
      );
      const { all } = requireExit(employeeId, log, exitId).proposals;
      return { ...all.find(({ number }) => number === rejection.number)! };
    },

    async weigh(employeeId, decision, exitId, looked) {
      const exit = await knownExit(employeeId, exitId);
      const found = looked ?? (await actors.look(exit, decision.decidedBy, decision));
      return exit.preview(decision, now(), found);
    },

    async amend(employeeId, amendment, exitId) {
      const known = await knownExit(employeeId, exitId);
      const whose = await actors.look(known, amendment.by);
      // A later amendment may come first; its day counts until this one is weighed again.
      const effect = await actors.effectOn(known.dayAfterAmendment(amendment), employeeId);
      const { log, recorded } = await submit('resignation.amended', employeeId, exitId, (exit) =>
        mapped(exit.weighAmendment(amendment, now(), whose), (valid) => ({
          ...{ ...valid, ...effect, ...idsOf(whose) },
        })),
      );
      const { amendments } = requireExit(employeeId, log, exitId);
      return amendments.findLast(({ at }) => at === recorded.storedAt)!;
    },

    async handOver(employeeId, handOver, exitId) {
      const whose = await actors.look(await knownExit(employeeId, exitId), handOver.by);
      const { log, recorded } = await submit('exit.handed-over', employeeId, exitId, (exit) =>
        mapped(exit.weighHandOver(handOver, whose), (valid) => ({ ...valid, ...idsOf(whose) })),
      );
      const { handOvers } = requireExit(employeeId, log, exitId);
      return handOvers.findLast(({ at }) => at === recorded.storedAt)!;
    },

    async resolve(employeeId, resolution, exitId) {
      const { override, by } = resolution;
      // Any other resolution may be what makes the employee known.
      const known = override
        ? await knownExit(employeeId, exitId)
        : requireOpenExit(employeeId, await read(employeeId), exitId);
      const looked = await actors.look(known, by, resolution);
      const { log } = await submit(
        'step.resolved',
        employeeId,
        exitId,
        (exit) =>
          mapped(exit.weighResolution(resolution, looked), (valid) => ({
            ...{ ...valid, ...idsOf(looked) },
          })),
        ({ actorIds }) => ({ resolution, actorIds }),
      );
      return { ...requireExit(employeeId, log, exitId).step(resolution.step, resolution.system)! };
    },

    async reschedule(employeeId, wish, exitId) {
      await submit('interview.reschedule-requested', employeeId, exitId, (exit) =>
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

const mapped = <T, U>(parsed: Parsed<T>, map: (value: T) => U): Parsed<U> =>
  parsed.ok ? { ok: true, value: map(parsed.value) } : parsed;
