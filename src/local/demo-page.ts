/** Prints the demo. */
import type { Outcome as AnyOutcome } from '../exit/decision.js';
import { isSettled, stepKey, type ExitStatus } from '../exit/status.js';
import type { Check } from './demo-checks.js';

type Outcome = Extract<AnyOutcome, 'retained' | 'leaving'>;

/** An employee who resigns, and the outcome. */
export interface Role {
  employeeId: string;
  outcome: Outcome;
  /** The special case (company.ts). */
  who: string;
}

export interface Verdict {
  form: string;
  checks: readonly Check[];
}

const isTerminal = process.stdout.isTTY;
const bold = (text: string): string => (isTerminal ? `\u001b[1m${text}\u001b[22m` : text);

export const line = (text: string): void => console.log(text);

export const heading = (title: string): void => line(`\n${bold(title)}.\nTimes are from the resignation.`);

export function opening({ employeeId, outcome, who }: Role): void {
  line(`\n${employeeId}, ${who}, resigns, and ${inTheEnd[outcome]}:`);
}

const inTheEnd = {
  retained: 'in the end is retained',
  leaving: 'in the end leaves',
} satisfies Record<Outcome, string>;

/** Shows each step of an exit once, when it has finished. */
export function steps(since: number) {
  const shown = new Set<string>();
  const show = (ms: number, what: string, remark = ''): void =>
    line(`  ${`${ms} ms`.padStart(9)}  ${what.padEnd(28)} ${remark}`.trimEnd());
  return {
    show({ steps, closedAt, phase }: ExitStatus): void {
      const finished = steps.filter((step) => isSettled(step) && !shown.has(stepKey(step)));
      for (const step of finished.toSorted((a, b) => a.finishedAt!.localeCompare(b.finishedAt!))) {
        shown.add(stepKey(step));
        const remark = [step.state, step.note].filter(Boolean).join(': ');
        show(Date.parse(step.finishedAt!) - since, stepKey(step), remark);
      }
      if (!closedAt || shown.has(phase)) return;
      shown.add(phase);
      show(Date.parse(closedAt) - since, phase);
    },
    decision: (what: 'proposal' | 'decision', outcome: Outcome, by: string): void =>
      show(Date.now() - since, what, `${outcome}, by ${by}`),
  };
}

export function readBack(checks: readonly Check[]): void {
  line('\nRead back from the servers:');
  for (const { holds, what } of checks) line(`  ${holds ? '✔' : '✘ FAILED:'} ${what}`);
}

export function verdict(verdicts: readonly Verdict[]): void {
  line('');
  for (const { form, checks } of verdicts) {
    const failed = checks.filter(({ holds }) => !holds).length;
    const held =
      failed === 0
        ? `✔ all ${checks.length} checks hold`
        : `✘ ${failed} of ${checks.length} checks do NOT hold`;
    line(bold(`${form.padEnd(14)} ${held}`));
  }
}
