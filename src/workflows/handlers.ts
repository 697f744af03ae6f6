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
import type { Weighed } from '../exit/exits.js';
import type { Parsed } from '../exit/input.js';
import type { Interview } from '../exit/interview.js';
import type { Resolution } from '../exit/resolution.js';
import type { Rescheduling } from '../exit/rescheduling.js';
import type { ExitStatus, Step } from '../exit/status.js';
import { now, type ExitContext } from './exit-context.js';
import type { ExitInterview } from './exit-interview.js';

const decisionFinalised = defineSignal<[Decision]>('decisionFinalised');
const holdDrifted = defineSignal<[Drift]>('holdDrifted');
const finaliseDecision = defineUpdate<Decision & { decidedAt: string }, [Decision]>(
  'finaliseDecision',
);
const resolveStep = defineUpdate<Step, [Resolution]>('resolveStep');
const rescheduleInterview = defineUpdate<Interview, [Rescheduling]>('rescheduleInterview');
const weighDecision = defineQuery<Weighed, [Decision]>('weighDecision');
const status = defineQuery<ExitStatus>('status');

export function registerHandlers(context: ExitContext, interview: ExitInterview): void {
  const { exit, runner } = context;
  setHandler(status, () => exit.status(), { description: 'How the exit stands: an ExitStatus' });

  setHandler(weighDecision, (input) => exit.foresee(input, now()), {
    description: 'What a decision would set off now, or why it would be refused',
  });

  /** A decision that comes before it is known who the employee is waits for that answer, in its turn. */
  const whenEmployeeIsKnown = () =>
    CancellationScope.nonCancellable(() => condition(() => exit.isEmployeeKnown || !exit.isAwaited));

  const accept = (decision: Decision): Decision & { decidedAt: string } => {
    context.happened({ type: 'exit.decision-finalised', data: decision });
    return { ...decision, decidedAt: exit.decision!.storedAt };
  };

  // Anything can be sent here: the exit goes on, and what was refused shows in the status.
  setHandler(
    decisionFinalised,
    async (input: unknown) => {
      await whenEmployeeIsKnown();
      const decision = exit.weigh(input, now());
      if (decision.ok) accept(decision.value);
      else exit.refuse(input, decision.problem, now());
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
      if (drift.ok) context.happened({ type: 'access.drifted', data: drift.value });
      else exit.refuse(input, `holdDrifted: ${drift.problem}`, now());
    },
    { description: 'A sweep found that access came back during the hold' },
  );
  setDefaultSignalHandler((name, ...args) => {
    exit.refuse(args[0], `unknown signal "${name}": a decision is sent as "decisionFinalised"`, now());
  });

  setHandler(
    finaliseDecision,
    async (input: Decision) => {
      await whenEmployeeIsKnown();
      return accept(valueOf(exit.weigh(input, now())));
    },
    {
      description: 'The same as the signal decisionFinalised, refused at once with the reason',
      validator: (input) => void valueOf(exit.weigh(input, now())),
    },
  );

  setHandler(
    resolveStep,
    (input) => {
      const resolution = valueOf(exit.weighResolution(input));
      const { step, system } = resolution;
      context.happened({ type: 'step.resolved', data: resolution });
      // Also an exit that is being cancelled needs its steps mended.
      return CancellationScope.nonCancellable(async () => {
        await runner.calm(step, system);
        return { ...exit.step(step, system)! };
      });
    },
    {
      description:
        'Mends a stuck step: {"step":"block-access","system":"payroll","action":"retry" or "done-by-hand" or "skip","by":"it@acme.example","evidence":"…"}',
      validator: (input) => void valueOf(exit.weighResolution(input)),
    },
  );

  setHandler(
    rescheduleInterview,
    (input) => {
      const wish = valueOf(exit.weighRescheduling(input, now()));
      context.happened({ type: 'interview.reschedule-requested', data: wish });
      return CancellationScope.nonCancellable(() => interview.arranged());
    },
    {
      description:
        'Moves the interview: {"at":"2026-12-01T14:00:00+01:00"}, or {"next":true} for the next free slot; "by" says who asked',
      validator: (input) => void valueOf(exit.weighRescheduling(input, now())),
    },
  );
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw ApplicationFailure.nonRetryable(parsed.problem);
}
