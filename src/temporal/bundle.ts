/** Build step: bundles the workflow code for the sandbox of the workers. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import writeFileAtomic from 'write-file-atomic';
import { payloadConverterPath, workflowBundlePath } from './namespace.js';

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../workflows/all.js', import.meta.url)),
  payloadConverterPath,
  workflowInterceptorModules: [fileURLToPath(new URL('../workflows/interceptors.js', import.meta.url))],
  logger: new DefaultLogger('WARN'),
});
// A build that is interrupted leaves the bundle as it was: finish-build.ts takes a new one for whole.
await writeFileAtomic(workflowBundlePath, code);
