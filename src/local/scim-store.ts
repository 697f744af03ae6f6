/** The data of an embedded SCIM server, in one JSON file. The server replaces the file before it answers a write. */
import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { ifFound } from './if-found.js';

export interface StoredResource {
  id: string;
  userName?: string;
  displayName?: string;
  members?: { value: string }[] | undefined;
  meta: { created: string; lastModified: string; version: string };
}

export interface ScimStore {
  users: Map<string, StoredResource>;
  groups: Map<string, StoredResource>;
  save: () => Promise<void>;
}

type StoredFile = Record<'users' | 'groups', StoredResource[]>;

/** @param seedFile the initial data where there is no data file yet */
export async function openScimStore(
  dataFile: string | undefined,
  seedFile: string | undefined,
): Promise<ScimStore> {
  const stored = (dataFile && (await readJson(dataFile))) || (seedFile && (await readJson(seedFile)));
  const { users, groups } = stored || { users: [], groups: [] };
  const byId = (resources: StoredResource[]) => new Map(resources.map((resource) => [resource.id, resource]));
  const store: ScimStore = {
    users: byId(users),
    groups: byId(groups),
    async save() {
      if (!dataFile) return;
      const content: StoredFile = { users: [...store.users.values()], groups: [...store.groups.values()] };
      await writeFileAtomic(dataFile, JSON.stringify(content, null, 1));
    },
  };
  return store;
}

async function readJson(file: string): Promise<StoredFile | undefined> {
  try {
    const text = await ifFound(readFile(file, 'utf8'));
    return text === undefined ? undefined : (JSON.parse(text) as StoredFile);
  } catch (error) {
    throw new Error(`Cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
