/**
 * The switches of the services, between the console and the stack that started it, over the channel of a child process. No other
 * process has that channel.
 */
import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';
import type { Form } from '../client/forms.js';
import type { ProcessState, Switch } from './supervise.js';

/** `exit` is the workflow itself, which the choreographed form has not. */
export const switchedServices = ['exit', 'notification', 'hr', 'access'] as const;
export type SwitchedService = (typeof switchedServices)[number];
export const switchActs = ['stop', 'start', 'kill'] as const;

const Request = z.object({ id: z.number(), service: z.enum(switchedServices), act: z.enum(switchActs) });
export type SwitchRequest = Omit<z.output<typeof Request>, 'id'>;

/** By form and service. */
export type ProcessStates = Record<Form, Partial<Record<SwitchedService, ProcessState>>>;

/** `id`: of the request that this answers. */
interface Told {
  states: ProcessStates;
  id?: number;
}

/** Of the stack. */
export function createSwitchboard() {
  const switches: Record<Form, Map<SwitchedService, Switch>> = {
    orchestrated: new Map(),
    choreographed: new Map(),
  };
  let tell = (_told: Omit<Told, 'states'>): void => undefined;

  const statesOf = (form: Form) =>
    Object.fromEntries([...switches[form]].map(([service, { now }]) => [service, now()]));

  return {
    add(form: Form, service: SwitchedService, added: Switch): void {
      switches[form].set(service, added);
      tell({});
    },
    changed: (): void => tell({}),
    /** Obeys this console from now on, and tells it each change. */
    connect: (console: ChildProcess): void => {
      tell = (told) => {
        const states = { orchestrated: statesOf('orchestrated'), choreographed: statesOf('choreographed') };
        // One that is ending needs no news, and its error must not look as its end.
        if (console.connected) console.send({ ...told, states } satisfies Told, () => undefined);
      };
      console.on('message', (message) => {
        const { success, data } = Request.safeParse(message);
        // The console's first message says that it is ready.
        if (!success) return tell({});
        for (const form of Object.values(switches)) form.get(data.service)?.[data.act]();
        tell({ id: data.id });
      });
    },
  };
}

/** Of the console. @param parent the process itself, whose parent is the stack */
export function remoteSwitches(parent: Pick<NodeJS.Process, 'on' | 'send'>) {
  let states: ProcessStates = { orchestrated: {}, choreographed: {} };
  const waiting = new Map<number, () => void>();
  let last = 0;
  parent.on('message', (told: Told) => {
    ({ states } = told);
    if (told.id === undefined) return;
    waiting.get(told.id)?.();
    waiting.delete(told.id);
  });
  return {
    states: () => states,
    /** Resolves once the process has begun to stop or to start. */
    act(request: SwitchRequest): Promise<void> {
      const id = ++last;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        parent.send!({ ...request, id });
      });
    },
  };
}
