/** The message handlers of an exit: signals, updates, queries. */
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
import { idsOf, lookUp, notYetLooked, type Looked } from '../exit/acting.js';
import type { Amended, Amendment } from '../exit/amendment.js';
import type { Decision } from '../exit/decision.js';
import { parseDrift, type Drift } from '../exit/drift.js';
import type { Decided, Weighed } from '../exit/exits.js';
import type { HandedOver, HandOver } from '../exit/hand-over.js';
import type { Parsed } from '../exit/input.js';
import type { Interview } from '../exit/interview.js';
import type { Sent } from '../exit/people.js';
import type { Proposal, Rejection } from '../exit/proposals.js';
import type { Resolution } from '../exit/resolution.js';
import type { Rescheduling } from '../exit/rescheduling.js';
import type { SignedAct } from '../exit/signature.js';
import type { ExitStatus, Step } from '../exit/status.js';
import { now, type ExitContext } from './exit-context.js';
import { decisionKeys, whose } from './proxies.js';
import type { ExitInterview } from './exit-interview.js';

const decisionFinalised = defineSignal<[Decision]>('decisionFinalised');
const holdDrifted = defineSignal<[Drift]>('holdDrifted');
const finaliseDecision = defineUpdate<Decided, [Decision]>('finaliseDecision');
const rejectProposal = defineUpdate<Proposal, [Rejection]>('rejectProposal');
const resolveStep = defineUpdate<Step, [Resolution]>('resolveStep');
const amendResignation = defineUpdate<Amended, [Amendment]>('amendResignation');
const handOver = defineUpdate<HandedOver, [HandOver]>('handOver');
const rescheduleInterview = defineUpdate<Interview, [Rescheduling]>('rescheduleInterview');
const weighDecision = defineQuery<Weighed, [Decision, Looked?]>('weighDecision');
const status = defineQuery<ExitStatus>('status');
const mailAlsoOf = defineQuery<Sent | undefined, [string]>('mailAlsoOf');

