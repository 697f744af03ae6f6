/** Openings that wait for a second person: who confirms one opens the exit, who rejects one ends it. */
import { Readable } from 'node:stream';
import type { Config } from '../config/config.js';
import { planFrom } from '../config/planning.js';
import { lookUp, type Whose } from '../exit/acting.js';
import type { ActedBy } from '../exit/asker.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import { parse } from '../exit/input.js';
import { MailAddress } from '../exit/mail-address.js';
import { confirmingProblem, openingLookUps, rejectingProblem, type WaitingOpening } from '../exit/opening.js';
import { Refusal } from '../exit/refusal.js';
import type { Resignation } from '../exit/resignation.js';
import { notOpened, type OpenedRow } from './opened-row.js';
import { formsAsked, type Configured, type Form } from './forms.js';
import { PLACES } from './opening-pace.js';
import type { InTurn, Turn } from './together.js';

export type WaitingInForm = WaitingOpening & { form: Form };

/** What became of an opening. */
export type EndedOpening = Pick<OpenedRow, 'employeeId' | 'name' | 'exitId' | 'code' | 'message'> & {
  form?: Form | undefined;
  state: OpenedRow['state'] | 'rejected';
};

export type Opens = (
  resignation: Resignation,
  form: Form,
  turn: Turn,
) => Promise<Pick<OpenedRow, 'exitId' | 'name'>>;

interface Ending extends ActedBy {
  configured: Configured;
  config: Config;
  whoseIs: (address: string, exits: ExitsOfForm) => Promise<Whose>;
  employeeIds: readonly string[];
  /** Absent where the openings are rejected. */
  opening?: { open: Opens; inTurn: InTurn };
  note?: string | undefined;
}

/** @throws Refusal where a form does not answer */
export async function waitingIn(configured: Configured): Promise<WaitingInForm[]> {
  const asked = formsAsked(configured).map(async (form) => {
    const { openings } = await configured[form]!();
    return (await openings.waiting()).map((opening) => ({ ...opening, form }));
  });
  return (await Promise.all(asked)).flat().toSorted((a, b) => a.askedAt.localeCompare(b.askedAt));
}

/** @returns the form in which an opening of the employee waited; undefined where none did */
export async function withdrawOpening(
  configured: Configured,
  employeeId: string,
  { decidedBy, note }: { decidedBy: string; note: string },
): Promise<Form | undefined> {
  for (const form of formsAsked(configured)) {
    const { openings } = await configured[form]!();
    if (!(await openings.find(employeeId))) continue;
    await openings.end(employeeId, { how: 'withdrawn', by: decidedBy, note });
    return form;
  }
  return undefined;
}

/** @returns what became of each, in order */
export function endOpenings({
  configured,
  config,
  employeeIds,
  by,
  asker,
  ...rest
}: Ending): AsyncIterable<EndedOpening> {
  const { opening: confirmed, note } = rest;
  const address = parse(MailAddress, by);
  if (!address.ok) throw new Refusal('invalid', `by: ${address.problem}`);
  const known = new Map<string, Promise<Whose>>();

  function whose(of: string, form: Form, exits: ExitsOfForm): Promise<Whose> {
    const key = `${form} ${of}`;
    const asked = known.get(key) ?? rest.whoseIs(of, exits);
    known.set(key, asked);
    return asked;
  }

  async function endIn(
    form: Form,
    employeeId: string,
    open?: (resignation: Resignation) => ReturnType<Opens>,
  ): Promise<EndedOpening | undefined> {
    const exits = await configured[form]!();
    const { openings } = exits;
    const opening = await openings.find(employeeId);
    if (!opening) return undefined;
    const plan = planFrom(config, form);
    const asked = openingLookUps(opening, by, plan);
    const looked = await lookUp(asked, (address) => whose(address, form, exits));
    const problemOf = open ? confirmingProblem : rejectingProblem;
    const message = problemOf(opening, by, looked, plan);
    if (message !== undefined) return { employeeId, form, state: 'refused', code: 'not-allowed', message };
    if (!open) {
      await openings.end(employeeId, { how: 'rejected', by, asker, note });
      return { employeeId, form, state: 'rejected' };
    }
    const { resignation, askedAt } = opening;
    const done = await open({ ...resignation, askedAt, confirmedBy: by, confirmer: asker }).then(
      (exit) => ({ state: 'opened', ...exit }) as const,
      (error: unknown) => notOpened(error as Error),
    );
    // What may not be open goes on waiting.
    if (done.state === 'opened' || done.state === 'open-already')
      await openings.end(employeeId, { how: 'confirmed', by, asker });
    return { employeeId, form, ...done };
  }

  async function end(employeeId: string): Promise<EndedOpening[]> {
    const found = await Promise.all(
      formsAsked(configured).map((form) => {
        if (!confirmed) return endIn(form, employeeId);
        const { open, inTurn } = confirmed;
        return inTurn({ employeeId, form }, (turn) =>
          endIn(form, employeeId, (resignation) => open(resignation, form, turn)),
        );
      }),
    );
    const ended = found.flatMap((each) => each ?? []);
    const message = 'no opening of this employee waits: it was confirmed, rejected or never asked for';
    return ended.length > 0 ? ended : [{ employeeId, state: 'refused', message }];
  }

  return Readable.from([...new Set(employeeIds)])
    .map(end, { concurrency: PLACES })
    .flatMap((ended: EndedOpening[]) => ended);
}
