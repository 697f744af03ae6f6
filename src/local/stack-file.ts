/** `stack.json`: the addresses of a running local stack. Written once everything is ready, and removed at its stop. */
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { scimVariable } from '../config/environment.js';
import { readIfThere } from '../config/read-if-there.js';
import { describeIssues } from '../exit/input.js';

const Scim = z.object({ scimUrl: z.string(), token: z.string() });

const StackFile = z.object({
  /** The process of `npm start`. */
  pid: z.number(),
  temporal: z.object({ address: z.string(), uiUrl: z.string().optional() }),
  nats: z.object({ url: z.string() }),
  smtp: z.object({ host: z.string(), port: z.number() }),
  inboxUrl: z.string().optional(),
  consoleUrl: z.string(),
  /** The OpenID provider for trying out, and the client of a program, such as an HRIS. */
  identity: z.object({ issuer: z.string(), clientId: z.string(), clientSecret: z.string() }),
  /** The CalDAV calendar of the HR partner. */
  calendar: z.object({ url: z.string(), user: z.string(), password: z.string() }),
  directory: Scim,
  systems: z.array(Scim.extend({ name: z.string() })),
});
export type StackFile = z.output<typeof StackFile>;

/**
 * Locks the folder for this process, since two stacks would overwrite each other's data.
 * @throws Error with the process that holds the lock
 */
export async function claimHome(home: string): Promise<void> {
  const file = claimIn(home);
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = Number(readFileSync(file, 'utf8'));
    const why = `A stack is already running in ${home} (process ${holder}): stop that one first, or delete ${file} if that process is another program`;
    if (holder > 0 && holder !== process.pid && isAlive(holder)) throw new Error(why, { cause: error });
    // A killed stack left the lock. In a container it may have had this process's pid.
    await rm(file, { force: true });
    await claimHome(home);
  }
}

export async function releaseHome(home: string): Promise<void> {
  await rm(claimIn(home), { force: true });
}

const claimIn = (home: string): string => path.join(home, 'stack.pid');
const fileIn = (home: string): string => path.join(home, 'stack.json');

/** @returns the running stack of this folder; undefined where there is none, or a killed one left its file */
export function readStack(home: string): StackFile | undefined {
  const file = fileIn(home);
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const parsed = StackFile.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new Error(`${file} is damaged (${describeIssues(parsed.error)}): stop the stack and delete it`);
  return isAlive(parsed.data.pid) ? parsed.data : undefined;
}

/** @returns the environment of clients of a stack, for Temporal, NATS and ems.config.yaml */
export function environmentOf({
  temporal,
  nats,
  smtp,
  calendar,
  directory,
  systems,
}: Omit<StackFile, 'pid' | 'consoleUrl' | 'identity'>): Record<string, string> {
  const scim = [{ name: 'directory', ...directory }, ...systems].flatMap(({ name, scimUrl, token }) => [
    [scimVariable(name, 'URL'), scimUrl],
    [scimVariable(name, 'TOKEN'), token],
  ]);
  return {
    TEMPORAL_ADDRESS: temporal.address,
    EMS_TASK_QUEUES: 'per-service',
    NATS_URL: nats.url,
    SMTP_HOST: smtp.host,
    SMTP_PORT: String(smtp.port),
    HR_CALENDAR_URL: calendar.url,
    HR_CALENDAR_USER: calendar.user,
    HR_CALENDAR_PASSWORD: calendar.password,
    ...(Object.fromEntries(scim) as Record<string, string>),
  };
}

/** Mode 0600, since it has the tokens of the local servers. */
export async function writeStack(home: string, stack: StackFile): Promise<void> {
  await writeFileAtomic(fileIn(home), `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
}

export async function removeStack(home: string): Promise<void> {
  await rm(fileIn(home), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return true;
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
