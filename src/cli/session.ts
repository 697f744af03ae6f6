/** One run of `ems`: its output, its connections and its deadline. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Bus } from '../choreography/jetstream/bus.js';
import type { Application } from '../client/application.js';
import type { UseCases } from '../client/use-cases.js';
import type { Config } from '../config/config.js';
import type { Environment } from '../config/environment.js';
import { Refusal } from '../exit/refusal.js';
import { jsonOf, printable, printableCopy } from '../client/printable.js';
import type { PersonalAccess } from '../remote/personal-access.js';

interface Output {
  write: (text: string) => unknown;
  /** Of a terminal. */
  columns?: number | undefined;
}

/** What `ems` has of the process that it runs in. */
export interface Io {
  env: Environment;
  stdout: Output;
  stderr: Output;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** The deadline of a command. */
  withinMs: number;
}

/** A command's arguments, options and action. */
export type Define = (command: Command, session: Session) => Command;

interface Closable {
  close: () => Promise<void>;
}

const CLOSE_WITHIN_MS = 1_000;
/** What a shell reports of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

export class Session {
  exitCode = 0;
  /** Settles when the command must end before it is done. */
  readonly cut: Promise<void>;
  #uncut!: () => void;
  readonly #opened: Closable[] = [];
  #isOver = false;
  #access: PersonalAccess | undefined;

  /** @param json print one JSON document instead of text */
  constructor(
    readonly io: Io,
    readonly json: boolean,
    command = 'ems',
  ) {
    const { signal, withinMs } = io;
    this.cut = new Promise((resolve, reject) => {
      const interrupt = (): void => {
        this.exitCode = INTERRUPTED;
        resolve();
      };
      const why = `${command} has had no answer for ${withinMs / 1000} s. A command that changes an exit may still take effect`;
      const deadline = setTimeout(() => reject(new Refusal('unconfirmed', why)), withinMs);
      signal.addEventListener('abort', interrupt);
      this.#uncut = () => {
        clearTimeout(deadline);
        signal.removeEventListener('abort', interrupt);
      };
    });
  }

  /** Lifts the deadline. @returns the signal, which the command now obeys by itself */
  endless(): AbortSignal {
    this.#uncut();
    return this.io.signal;
  }

  /** One line. */
  print(line: string): void {
    this.#write(printable(line));
  }

  warn(text: string): void {
    this.io.stderr.write(`ems: ${printable(text)}\n`);
  }

  /** @param page lays out the document, of which it gets a printable copy */
  show<T>(document: T, page: (shown: T) => string): void {
    this.#write(this.json ? jsonOf(document, 2)! : page(printableCopy(document)));
  }

  #write(text: string): void {
    // A command that was cut may still have its answer: its error was the document.
    if (!this.#isOver) this.io.stdout.write(`${text}\n`);
  }

  /** Finds out whether there is a login to the console. @throws ConfigError */
  async identify(): Promise<void> {
    const { accessFor } = await import('./connect.js');
    this.#access = accessFor(this.io.env);
  }

  /** Who is logged in. */
  get person(): string | undefined {
    return this.#access?.person;
  }

  /** What a command to type needs to name who acts: nothing after a login. */
  by(whose: 'your' | 'their'): string {
    return this.person === undefined ? ` --by <${whose} mail address>` : '';
  }

  /** Over the API of the console after a login to it. */
  async application(): Promise<UseCases> {
    const { useCasesFor } = await import('./connect.js');
    return this.#keep(await useCasesFor(this.io.env, this.#access));
  }

  async ownApplication(): Promise<Application> {
    const { applicationFor } = await import('./connect.js');
    return this.#keep(applicationFor(this.io.env));
  }

  async bus(): Promise<Bus> {
    const { busFor } = await import('./connect.js');
    return this.#keep(await busFor(this.io.env));
  }

  /** What `ems doctor` looks at. @throws ConfigError */
  async surroundings() {
    const { surroundingsFor } = await import('./connect.js');
    return surroundingsFor(this.io.env);
  }

  /** @throws ConfigError */
  async configuration(): Promise<Config> {
    const { configurationFor } = await import('./connect.js');
    return configurationFor(this.io.env);
  }

  /** Closes the connections. A server that hangs must not keep the command from its end. */
  async close(): Promise<void> {
    this.#uncut();
    this.#isOver = true;
    const closed = Promise.all(this.#opened.map((each) => each.close()));
    await Promise.race([closed, pause(CLOSE_WITHIN_MS)]);
  }

  #keep<T extends Closable>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }
}
