/** The logins of this user, one for each console: a file that no other user of the machine can read. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { readIfThere } from '../config/read-if-there.js';
import { describeIssues } from '../exit/input.js';

const Login = z.object({
  console: z.string(),
  /** The mail address of the person, as the console knows it. */
  person: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  /** The audience of the token. */
  resource: z.string(),
  accessToken: z.string(),
  /** Absent where the provider gives none. */
  refreshToken: z.string().optional(),
  /** ISO 8601, UTC; absent where the provider does not tell. */
  expiresAt: z.string().optional(),
});
export type Login = z.output<typeof Login>;

const folderIn = (home: string): string => path.join(home, 'logins');
export const loginFile = (home: string, console: string): string =>
  path.join(folderIn(home), `${encodeURIComponent(console)}.json`);

/** @returns undefined without a login there */
export function readLogin(home: string, console: string): Login | undefined {
  const file = loginFile(home, console);
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const { data, error } = Login.safeParse(JSON.parse(text));
  if (data) return data;
  throw new Error(`${file} is damaged (${describeIssues(error)}): delete it, and log in again`);
}

export async function writeLogin(home: string, login: Login): Promise<void> {
  await mkdir(folderIn(home), { recursive: true, mode: 0o700 });
  await writeFileAtomic(loginFile(home, login.console), `${JSON.stringify(login, null, 2)}\n`, {
    mode: 0o600,
  });
}

export const deleteLogin = (home: string, console: string): Promise<void> =>
  rm(loginFile(home, console), { force: true });
