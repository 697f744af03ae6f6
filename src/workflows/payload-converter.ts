/**
 * The default payload converter, except that an unreadable payload becomes a value. The Web UI can send a signal with any bytes, which
 * must not fail the workflow task.
 */
import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload<T>(payload: Payload): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch (error) {
      return { unreadable: error instanceof Error ? error.message : String(error) } as T;
    }
  },
};
