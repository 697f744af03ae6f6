/** What processes have used, with their children: CPU time and memory, as Linux counts them. */
import { readFileSync } from 'node:fs';
import { descendantsOf } from '../../test/support/processes.js';
import { ENGINE, type Form } from './form.js';
import type { Part } from './part.js';

/** Nearly everywhere, whatever the kernel's own tick (sysconf(_SC_CLK_TCK)). */
const MS_PER_TICK = 10;

export interface Used {
  engine: number;
  workers: number;
}

const all = (pid: number): number[] => [pid, ...descendantsOf(pid)];

/** Without the guard that ends an engine together with this program: a deployment has none. */
const pidsOf = ({ name, pid }: Part): number[] => (name === ENGINE ? descendantsOf(pid()) : all(pid()));

function cpuOf(pid: number): number {
  // The name, in brackets, may hold anything (proc_pid_stat(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** The proportional share: what several processes share is counted once. */
function memoryOf(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1];
  return Number(kilobytes) / 1024;
}

function sum(form: Form, measure: (pid: number) => number): Used {
  const of = (wanted: boolean): number =>
    form.parts
      .filter(({ name }) => (name === ENGINE) === wanted)
      .flatMap(pidsOf)
      .reduce((total, pid) => total + measure(pid), 0);
  return { engine: of(true), workers: of(false) };
}

/** Milliseconds since the start of each process. */
export const cpuMs = (form: Form): Used => sum(form, cpuOf);
export const memoryMb = (form: Form): Used => sum(form, memoryOf);

/** Of one process of ours besides, with its children. */
export const cpuMsOf = (pid: number): number => all(pid).reduce((total, each) => total + cpuOf(each), 0);
export const memoryMbOf = (pid: number): number =>
  all(pid).reduce((total, each) => total + memoryOf(each), 0);
