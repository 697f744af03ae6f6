/**
 * The default payload converter, except that an unreadable payload becomes a value. The Web UI can send a signal with any bytes, which
 * must not fail the workflow task. What EMS itself has encrypted does fail it: a worker without the keys would misread the exit.
 */
import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';

/** The encoding of what EMS has encrypted. A codec with the key takes it away (`data-converter.ts`). */
export const ENCRYPTED = 'binary/encrypted';

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload<T>(payload: Payload): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch (error) {
      if (encodingOf(payload) === ENCRYPTED)
        throw new Error('A value of the exit is encrypted, and this process has no keys: set EMS_DATA_KEYS', {
          cause: error,
        });
      return { unreadable: error instanceof Error ? error.message : String(error) } as T;
    }
  },
};

export const encodingOf = ({ metadata }: Payload): string | undefined =>
  metadata?.['encoding'] && new TextDecoder().decode(metadata['encoding']);
