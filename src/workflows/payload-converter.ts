/**
 * The default payload converter, except that what it cannot read becomes a value like any other: anybody can send a signal
 * with rubbish from the Web UI, and an exit must not stand still over it.
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
