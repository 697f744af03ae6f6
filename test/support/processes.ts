/** Which processes of this machine descend from which, for tests of what is left behind. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  pid: number;
  parent: number;
  state: string;
}

/** All that came of this process and still run. */
export function descendantsOf(pid: number): number[] {
  const all = processes();
  const found = [pid];
  for (const ancestor of found)
    found.push(...all.filter(({ parent }) => parent === ancestor).map((child) => child.pid));
  return found.slice(1);
}

export function stillRunning(pids: readonly number[]): number[] {
  const all = processes();
  return pids.filter((pid) => all.some((process) => process.pid === pid));
}

/** Without zombies: they have ended, and only wait for their parent. */
function processes(): Process[] {
  const all = process.platform === 'linux' ? fromProc() : fromPs();
  return all.filter(({ state }) => !state.startsWith('Z'));
}

/** Not every Linux has `ps`. */
function fromProc(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // The name, in brackets, may hold anything; the state and the parent come after it (proc_pid_stat(5)).
        const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
        return [{ pid: Number(pid), parent: Number(parent), state: state! }];
      } catch (error) {
        if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
        throw error;
      }
    });
}

function fromPs(): Process[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), state: state! };
  });
}
