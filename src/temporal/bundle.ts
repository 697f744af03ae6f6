/** Build step: bundles the workflow code for the sandbox of the workers. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { payloadConverterPath, workflowBundlePath } from './namespace.js';

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../workflows/all.js', import.meta.url)),
  payloadConverterPath,
  workflowInterceptorModules: [fileURLToPath(new URL('../workflows/interceptors.js', import.meta.url))],
  logger: new DefaultLogger('WARN'),
});
await writeFile(workflowBundlePath, code);
