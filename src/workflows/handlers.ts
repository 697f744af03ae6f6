/** What an exit can be told and asked while it is open: the signal, the updates, the query. */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import type { Decision } from '../exit/decision.js';
import { parseDrift, type Drift } from '../exit/drift.js';
import type { Parsed } from '../exit/input.js';
import type { Interview } from '../exit/interview.js';
import { parseResolution, type Resolution } from '../exit/resolution.js';
import { parseRescheduling, type Rescheduling } from '../exit/rescheduling.js';
import type { ExitStatus, Step } from '../exit/status.js';
import type { Exit } from './exit.js';
import { now } from './steps.js';

export const decisionFinalised = defineSignal<[Decision]>('decisionFinalised');
export const holdDrifted = defineSignal<[Drift]>('holdDrifted');
export const finaliseDecision = defineUpdate<Decision & { decidedAt: string }, [Decision]>(
  'finaliseDecision',
);
export const resolveStep = defineUpdate<Step, [Resolution]>('resolveStep');
export const rescheduleInterview = defineUpdate<Interview, [Rescheduling]>('rescheduleInterview');
export const weighDecision = defineQuery<Weighed, [Decision]>('weighDecision');
export const status = defineQuery<ExitStatus>('status');

/** Whether a decision would be accepted now, and if not, why. */
export interface Weighed {
  problem?: string | undefined;
}

export function answer(exit: Exit): void {
  setHandler(status, () => exit.status(), { description: 'How the exit stands: an ExitStatus' });

  setHandler(
    weighDecision,
    (input) => {
      const decision = exit.weigh(input);
      return decision.ok ? {} : { problem: decision.problem };
    },
    { description: 'Whether a decision would be accepted now, and if not, why' },
  );

  /** A decision that comes before anybody has answered who the employee is waits for that answer, in its turn. */
  const whenEmployeeIsKnown = () =>
    CancellationScope.nonCancellable(() =>
      condition(() => exit.isEmployeeKnown || exit.isCancelled || exit.closedAt !== undefined),
    );

  // Whatever is sent here, by whomever: the exit goes on, and what was refused shows in the status.
  setHandler(
    decisionFinalised,
    async (input: unknown) => {
      await whenEmployeeIsKnown();
      const decision = exit.weigh(input);
      if (decision.ok) exit.accept(decision.value);
      else exit.reject(input, decision.problem);
    },
    {
      description:
        'The decision: {"outcome":"retained" or "leaving","decidedBy":"hr@acme.example"}. The first valid one stands',
    },
  );
  setHandler(
    holdDrifted,
    (input: unknown) => {
      const drift = parseDrift(input);
      if (drift.ok) exit.drifted(drift.value);
      else exit.reject(input, `holdDrifted: ${drift.problem}`);
    },
    { description: 'A sweep found that somebody else gave back what the hold had taken' },
  );
  setDefaultSignalHandler((name, ...args) => {
    exit.reject(args[0], `unknown signal "${name}": a decision is sent as "decisionFinalised"`);
  });

  const finalise = async (input: Decision) => {
    await whenEmployeeIsKnown();
    return exit.accept(valueOf(exit.weigh(input)));
  };
  setHandler(finaliseDecision, finalise, {
    description: 'The same as the signal decisionFinalised, refused at once with the reason',
    validator: (input) => void valueOf(exit.weigh(input)),
  });

  const weighResolution = (input: Resolution) => {
    const resolution = valueOf(
      parseResolution(
        input,
        exit.steps.map(({ view }) => view),
      ),
    );
    const step = exit.findStep(resolution.step, resolution.system)!;
    if (step.isUnderOrder) throw new Error(`step ${step.key} is being settled at this moment`);
    return { resolution, step };
  };
  setHandler(
    resolveStep,
    async (input) => {
      const { resolution, step } = weighResolution(input);
      // Also an exit that is being cancelled needs its steps mended.
      return CancellationScope.nonCancellable(async () => ({ ...(await step.resolve(resolution)) }));
    },
    {
      description:
        'Mends a stuck step: {"step":"block-access","system":"payroll","action":"retry" or "done-by-hand" or "skip","by":"it@acme.example","evidence":"…"}',
      validator: (input) => void weighResolution(input),
    },
  );

  answerRescheduling(exit);
}

function answerRescheduling(exit: Exit): void {
  const weigh = (input: Rescheduling) => {
    const wish = valueOf(parseRescheduling(input, now()));
    const problem = exit.appointment ? exit.appointment.problem() : 'the exit has only just begun';
    if (problem) throw ApplicationFailure.nonRetryable(problem);
    return wish;
  };
  setHandler(
    rescheduleInterview,
    (input) => {
      const wish = weigh(input);
      return CancellationScope.nonCancellable(() => exit.appointment!.reschedule(wish));
    },
    {
      description:
        'Moves the interview: {"at":"2026-12-01T14:00:00+01:00"}, or {"next":true} for the next free slot; "by" says who asked',
      validator: (input) => void weigh(input),
    },
  );
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw ApplicationFailure.nonRetryable(parsed.problem);
}
