/** Remembers refused logins in a file of this machine: a server may lock an account after several wrong passwords. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** Servers count wrong passwords for minutes to an hour. */
const NOT_AGAIN_WITHIN_MS = 60 * 60 * 1000;

export interface RefusedLogins {
  /** @returns when the account was refused within the last hour, ISO 8601 */
  at: (account: string) => string | undefined;
  refused: (account: string) => void;
  accepted: (account: string) => void;
  /** @throws Error where the folder cannot be written */
  save: () => Promise<void>;
}

/** @param folder need not exist */
export async function readRefusedLogins(folder: string): Promise<RefusedLogins> {
  const file = path.join(folder, 'refused-logins.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  const kept = new Map(Object.entries(JSON.parse(text) as Record<string, string>));
  let isChanged = false;
  return {
    at(account) {
      const at = kept.get(keyOf(account));
      return at !== undefined && Date.now() - Date.parse(at) < NOT_AGAIN_WITHIN_MS ? at : undefined;
    },
    refused(account) {
      kept.set(keyOf(account), new Date().toISOString());
      isChanged = true;
    },
    accepted(account) {
      isChanged = kept.delete(keyOf(account)) || isChanged;
    },
    async save() {
      if (!isChanged) return;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFileAtomic(file, `${JSON.stringify(Object.fromEntries(kept))}\n`, { mode: 0o600 });
    },
  };
}

/** The file names no user. */
const keyOf = (account: string): string => createHash('sha256').update(account).digest('hex');