export function registerHandlers(context: ExitContext, interview: ExitInterview): void {
  const { exit, runner } = context;
  setHandler(status, () => exit.status(), { description: 'The status of the exit: an ExitStatus' });

  setHandler(mailAlsoOf, (exitId) => exit.mailAlsoOf(exitId), {
    description: 'The mail that has told the manager of this exit and of another one',
  });

  setHandler(weighDecision, (input, looked) => exit.preview(input, now(), looked), {
    description: 'The steps that a decision would begin now, or why the exit would refuse it',
  });

  /** A decision waits until the employee is identified, who may not decide on their own exit. */
  const whenEmployeeIsKnown = () =>
    CancellationScope.nonCancellable(() => condition(() => exit.isEmployeeKnown || !exit.isAwaited));

  /**
   * Takes the signature of a message as it arrives.
   * @returns it, or why the act does not count
   */
  const signatureOf = async (act: SignedAct, input: unknown): Promise<Parsed<string | undefined>> => {
    const { signature, ...of } = Object(input) as { signature?: string };
    const arrivedAt = now();
    const problem = await CancellationScope.nonCancellable(async () => {
      await condition(() => exit.plan !== undefined);
      if (!exit.keysAt(arrivedAt)) return undefined;
      exit.trust(await decisionKeys.executeWithOptions({ summary: 'Read the keys of the API' }, []));
      return exit.spendSignature(signature, { act, of }, arrivedAt);
    });
    if (problem === undefined) return { ok: true, value: signature };
    exit.refuse(of, problem, now());
    return { ok: false, problem };
  };

  const accept = (decision: Decision, looked: Looked, signature?: string): Decided => {
    if (exit.isProposal(decision)) {
      context.record({ type: 'exit.proposed', data: { decision, ...idsOf(looked) } });
      return { ...decision, proposedAt: exit.proposals.decision!.at };
    }
    context.record({ type: 'exit.decision-finalised', data: { ...decision, ...idsOf(looked), signature } });
    return { ...decision, decidedAt: exit.decision!.storedAt };
  };
  const look = (address: unknown, act?: Parameters<typeof exit.lookUpsFor>[1]): Promise<Looked> =>
    CancellationScope.nonCancellable(async () =>
      typeof address === 'string' ? lookUp(exit.lookUpsFor(address, act), whose) : {},
    );

  // A signal cannot be rejected: the exit records an invalid one in its status and goes on.
  setHandler(
    decisionFinalised,
    async (input: unknown) => {
      const signature = await signatureOf('exit.decision-finalised', input);
      if (!signature.ok) return;
      const sent = (input ?? {}) as Partial<Decision>;
      await whenEmployeeIsKnown();
      const found = await look(sent.decidedBy, sent);
      const decision = exit.weigh(input, now(), found);
      if (decision.ok) accept(decision.value, found, signature.value);
      else exit.refuse(input, decision.problem, now());
    },
    {
      description:
        'Decides the exit: {"outcome":"retained" or "leaving","decidedBy":"hr@acme.example"}. The first valid decision stands',
    },
  );
  setHandler(
    holdDrifted,
    (input: unknown) => {
      const drift = parseDrift(input);
      if (!drift.ok) return exit.refuse(input, `holdDrifted: ${drift.problem}`, now());
      const { system, seenAt } = drift.value;
      // A sweep may have looked before the block was over, and tell it after.
      if (seenAt < (exit.step('block-access', system)?.finishedAt ?? '')) return;
      context.record({ type: 'access.drifted', data: drift.value });
    },
    { description: 'Reports that access came back during the hold; the drift check sends it' },
  );
  setDefaultSignalHandler((name, ...args) => {
    exit.refuse(args[0], `unknown signal "${name}": a decision is sent as "decisionFinalised"`, now());
  });

  setHandler(
    finaliseDecision,
    async (input: Decision) => {
      const signature = valueOf(await signatureOf('exit.decision-finalised', input));
      await whenEmployeeIsKnown();
      const found = await look(input.decidedBy, input);
      return accept(valueOf(exit.weigh(input, now(), found)), found, signature);
    },
    {
      description:
        'The same as the signal decisionFinalised, but rejects an invalid decision with the reason',
      validator: (input) => void valueOf(exit.weigh(input, now(), notYetLooked)),
    },
  );

  setHandler(
    rejectProposal,
    async (input) => {
      valueOf(await signatureOf('exit.proposal-rejected', input));
      await whenEmployeeIsKnown();
      const found = await look(input.by, { number: input.number });
      const rejection = valueOf(exit.weighRejection(input, found));
      context.record({ type: 'exit.proposal-rejected', data: { ...rejection, ...idsOf(found) } });
      return { ...exit.proposals.all.find(({ number }) => number === rejection.number)! };
    },
    {
      description:
        'Ends what waits for a second person: {"number":1,"by":"hr@acme.example"}. The person who proposed it withdraws it so',
      validator: (input) => void valueOf(exit.weighRejection(input, notYetLooked)),
    },
  );

  setHandler(
    resolveStep,
    async (input) => {
      valueOf(await signatureOf('step.resolved', input));
      // Any other resolution may be what makes the employee known.
      if (input.override) await whenEmployeeIsKnown();
      const found = await look(input.by, input);
      const resolution = valueOf(exit.weighResolution(input, found));
      const { step, system } = resolution;
      if (exit.isProposal(resolution)) {
        context.record({ type: 'exit.proposed', data: { resolution, ...idsOf(found) } });
        return { ...exit.step(step, system)! };
      }
      context.record({ type: 'step.resolved', data: { ...resolution, ...idsOf(found) } });
      // An operator can resolve steps of a cancelled exit too.
      return CancellationScope.nonCancellable(async () => {
        await runner.staleEnded(step, system);
        return { ...exit.step(step, system)! };
      });
    },
    {
      description:
        'Resolves a step that needs attention: {"step":"block-access","system":"payroll","action":"retry" or "done-by-hand" or "skip","by":"it@acme.example","evidence":"…"}',
      validator: (input) => void valueOf(exit.weighResolution(input, notYetLooked)),
    },
  );

  setHandler(
    amendResignation,
    async (input) => {
      valueOf(await signatureOf('resignation.amended', input));
      await whenEmployeeIsKnown();
      const found = await look(input.by);
      const amendment = valueOf(exit.weighAmendment(input, now(), found));
      context.record({ type: 'resignation.amended', data: { ...amendment, ...idsOf(found) } });
      return exit.amendments.at(-1)!;
    },
    {
      description:
        'Changes the dates of the open exit: {"lastWorkingDay":"2027-01-29","by":"hr@acme.example"}; "effectiveOn" where leaving is decided',
      validator: (input) => void valueOf(exit.weighAmendment(input, now(), notYetLooked)),
    },
  );

  setHandler(
    handOver,
    async (input) => {
      valueOf(await signatureOf('exit.handed-over', input));
      await whenEmployeeIsKnown();
      const found = await look(input.by);
      const handed = valueOf(exit.weighHandOver(input, found));
      context.record({ type: 'exit.handed-over', data: { ...handed, ...idsOf(found) } });
      return exit.handOvers.at(-1)!;
    },
    {
      description:
        'Gives the open exit to another HR partner: {"to":{"name":"Acme HR","email":"hr@acme.example"},"by":"hr@acme.example"}',
      validator: (input) => void valueOf(exit.weighHandOver(input, notYetLooked)),
    },
  );

  setHandler(
    rescheduleInterview,
    (input) => {
      const request = valueOf(exit.weighRescheduling(input, now()));
      context.record({ type: 'interview.reschedule-requested', data: request });
      return CancellationScope.nonCancellable(() => interview.arranged());
    },
    {
      description:
        'Moves the interview: {"at":"2026-12-01T14:00:00+01:00"}, or {"next":true} for the next free slot; "by" is the mail address of the person who asked',
      validator: (input) => void valueOf(exit.weighRescheduling(input, now())),
    },
  );
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw ApplicationFailure.nonRetryable(parsed.problem);
}
