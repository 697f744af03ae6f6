/** What the commands of `ems` use: of an application in this process, or of a console over its API. */
import type { Application } from './application.js';
import type { tablesOf } from './bulk.js';

type Tables = ReturnType<typeof tablesOf>;

export type UseCases = Pick<
  Application,
  | 'people'
  | 'preview'
  | 'open'
  | 'waiting'
  | 'confirmOpenings'
  | 'rejectOpenings'
  | 'status'
  | 'follow'
  | 'list'
  | 'decide'
  | 'previewDecision'
  | 'confirm'
  | 'reject'
  | 'amend'
  | 'handOver'
  | 'handOverAll'
  | 'resolve'
  | 'previewResolution'
  | 'interview'
  | 'reschedule'
  | 'report'
  | 'company'
> & {
  previewTable: (
    ...asked: Parameters<Tables['previewTable']>
  ) => Omit<ReturnType<Tables['previewTable']>, 'count'>;
  openTable: Tables['openTable'];
};
