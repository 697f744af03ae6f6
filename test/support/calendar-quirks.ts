/** What makes the calendar behind the proxy behave like one of another make. */
import type { ProxiedAnswer, ProxiedRequest, Quirk } from './fault-proxy.js';

/** Changes what is asked. */
export const asking =
  (change: (request: ProxiedRequest) => ProxiedRequest): Quirk =>
  (forward) =>
  (request) =>
    forward(change(request));

/** Changes what is answered. */
export const answering =
  (change: (answer: ProxiedAnswer, request: ProxiedRequest) => ProxiedAnswer): Quirk =>
  (forward) =>
  async (request) =>
    change(await forward(request), request);

export const refusing = (status: number, ...reports: string[]): Quirk =>
  answering((answer, { body }) =>
    reports.some((report) => body.includes(report)) ? { status, headers: {}, body: '' } : answer,
  );

/** Of several, the first one is nearest to EMS. */
export const together =
  (...quirks: Quirk[]): Quirk =>
  (forward) =>
    quirks.reduceRight((inner, quirk) => quirk(inner), forward);

/** Removes an object from what a search lists. */
export const hiding = (object: string): Quirk =>
  answering((answer, { body }) =>
    body.includes('calendar-query') || body.includes('calendar-multiget')
      ? {
          ...answer,
          body: answer.body.replaceAll(/<response>[^]*?<\/response>/g, (item) =>
            item.includes(`${object}.ics`) ? '' : item,
          ),
        }
      : answer,
  );
