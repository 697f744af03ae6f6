/** How EMS writes values to Temporal. With keys each payload is encrypted, and so are the messages of failures. */
import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { MissingDataKey, type DataKeys } from '../config/data-keys.js';
import { ENCRYPTED, encodingOf } from '../workflows/payload-converter.js';
import { payloadConverterPath } from './namespace.js';

const WirePayload = proto.temporal.api.common.v1.Payload;

export const dataConverterOf = (keys: DataKeys): DataConverter =>
  keys.kid === undefined
    ? { payloadConverterPath }
    : {
        payloadConverterPath,
        failureConverterPath: fileURLToPath(new URL('./failure-converter.js', import.meta.url)),
        payloadCodecs: [payloadCodec(keys)],
      };

/** As Temporal's examples name it: the encoding, and the id of the key. The data is a JWE. */
export function payloadCodec(keys: DataKeys): PayloadCodec {
  const text = new TextEncoder();
  return {
    encode: (payloads) =>
      Promise.resolve(
        payloads.map((payload) => ({
          metadata: { encoding: text.encode(ENCRYPTED), 'encryption-key-id': text.encode(keys.kid) },
          data: keys.seal(WirePayload.encode(payload).finish()),
        })),
      ),
    decode: (payloads) => Promise.resolve(payloads.map(opened)),
  };

  /** @throws MissingDataKey, so that the workflow task is tried again until a worker has the key */
  function opened(payload: Payload): Payload {
    if (!payload.data || encodingOf(payload) !== ENCRYPTED) return payload;
    try {
      return WirePayload.decode(keys.open(payload.data));
    } catch (error) {
      if (error instanceof MissingDataKey) throw error;
      // Any client may send it. Under another encoding it becomes an unreadable value (decision 5).
      return { metadata: { encoding: text.encode('binary/changed') }, data: payload.data };
    }
  }
}
