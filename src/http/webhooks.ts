/**
 * Webhooks of an HRIS: signed by Standard Webhooks 1.0. A delivery that will never succeed is answered with 200 and the reason, since a
 * sender repeats what is answered otherwise.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { Temporal } from 'temporal-polyfill';
import type { z } from 'zod';
import type { Application } from '../client/application.js';
import type { WebhookConfig } from '../config/config.js';
import { Refusal } from '../exit/refusal.js';
import type { WebhookAnswer } from './api-schemas.js';
import { HttpProblem, isForARetry } from './http-problem.js';
import { requestIdOf } from './idempotency.js';
import { askedIn, type Asked } from './webhook-mapping.js';

/** Bytes. A delivery may tell of many employees. */
const LONGEST_BODY = 256 * 1024;
const LONGEST_ID = 255;

type Outcome = z.output<typeof WebhookAnswer>['outcomes'][number];
type Wanted = Extract<Asked, { act: 'open' | 'withdraw' }>;

interface Delivery {
  /** `webhook-id`: the same at each attempt. */
  id: string;
  source: string;
}

interface WebhooksOptions {
  webhooks: readonly WebhookConfig[];
  /** IANA name: whose day it is. */
  timeZone: string;
  application: Application;
}

export function routeWebhooks(
  app: FastifyInstance,
  { webhooks, timeZone, application }: WebhooksOptions,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LONGEST_BODY }, (_request, body, done) =>
    done(null, body),
  );

  app.post<{ Params: { source: string } }>('/:source', async (request) => {
    const { source } = request.params;
    const webhook = webhooks.find((each) => each.source === source);
    if (!webhook)
      throw new HttpProblem(
        404,
        'unknown-page',
        `The configuration has no webhook with the source ${source}`,
      );
    const { id, payload } = verified(request, webhook);
    const outcomes: Outcome[] = [];
    const problems: string[] = [];
    for (const asked of askedIn(payload, webhook)) {
      if (asked.act === 'refuse') problems.push(asked.problem);
      else if (asked.act === 'ignore') outcomes.push({ outcome: 'ignored' });
      else {
        const outcome = await performed(asked, { id, source }).catch(refusedForGood);
        outcomes.push(outcome);
        const level = ['refused', 'waiting'].includes(outcome.outcome) ? 'warn' : 'info';
        request.log[level]({ act: asked.act, source, delivery: id, ...outcome }, 'a webhook');
      }
    }
    if (problems.length === 0) return { outcomes };
    request.log.warn({ source, delivery: id, problems }, 'a webhook that the mapping does not fit');
    throw new HttpProblem(
      422,
      'unmapped',
      `The payload lacks what the mapping needs: ${problems.join('; ')}`,
    );
  });

  async function performed(asked: Wanted, { id, source }: Delivery): Promise<Outcome> {
    const { whom } = asked;
    const employeeId = 'employeeId' in whom ? whom.employeeId : await application.employeeWith(whom.lookUp);
    const requestId = requestIdOf('webhooks', source, id);
    if (asked.act === 'withdraw') {
      const decision = { decidedBy: asked.by, outcome: 'withdrawn', note: requestId } as const;
      const { exitId, form, isRepetition } = await application.withdraw(employeeId, decision);
      return { outcome: isRepetition ? 'repeated' : 'withdrawn', employeeId, exitId, form };
    }
    const { form: wanted, lastWorkingDay: day, reason } = asked;
    // HR often enters a resignation late: the exit is then all the more urgent.
    const isPast = day !== undefined && day < Temporal.Now.plainDateISO(timeZone).toString();
    const { opened, found } = await application.submit(
      {
        ...{ employeeId, reason, requestId, submittedBy: `webhook ${source}` },
        lastWorkingDay: isPast ? undefined : day,
      },
      wanted,
    );
    const { exitId, form } = opened;
    const detail = isPast ? `The last working day ${day} is over, so the exit has none` : undefined;
    return { outcome: found ? 'opened' : 'repeated', employeeId, exitId, form, detail };
  }
}

/** @throws HttpProblem 401 where no secret made the signature, or the attempt is older than five minutes; 400 */
function verified(
  { headers, body }: FastifyRequest,
  { secrets }: WebhookConfig,
): { id: string; payload: unknown } {
  const signed = Object.fromEntries(
    ['id', 'timestamp', 'signature'].map((name) => [
      `webhook-${name}`,
      headers[`webhook-${name}`]?.toString() ?? '',
    ]),
  );
  const text = Buffer.isBuffer(body) ? body.toString() : '';
  const problems = secrets.flatMap((secret) => {
    try {
      new Webhook(secret).verify(text, signed, { jsonParse: false });
      return [];
    } catch (error) {
      if (error instanceof WebhookVerificationError) return error.message;
      throw error;
    }
  });
  if (problems.length === secrets.length)
    throw new HttpProblem(
      401,
      'unauthenticated',
      `The signature of the webhook does not count: ${problems[0]}`,
    );
  const id = signed['webhook-id']!;
  if (id.length > LONGEST_ID)
    throw new HttpProblem(400, 'invalid', `webhook-id: must have at most ${LONGEST_ID} characters`);
  try {
    return { id, payload: JSON.parse(text) };
  } catch (error) {
    throw new HttpProblem(
      400,
      'invalid',
      `The payload of the webhook is not JSON: ${(error as Error).message}`,
    );
  }
}

/** @throws Error again where a repetition may succeed */
function refusedForGood(error: unknown): Outcome {
  if (!(error instanceof Refusal) || isForARetry(error)) throw error;
  const { code, message: detail, facts } = error;
  const { employeeId, exitId } = facts as Record<string, string | undefined>;
  // It is kept: a repetition of the delivery would change nothing.
  if (code === 'awaits-second-person') return { outcome: 'waiting', code, detail, employeeId };
  return { outcome: 'refused', code, detail, employeeId, exitId };
}
