/** What worker and client must agree on, and what the namespace must know before an exit can run in it. */
import { fileURLToPath } from 'node:url';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import type { NativeConnection } from '@temporalio/worker';
import { searchAttributes } from './workflows/search-attributes.js';

export const payloadConverterPath = fileURLToPath(
  new URL('./workflows/payload-converter.js', import.meta.url),
);

/** Built by `npm run build`: workers load it, so that every worker of a release runs the very same workflow code. */
export const workflowBundlePath = fileURLToPath(new URL('./workflow-bundle.cjs', import.meta.url));

/**
 * Adds the search attributes that the namespace lacks. An exit would otherwise stand still at its first write of one.
 * @throws Error with the command to run, where the server does not let us (Temporal Cloud, for instance)
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const wanted = Object.values(searchAttributes);
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = wanted.filter(({ name }) => !(name in customAttributes));
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        missing.map(({ name, type }) => [name, encodeSearchAttributeIndexedValueType(type)!]),
      ),
    });
  } catch (error) {
    const flags = wanted.map(({ name, type }) => `--name ${name} --type ${capitalised(type)}`).join(' ');
    throw new Error(
      `The namespace "${namespace}" cannot be checked for the search attributes of an exit. Add what it lacks with: ` +
        `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
      { cause: error },
    );
  }
}

const capitalised = (type: string): string => type[0] + type.slice(1).toLowerCase();
