/** Decisions on exits, and what a second person does with a proposal. */
import type { Config } from '../config/config.js';
import { lookUp } from '../exit/acting.js';
import type { ActedBy } from '../exit/asker.js';
import { parseDecision, type Decision } from '../exit/decision.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import type { Decided } from '../exit/exits.js';
import { parse } from '../exit/input.js';
import { RejectionFields, type Proposal } from '../exit/proposals.js';
import { dayNotTold, notAllowed } from '../exit/refusal.js';
import type { Step } from '../exit/status.js';
import type { StepAhead } from '../exit/steps.js';
import { askForm, requireExit, type Configured, type Form, type Which } from './forms.js';
import { valid } from './valid.js';
import { LOOK_WITHIN_MS, type WhoseIs } from './whose-is.js';

export interface PreviewedDecision {
  decision: Decision;
  /** In the order of the exit's table of steps. */
  setsOff: readonly StepAhead[];
  /** Absent where it takes effect at once. */
  takesEffect?: TakesEffect | undefined;
  /** It would be proposed: a second person is to confirm it. */
  needsSecond: boolean;
}

/** What a second person does. */
interface ProposalAct extends ActedBy {
  number?: number | undefined;
  note?: string | undefined;
}

export interface TakesEffect {
  /** `YYYY-MM-DD`; it takes effect when this day begins. */
  day: string;
  /** ISO 8601, UTC. */
  at: string;
  /** IANA name. */
  timeZone: string;
  /** Otherwise the company's, since the directory tells none of the employee that is known. */
  isEmployeeZone: boolean;
}

/** @param config called on first use */
export function decidesOf(configured: Configured, config: () => Config | Promise<Config>, whoseIs: WhoseIs) {
  /** When a day begins for the employee; for the company where the directory tells no time zone. @throws Refusal where it does not answer */
  async function effectOf(employeeId: string, day: string): Promise<TakesEffect> {
    const [{ startOfDay }, { createDirectory }] = await Promise.all([
      import('../config/start-of-day.js'),
      import('../services/from-config.js'),
    ]);
    const { interview } = await config();
    const theirs = await createDirectory(await config())
      .timeZoneOf(employeeId, AbortSignal.timeout(LOOK_WITHIN_MS))
      .catch((error: unknown) => {
        throw dayNotTold(employeeId, day, error);
      });
    const timeZone = theirs ?? interview.timeZone;
    return { day, at: startOfDay(day, timeZone), timeZone, isEmployeeZone: theirs !== undefined };
  }

  /** @throws Refusal where no such proposal waits */
  async function waiting(
    exits: ExitsOfForm,
    form: Form,
    { employeeId, exitId }: Which,
    number: number | undefined,
  ): Promise<Proposal> {
    const { proposals } = await exits.status(employeeId, exitId);
    const open = proposals.filter(({ state }) => state === 'open');
    const found = open.find((each) => (number === undefined ? each.decision : each.number === number));
    if (found) return found;
    const what = number === undefined ? 'no decision' : `no proposal ${number}`;
    throw notAllowed(employeeId, form, `${what} waits for a second person in the exit of ${employeeId}`);
  }

  return {
    async decide(which: Which, input: Decision): Promise<Decided> {
      const decision = decisionOf(which, input);
      return askForm(configured, which, (exits) => exits.decide(which.employeeId, decision, which.exitId));
    },

    /**
     * Confirms what another person has proposed.
     * @param input.number of the proposal; default: the decision that waits
     * @returns the decision, or the step whose protection is overridden
     */
    async confirm(
      which: Which,
      { number, by, asker }: ProposalAct,
    ): Promise<{ decided?: Decided; step?: Step }> {
      const { employeeId, exitId } = which;
      const { exits, form } = await requireExit(configured, which);
      const { decision, override } = await waiting(exits, form, which, number);
      if (decision)
        return { decided: await exits.decide(employeeId, { ...decision, decidedBy: by, asker }, exitId) };
      const retry = { step: 'block-access', system: override, action: 'retry', override: true } as const;
      return { step: await exits.resolve(employeeId, { ...retry, by, asker }, exitId) };
    },

    /** Rejects what another person has proposed, or withdraws the own proposal. */
    async reject(which: Which, { number, ...act }: ProposalAct): Promise<Proposal> {
      const { employeeId, exitId } = which;
      const { exits, form } = await requireExit(configured, which);
      const proposal = await waiting(exits, form, which, number);
      const rejection = valid(parse(RejectionFields, { number: proposal.number, ...act }));
      return exits.reject(employeeId, rejection, exitId);
    },

    /** @returns the steps that the decision would begin, and when */
    async previewDecision(which: Which, input: Decision): Promise<PreviewedDecision> {
      const { employeeId, exitId } = which;
      const decision = decisionOf(which, input);
      const { exits, form } = await requireExit(configured, which);
      const { proposals } = await exits.status(employeeId, exitId);
      const proposal = proposals.find((each) => each.state === 'open' && each.decision);
      const { contacts, decisions } = await config();
      // Whom the plan of the exit lets decide only the exit knows: it reads of these what it needs.
      const deciders = decisions.deciders
        ? [...contacts.hrPartners, contacts.escalation, contacts.operator, ...decisions.deciders]
        : [];
      const looked = await lookUp(
        {
          actor: decision.decidedBy,
          proposer: proposal?.by,
          deciders: deciders.flatMap((each) => (typeof each === 'string' ? [] : each.email)),
        },
        (address) => whoseIs(address, exits),
      );
      const weighed = await exits.weigh(employeeId, decision, exitId, looked);
      if (weighed.problem !== undefined) throw notAllowed(employeeId, form, weighed.problem);
      const { setsOff, effectiveDay, needsSecond = false } = weighed;
      const takesEffect = effectiveDay === undefined ? undefined : await effectOf(employeeId, effectiveDay);
      return { decision, setsOff, takesEffect, needsSecond };
    },
  };
}

/** Checks what needs no exit. The exit itself checks the rest, such as the addresses of the employee. */
function decisionOf({ employeeId }: Which, input: Decision): Decision {
  const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  const lenient = { awaitingEffectiveDate: false, cancelled: false, today: yesterday };
  return valid(parseDecision(input, { employeeId, problemWith: () => undefined, ...lenient }));
}
