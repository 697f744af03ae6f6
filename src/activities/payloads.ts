/** Reads what Temporal keeps for us outside of an activity's own input: reports, memos, the histories of earlier runs. */
import { Context } from '@temporalio/activity';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';

/** @returns the first of the values, undefined where there is none */
export async function decoded<T>(
  payloads: Parameters<typeof decodeArrayFromPayloads>[1],
): Promise<T | undefined> {
  const { client } = Context.current();
  const [value] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
  return value as T | undefined;
}
