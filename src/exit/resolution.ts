import { z } from 'zod';
import { AskedFields } from './asker.js';
import { parse, type Parsed } from './input.js';
import { MailAddress } from './mail-address.js';
import { isSettled, keyOfStep, stepKey, type Step } from './status.js';

export const resolutionActions = ['retry', 'done-by-hand', 'skip'] as const;

/** The argument of the update `resolveStep`: how an operator resolves a step that needs attention. */
export type Resolution = z.output<typeof ResolutionFields>;

export const ResolutionFields = z.object(
  {
    step: z.string('must be the name of a step, for example notify-manager'),
    /** Required for the access steps. */
    system: z.string().optional(),
    action: z.enum(resolutionActions, 'must be "retry", "done-by-hand" or "skip"'),
    by: MailAddress,
    /** With `retry`, where several accounts match: the ids of those that are the employee's, or `all`. */
    accounts: z.array(z.string().min(1).max(254)).min(1).max(50).optional(),
    /** With `retry`: allows the hold to take the last active member of a protected group, or one that may be the last. */
    override: z.boolean().optional(),
    /** Proof that it was done, such as a ticket. */
    evidence: z.string().max(2000, 'must be at most 2000 characters').optional(),
    ...AskedFields,
  },
  'must be an object such as {"step":"notify-manager","action":"retry","by":"it@acme.example"}',
);

/**
 * Whether the steps as they stand allow a resolution.
 * @param isTask whether a step is a task for a person, whose confirmation needs evidence
 */
export const parseResolution = (
  input: unknown,
  steps: readonly Step[],
  isTask: (step: Step) => boolean,
): Parsed<Resolution> =>
  parse(ResolutionFields, input, (resolution) => {
    const key = keyOfStep(resolution);
    const step = steps.find(({ name, system }) => name === resolution.step && system === resolution.system);
    if (!step) {
      const open = steps.filter((each) => !isSettled(each)).map(stepKey);
      return `there is no step ${key}; open steps: ${open.join(', ') || 'none'}`;
    }
    if (isSettled(step)) return `step ${key} is already ${step.state}`;
    if (step.state === 'pending') return `step ${key} has not begun yet`;
    if ((resolution.accounts || resolution.override) && (resolution.action !== 'retry' || !step.system))
      return `accounts and override go with retry, on a step of a system, and not with ${resolution.action} of ${key}`;
    if (isTask(step) && resolution.action === 'done-by-hand' && !resolution.evidence)
      return `evidence: is needed to confirm ${key}: a ticket, a receipt`;
    return undefined;
  });
