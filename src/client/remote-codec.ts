/** Encrypts and decrypts payloads for Temporal's Web UI and command line: the remote codec, which answers in the JSON form of `Payloads`. */
import type { DataKeys } from '../config/data-keys.js';
import { payloadCodec } from '../temporal/data-converter.js';

/** As protobuf writes it in JSON: bytes are base64. */
export interface PayloadJson {
  metadata?: Record<string, string> | undefined;
  data?: string | undefined;
}

export type RemoteCodec = ReturnType<typeof remoteCodecOf>;

/** @returns undefined without keys: the payloads are in plain text */
export function remoteCodecOf(keys: DataKeys) {
  if (keys.kid === undefined) return undefined;
  const codec = payloadCodec(keys);
  const through = (what: 'encode' | 'decode') => async (payloads: readonly PayloadJson[]) =>
    (await codec[what](payloads.map(binaryOf))).map(jsonOf);
  /** @throws MissingDataKey */
  return { encode: through('encode'), decode: through('decode') };
}

type Binary = Parameters<ReturnType<typeof payloadCodec>['encode']>[0][number];

const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

const binaryOf = ({ metadata = {}, data = '' }: PayloadJson): Binary => ({
  metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, bytes(value)])),
  data: bytes(data),
});

const jsonOf = ({ metadata, data }: Binary): PayloadJson => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)])),
  data: base64(data ?? new Uint8Array()),
});
