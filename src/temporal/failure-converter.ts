import { DefaultFailureConverter } from '@temporalio/common';

/** Messages and stack traces become a payload, which the codec encrypts: they name addresses. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
