/** Hooks of the module loader: one text of one file is replaced as the file is loaded. */
import type { LoadHook } from 'node:module';

interface Replaced {
  url: string;
  from: string;
  to: string;
}
let replaced: Replaced;

export function initialize(data: Replaced): void {
  replaced = data;
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (url !== replaced.url) return loaded;
  const source = Buffer.from(loaded.source as Uint8Array).toString();
  if (!source.includes(replaced.from))
    throw new Error(`${url} no longer has "${replaced.from}": adapt bench/chaos/mistakes.ts`);
  return { ...loaded, source: source.replace(replaced.from, () => replaced.to) };
};
