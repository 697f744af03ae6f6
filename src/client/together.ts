/**
 * Exits that open together share the mail to a manager: the last one that opens tells of those that opened before it
 * (docs/decisions/0022). One whose manager is not known before it opens sends a mail of its own.
 */
import type { Config } from '../config/config.js';
import { bounded } from '../exit/bounds.js';
import type { Employee } from '../exit/people.js';
import type { Opened, Together } from '../exit/resignation.js';
import { sharedLook } from '../services/protocols/asked-once.js';
import { peopleOf } from './employees.js';
import type { Form } from './forms.js';
import type { Pace } from './opening-pace.js';

/** How long the directory may take to tell the managers of all. */
const MANAGERS_WITHIN_MS = 30_000;

interface Row {
  employeeId: string;
  form: Form;
}

/** Of one row. */
export interface Turn {
  /** As the directory told before the first row began; absent where it did not tell of them. */
  employee: Employee | undefined;
  /** Waits for those before it, where this row is the one that tells of them. */
  together: () => Promise<Together | undefined>;
  opened: (exit: Opened) => void;
}

/** Calls `open` once the row has a place. The rows have to come in their order. */
export type InTurn = <T>(row: Row, open: (turn: Turn) => Promise<T>) => Promise<T>;

export interface Turns<T> {
  /** Those of one manager next to one another, since the first of them waits for the mail of the last. */
  rows: T[];
  inTurn: InTurn;
}

export type OpenedIn = Row & Pick<Opened, 'exitId'>;

export async function turnsOf<T extends Row>(
  config: Config,
  rows: readonly T[],
  pace: Pace<OpenedIn>,
): Promise<Turns<T>> {
  const ids = rows.map(({ employeeId }) => employeeId);
  const people = peopleOf(() => config);
  const employees = await sharedLook()(() => people.lookUpAll(ids.length > 1 ? ids : [], MANAGERS_WITHIN_MS));
  /** Rows of one manager, in their order; where the directory did not tell, the row alone. */
  const groups = new Map<string, T[]>();
  const groupOf = ({ employeeId, form }: Row): string =>
    `${form} ${employees.get(employeeId)?.manager.email.toLowerCase() ?? employeeId}`;
  for (const row of rows) groups.set(groupOf(row), [...(groups.get(groupOf(row)) ?? []), row]);
  const ends = new Map<string, Promise<Opened | undefined>>();
  const keyOf = ({ employeeId, form }: Row): string => `${form} ${employeeId}`;

  const inTurn: InTurn = (row, open) => {
    const { employeeId } = row;
    const before = [...(groups.get(groupOf(row)) ?? [])];
    const teller = before.pop()?.employeeId;
    let exit: Opened | undefined;
    const turn: Turn = {
      employee: employees.get(employeeId),
      async together() {
        if (teller === undefined || before.length === 0) return undefined;
        if (employeeId !== teller) return { toldBy: teller };
        const all = await Promise.all(before.flatMap((each) => ends.get(keyOf(each)) ?? []));
        const tells = bounded(all.flatMap((each) => each ?? []));
        return tells.length > 0 ? { tells } : undefined;
      },
      opened: (found) => void (exit = found),
    };
    const done = pace
      .place()
      .then(() => open(turn))
      .finally(() => pace.leave(exit && { ...row, exitId: exit.exitId }));
    const end = () => exit;
    ends.set(keyOf(row), done.then(end, end));
    return done;
  };
  return { rows: [...groups.values()].flat(), inTurn };
}
