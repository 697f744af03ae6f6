import { told } from './told.js';

export interface Change {
  at: string;
  what: string;
  state: string;
  remark: string;
}

/**
 * What changes, printed as it happens, until it is over or Ctrl-C: a line each, or with --json an element each of one array, which is one
 * document, however it ends.
 */
export function changeLog<C extends Change>(json: boolean | undefined, lineOf: (change: C) => string) {
  let printed = 0;
  const seen = new Map<string, string>();
  const end = (): void => {
    if (json) process.stdout.write(printed === 0 ? '[]\n' : '\n]\n');
  };
  process.once('SIGINT', () => {
    end();
    process.exit(0);
  });
  return {
    /** Prints what is not as it was when the key was last seen. @param isNews where it is not, it is only remembered */
    see(key: string, change: C, isNews = true): void {
      const now = `${change.state} ${change.remark}`;
      const isKnown = seen.get(key) === now;
      seen.set(key, now);
      if (isKnown || !isNews) return;
      if (json) process.stdout.write(`${printed === 0 ? '[\n' : ',\n'}${JSON.stringify(change)}`);
      else console.log(lineOf(change));
      printed += 1;
    },
    end,
    /** @throws the error where no array has begun, so that it is the document */
    fail(error: Error): void {
      if (!json || printed === 0) throw error;
      const { sentence, document } = told(error);
      process.stdout.write(`,\n${JSON.stringify(document)}\n]\n`);
      console.error(`ems: ${sentence}`);
      process.exitCode = 1;
    },
  };
}
