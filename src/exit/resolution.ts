import { z } from 'zod';
import { MailAddress, parse, type Parsed } from './input.js';
import { isSettled, stepKey, type Step } from './status.js';

export const resolutionActions = ['retry', 'done-by-hand', 'skip'] as const;

/** The argument of the update `resolveStep`: how an operator mends a stuck step. */
export interface Resolution {
  step: string;
  /** Required for the access steps. */
  system?: string | undefined;
  action: (typeof resolutionActions)[number];
  /** The mail address of the operator, for the record. */
  by: string;
  /** A ticket, a log line: what shows that it was done. */
  evidence?: string | undefined;
}

export const ResolutionFields = z.object(
  {
    step: z.string('must be the name of a step, for example notify-manager'),
    system: z.string().optional(),
    action: z.enum(resolutionActions, 'must be "retry", "done-by-hand" or "skip"'),
    by: MailAddress,
    evidence: z.string().max(2000, 'must be at most 2000 characters').optional(),
  },
  'must be an object such as {"step":"notify-manager","action":"retry","by":"it@acme.example"}',
);

/**
 * Whether a resolution can be applied to the steps as they stand.
 * @param isTask whether a step is a task for a person, who confirms it with evidence
 */
export function parseResolution(
  input: unknown,
  steps: readonly Step[],
  isTask: (step: string) => boolean = () => false,
): Parsed<Resolution> {
  const parsed = parse<Resolution>(ResolutionFields, input);
  if (!parsed.ok) return parsed;
  const { step: name, system } = parsed.value;
  const step = steps.find((each) => each.name === name && each.system === system);
  if (!step) {
    const open = steps.filter((each) => !isSettled(each)).map(stepKey);
    return {
      ok: false,
      problem: `there is no step ${stepKey({ name, system })}; open steps: ${open.join(', ') || 'none'}`,
    };
  }
  if (isSettled(step)) return { ok: false, problem: `step ${stepKey(step)} is already ${step.state}` };
  if (step.state === 'pending') return { ok: false, problem: `step ${stepKey(step)} has not begun yet` };
  if (isTask(name) && parsed.value.action === 'done-by-hand' && !parsed.value.evidence)
    return { ok: false, problem: `evidence: is needed to confirm ${name}: a ticket, a receipt` };
  return parsed;
}
