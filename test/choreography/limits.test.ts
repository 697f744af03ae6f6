import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { KV } from '@nats-io/kv';
import { openBucket } from '../../src/choreography/jetstream/bucket.js';
import { ensureConsumer } from '../../src/choreography/jetstream/consumers.js';
import { readLogs } from '../../src/choreography/jetstream/log.js';
import { openRateLimits } from '../../src/choreography/jetstream/rate-limit.js';
import { openRecords, type Leased } from '../../src/choreography/jetstream/records.js';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { startServices, subscriberNames } from '../../src/choreography/subscribers/start.js';
import { parseConfig } from '../../src/config/config.js';
import type { ExitEvent } from '../../src/exit/events.js';
import { FailureType } from '../../src/exit/failures.js';
import { capturedLog } from '../support/captured-log.js';
import { finalFailure } from '../support/failures.js';
import { limitedNats } from '../support/limited-nats.js';

const { signal } = new AbortController();
const { Refused } = FailureType;

describe('on a NATS account with limits', () => {
  const { start, connected } = limitedNats();

  it('streams, buckets and consumers fit the account without any setting', async () => {
    await start(
      'max_file: 1GB, max_bytes: true, store_max_stream_bytes: 100MB, max_ack_pending: 1000',
      'jetstream { store_dir: STORE, limits { duplicate_window: "1m", max_ack_pending: 1000 } }',
    );
    const bus = await connected();
    for (let n = 0; n < 16; n++) await openBucket(bus, `bucket-${n}`);
    await ensureConsumer(bus, 'one', { max_ack_pending: bus.room.maxAckPending });
    const { config } = await bus.jsm.streams.info(EXITS);
    assert.equal(config.max_bytes, 100 * 1024 ** 2);
    assert.equal((await bus.jsm.consumers.info(EXITS, 'one')).config.max_ack_pending, 1_000);
  });

  it('settings say how large streams and buckets are', async () => {
    await start('max_file: 1GB, max_bytes: true');
    const bus = await connected({ NATS_STREAM_MAX_BYTES: '2000000', NATS_BUCKET_MAX_BYTES: '1000000' });
    await openBucket(bus, 'notes');
    assert.equal((await bus.jsm.streams.info(EXITS)).config.max_bytes, 2_000_000);
    assert.equal((await bus.jsm.streams.info('KV_notes')).config.max_bytes, 1_000_000);
  });

  const refusals: [limits: string, settings: Record<string, string>, message: RegExp][] = [
    [
      'max_file: 1GB, store_max_stream_bytes: 1MB',
      { NATS_STREAM_MAX_BYTES: '2000000' },
      /^The stream EXITS is not created: stream max bytes exceeds .*: lower NATS_STREAM_MAX_BYTES$/,
    ],
    [
      'max_file: 10MB, max_bytes: true',
      { NATS_STREAM_MAX_BYTES: '6000000' },
      /^The stream EXITS_DEAD_LETTERS is not created: insufficient storage .*: lower NATS_STREAM_MAX_BYTES, or raise the storage of the account$/,
    ],
    [
      'max_file: 1GB, max_streams: 2',
      {},
      /^The stream EXITS_ADVISORIES is not created: maximum number of streams reached: raise max_streams/,
    ],
    [
      'max_file: 1GB',
      { NATS_REPLICAS: '3' },
      /^The stream EXITS is not created: replicas > 1 .*: lower NATS_REPLICAS, or add servers$/,
    ],
  ];
  for (const [limits, settings, message] of refusals)
    it(`names the stream and what to change: ${limits} ${JSON.stringify(settings)}`, async () => {
      await start(limits);
      assert.match(await finalFailure(Refused, connected(settings)), message);
    });

  it('names the bucket and what to change', async () => {
    await start('max_file: 1GB, max_streams: 3');
    assert.match(
      await finalFailure(Refused, openBucket(await connected(), 'notes')),
      /^The bucket notes cannot be opened: maximum number of streams reached: raise max_streams/,
    );
    const bus = await connected({ NATS_BUCKET_MAX_BYTES: '2000000000' });
    assert.match(
      await finalFailure(Refused, openBucket(bus, 'notes')),
      /^The bucket notes cannot be opened: .*/,
    );
  });

  it('names the consumer and what to change', async () => {
    await start(
      'max_file: 1GB, max_consumers: 1',
      'jetstream { store_dir: STORE, limits { max_ack_pending: 500 } }',
    );
    const bus = await connected();
    const asMuchAsPossible = { max_ack_pending: bus.room.maxAckPending };
    assert.match(
      await finalFailure(Refused, ensureConsumer(bus, 'one', asMuchAsPossible)),
      /^The consumer one is not created: consumer max ack pending .* limit of 500: set NATS_MAX_ACK_PENDING to at most that$/,
    );
    const fitted = await connected({ NATS_MAX_ACK_PENDING: '500' });
    await ensureConsumer(bus, 'one', { max_ack_pending: fitted.room.maxAckPending });
    assert.match(
      await finalFailure(Refused, ensureConsumer(bus, 'two', {})),
      /^The consumer two is not created: maximum consumers limit reached: raise max_consumers/,
    );
  });

  const resigned = (reason: string): ExitEvent<'employee.resigned'> => ({
    ...{
      type: 'employee.resigned',
      id: reason.slice(0, 10),
      source: '/a/test',
      time: new Date().toISOString(),
    },
    ...{ employeeId: 'E-1', exitId: 'exit-1', data: { employeeId: 'E-1', reason } },
  });

  it('an event that is too large, or for which the stream has no room, is a final failure that names the limit', async () => {
    await start('max_file: 1GB', 'max_payload: 1500');
    const bus = await connected({ NATS_STREAM_MAX_BYTES: '3000' });
    assert.match(
      await finalFailure(Refused, bus.publish(resigned('x'.repeat(1_600)))),
      /^exit\.E-1\.exit-1\.employee\.resigned is not published: .*max_payload.*: raise max_payload of the NATS server$/,
    );
    await bus.publish(resigned(`a${'x'.repeat(700)}`));
    await bus.publish(resigned(`b${'x'.repeat(700)}`));
    assert.match(
      await finalFailure(Refused, bus.publish(resigned(`c${'x'.repeat(700)}`))),
      /: maximum bytes exceeded: raise max_bytes of the stream EXITS$/,
    );
  });

  it('a request that the server limits ends with the limit, and not never', async () => {
    await start('max_file: 1GB', 'jetstream { store_dir: STORE, limits { max_request_batch: 5 } }');
    const bus = await connected();
    await bus.publish(resigned('moving'));
    assert.match(
      await finalFailure(Refused, readLogs(bus)),
      /^The stream EXITS cannot be read: .*maxrequestbatch of 5: raise that limit of the NATS server$/,
    );
  });

  it('every service starts where the account has room for just what is documented', async () => {
    await start('max_file: 1GB, max_bytes: true, max_ack_pending: 1000, max_streams: 14, max_consumers: 17');
    const bus = await connected();
    const { log, lines } = capturedLog();
    const tokens = Object.fromEntries(
      ['DIRECTORY', 'PAYROLL', 'CODE', 'PRODUCTION'].map((name) => [`${name}_SCIM_TOKEN`, 'secret']),
    );
    const config = parseConfig(readFileSync('ems.config.yaml', 'utf8'), 'ems.config.yaml', tokens);
    const services = await startServices({ bus, config, services: subscriberNames, log });
    await services.stop();
    assert.match(lines[0]!.msg, /^NATS allows 1000 unacknowledged messages a consumer: with more open exits/);
  });

  it('a rate limit that cannot be recorded is a final failure, and no endless wait', async () => {
    await start('max_file: 1GB');
    const bus = await connected({ NATS_BUCKET_MAX_BYTES: '10' });
    const limitOf = await openRateLimits(bus);
    await finalFailure(Refused, limitOf('payroll', 1)(signal));
  });

  describe('a record', () => {
    interface Note {
      text: string;
    }
    let kv: KV;
    /** Longer than the test: only the end of the lease lets the next holder in. */
    const leaseMs = 600_000;
    const records = async (settings: Record<string, string> = {}) => {
      const bus = await connected(settings);
      kv = await openBucket(bus, 'notes');
      return openRecords<Note>(bus, { bucket: 'notes', empty: { text: '' }, leaseMs });
    };
    const grow = async (record: Leased<Note>, size: number): Promise<void> => {
      record.value.text = 'x'.repeat(size);
      await record.save();
    };
    const read = (from: Awaited<ReturnType<typeof records>>) =>
      from.lease('a', signal, (record) => Promise.resolve(record.value.text.length));

    for (const [what, limits, settings, reason] of [
      ['is too large', 'max_payload: 4000', {}, /raise max_payload of the NATS server$/],
      [
        'has no room',
        '',
        { NATS_BUCKET_MAX_BYTES: '4000' },
        /maximum bytes exceeded: raise max_bytes of the bucket notes$/,
      ],
    ] as const)
      it(`whose save ${what} ends its lease at once: a final failure with the reason, and the value before it stays`, async () => {
        await start('max_file: 1GB', limits);
        const [one, two] = [await records(settings), await records(settings)];
        let isAborted = false;
        const refused = one.lease('a', signal, async (record) => {
          await grow(record, 100);
          await grow(record, 5_000).catch(() => undefined);
          isAborted = record.signal.aborted;
          throw new Error('an outage that follows from it');
        });
        assert.match(await finalFailure(Refused, refused), reason);
        assert.ok(isAborted, 'the work is told');
        assert.equal(await read(two), 100);
      });

    it('whose result is too large is given back as it was', async () => {
      await start('max_file: 1GB', 'max_payload: 4000');
      const [one, two] = [await records(), await records()];
      const refused = one.lease('a', signal, async (record) => {
        await grow(record, 100);
        record.value.text = 'x'.repeat(5_000);
      });
      await finalFailure(Refused, refused);
      assert.equal(await read(two), 100);
    });

    it('in a full bucket is refused from the start', async () => {
      await start('max_file: 1GB');
      const full = await records({ NATS_BUCKET_MAX_BYTES: '10' });
      await finalFailure(
        Refused,
        full.lease('a', signal, (record) => record.save()),
      );
      assert.equal(await kv.get('a'), null);
    });
  });
});
