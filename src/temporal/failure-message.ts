/** The message of a failure as Temporal has it: in plain text, or encoded (`failure-converter.ts`). */
import type { LoadedDataConverter } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  type decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';

type Failure = Parameters<typeof decodeOptionalFailureToOptionalError>[1];

export async function messageOf(
  converter: LoadedDataConverter,
  failure: Failure,
): Promise<string | undefined> {
  if (!failure?.encodedAttributes) return failure?.message || undefined;
  const [attributes] = await decodeArrayFromPayloads(converter, [failure.encodedAttributes]);
  return (attributes as { message?: string }).message;
}
