/** Decodes payloads other than an activity's own input: heartbeat details, memos, histories. */
import { Context } from '@temporalio/activity';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';

/** @returns the first value; undefined without one */
export async function decoded<T>(
  payloads: Parameters<typeof decodeArrayFromPayloads>[1],
): Promise<T | undefined> {
  const { client } = Context.current();
  const [value] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
  return value as T | undefined;
}
