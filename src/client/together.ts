/**
 * Exits that open together share the mail to a manager: the last one that opens tells of those that opened before it
 * (docs/decisions/0022). One whose manager is not known before it opens sends a mail of its own.
 */
import type { Config } from '../config/config.js';
import { bounded } from '../exit/bounds.js';
import type { Opened, Together } from '../exit/resignation.js';
import { peopleOf } from './employees.js';
import type { Form } from './forms.js';

/** How long the directory may take to tell the managers of all. */
const MANAGERS_WITHIN_MS = 30_000;

interface Row {
  employeeId: string;
  form: Form;
}

/** Of one row. */
export interface Turn {
  /** Waits for those before it, where this row is the one that tells of them. */
  together: () => Promise<Together | undefined>;
  opened: (exit: Opened) => void;
}

/** Calls `open` at once. The rows have to come in their order. */
export type InTurn = <T>(row: Row, open: (turn: Turn) => Promise<T>) => Promise<T>;

export async function inTurnsOf(config: Config, rows: readonly Row[]): Promise<InTurn> {
  const ids = rows.map(({ employeeId }) => employeeId);
  const employees = await peopleOf(() => config).lookUpAll(ids.length > 1 ? ids : [], MANAGERS_WITHIN_MS);
  const groups = new Map<string, Row[]>();
  /** Rows of one manager, in their order; none where the directory did not tell. */
  function groupOf({ employeeId, form }: Row): Row[] {
    const email = employees.get(employeeId)?.manager.email.toLowerCase();
    if (email === undefined) return [];
    const key = `${form} ${email}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    return group;
  }
  for (const row of rows) groupOf(row).push(row);
  const ends = new Map<string, Promise<Opened | undefined>>();
  const keyOf = ({ employeeId, form }: Row): string => `${form} ${employeeId}`;

  return (row, open) => {
    const before = [...groupOf(row)];
    const teller = before.pop()?.employeeId;
    let exit: Opened | undefined;
    const done = open({
      async together() {
        if (teller === undefined || before.length === 0) return undefined;
        if (row.employeeId !== teller) return { toldBy: teller };
        const all = await Promise.all(before.flatMap((each) => ends.get(keyOf(each)) ?? []));
        const tells = bounded(all.flatMap((each) => each ?? []));
        return tells.length > 0 ? { tells } : undefined;
      },
      opened: (found) => void (exit = found),
    });
    const end = () => exit;
    ends.set(keyOf(row), done.then(end, end));
    return done;
  };
}
