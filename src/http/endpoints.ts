/** The endpoints of the HTTP API. The routes and the OpenAPI document are made of this table. */
import { z } from 'zod';
import { MOST_BYTES, type PreviewedRow } from '../client/bulk.js';
import { parse } from '../exit/input.js';
import { Refusal } from '../exit/refusal.js';
import type { ExitsFor, OpenRequest } from './exits-for.js';
import {
  AmendmentAnswer,
  AmendmentBody,
  CompanyAnswer,
  FindQuery,
  FoundAnswer,
  HandOverAllAnswer,
  HandOverAllBody,
  HandOverAnswer,
  HandOverBody,
  DecisionAnswer,
  DecisionBody,
  ConfirmationAnswer,
  ConfirmationBody,
  ConfirmedOpeningsBody,
  ConfirmedTableBody,
  EndedOpeningsAnswer,
  InterviewAnswer,
  ListAnswer,
  ListQuery,
  OpenBody,
  OpenedAnswer,
  OpenedTableAnswer,
  OpeningsAnswer,
  PeopleAnswer,
  PeopleQuery,
  PreviewAnswer,
  PreviewedDecisionAnswer,
  PreviewedTableAnswer,
  ProposalAnswer,
  RejectedOpeningsBody,
  RejectionBody,
  ReportAnswer,
  ReschedulingBody,
  ResolutionBody,
  StatusAnswer,
  StepAnswer,
  TableBody,
  UserAnswer,
} from './api-schemas.js';
import { ResignedEvent, STRUCTURED } from './cloud-event.js';
import { requestIdOf } from './idempotency.js';
import { pageOf, partFor } from './paging.js';
import type { Act } from './roles.js';

interface Asked<B, Q> {
  exits: ExitsFor;
  /** Empty where the path has none. */
  exitId: string;
  body: B;
  query: Q;
  /** The same at each repetition of the request; undefined without an `Idempotency-Key`. */
  requestId: string | undefined;
}

interface Definition<B extends z.ZodType, Q extends z.ZodType> {
  /** The OpenAPI `operationId`. */
  name: string;
  method: 'GET' | 'POST';
  /** Under `/api/v1`, as OpenAPI writes it. */
  path: string;
  summary: string;
  act: Act;
  /** What does as well, where it depends on what is asked for. */
  or?: Act;
  body?: B;
  /** Of the body; default: `application/json`. */
  mediaType?: string;
  /** Bytes; default: the server's. */
  bodyLimit?: number;
  query?: Q;
  status: number;
  answer: z.ZodType;
  /** `handle` returns `Rows`. */
  inRows?: true;
  /** @returns the body of the answer, or a promise of it */
  handle: (asked: Asked<z.output<B>, z.output<Q>>) => unknown;
}

export type Endpoint = Omit<Definition<z.ZodType, z.ZodType>, 'handle'> & {
  /** @throws Refusal `invalid` where the body or the query is malformed */
  answerTo: (asked: Asked<unknown, unknown>) => Promise<unknown>;
};

const None = z.undefined();
/** In JSON a line end and a quote take two bytes. */
const LONGEST_TABLE = 2 * MOST_BYTES;

function endpoint<B extends z.ZodType = typeof None, Q extends z.ZodType = typeof None>({
  handle,
  ...rest
}: Definition<B, Q>): Endpoint {
  return {
    ...rest,
    async answerTo({ body, query, ...asked }) {
      const checked = {
        body: (rest.body && valid(rest.body, body)) as z.output<B>,
        query: (rest.query && valid(rest.query, query)) as z.output<Q>,
      };
      return handle({ ...asked, ...checked });
    },
  };
}

function valid<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = parse(schema as z.ZodType<z.output<T>>, input);
  if (parsed.ok) return parsed.value;
  throw new Refusal('invalid', parsed.problem);
}

async function opened(exits: ExitsFor, request: OpenRequest, requestId: string | undefined) {
  const { found, ...exit } = await exits.open(request, requestId);
  return { ...exit, remarks: found?.directoryProblem === undefined ? [] : [found.directoryProblem] };
}

export const endpoints: Endpoint[] = [
  endpoint({
    name: 'whoAmI',
    method: 'GET',
    path: '/me',
    summary: 'Whose token it is, and what it may do.',
    act: 'read',
    status: 200,
    answer: UserAnswer,
    handle({ exits: { user } }) {
      const { name, email, roles, acts } = user;
      return { name, email, roles, acts };
    },
  }),
  endpoint({
    name: 'readCompany',
    method: 'GET',
    path: '/company',
    summary: 'What a page about an exit says of the company.',
    act: 'report',
    status: 200,
    answer: CompanyAnswer,
    handle: ({ exits }) => exits.company(),
  }),
  endpoint({
    name: 'listExits',
    method: 'GET',
    path: '/exits',
    summary: 'Lists exits: open ones first, the newest of them on top. A manager sees the own reports.',
    act: 'read',
    query: ListQuery,
    status: 200,
    answer: ListAnswer,
    async handle({ exits, query: { limit, cursor, ...filter } }) {
      const { exits: found, problems } = await exits.list({ ...filter, page: partFor(limit, cursor) });
      return { ...pageOf(found, limit, cursor), problems };
    },
  }),
  endpoint({
    name: 'openExit',
    method: 'POST',
    path: '/exits',
    summary: 'Opens the exit of an employee: access is blocked, the manager told, the interview arranged.',
    act: 'open',
    body: OpenBody,
    status: 201,
    answer: OpenedAnswer,
    handle: ({ exits, body, requestId }) => opened(exits, body, requestId),
  }),
  endpoint({
    name: 'previewExit',
    method: 'POST',
    path: '/exits/preview',
    summary: 'Shows what the exit of an employee would find and set off, and opens none.',
    act: 'open',
    body: OpenBody,
    status: 200,
    answer: PreviewAnswer,
    handle: ({ exits, body }) => exits.preview(body),
  }),
  endpoint({
    name: 'findExit',
    method: 'GET',
    path: '/exits/find',
    summary: 'The id of the open exit of an employee, else of the newest one.',
    act: 'read',
    query: FindQuery,
    status: 200,
    answer: FoundAnswer,
    handle: ({ exits, query }) => exits.find(query),
  }),
  endpoint({
    name: 'receiveEvent',
    method: 'POST',
    path: '/cloudevents',
    summary:
      'Opens the exit that a CloudEvent tells of. Binary content mode has the attributes in ce- headers, and the data as application/json.',
    act: 'open',
    body: ResignedEvent,
    mediaType: STRUCTURED,
    status: 201,
    answer: OpenedAnswer,
    handle: ({ exits, body: { source, id, data } }) =>
      opened(exits, data, requestIdOf('cloudevents', source, id)),
  }),
  endpoint({
    name: 'findPeople',
    method: 'GET',
    path: '/people',
    summary: 'Searches the directory by a part of a name, a login or a mail address.',
    act: 'open',
    query: PeopleQuery,
    status: 200,
    answer: PeopleAnswer,
    handle: ({ exits, query }) => exits.people(query.name),
  }),
  endpoint({
    name: 'previewTable',
    method: 'POST',
    path: '/table/preview',
    summary: 'Shows what each row of a table (CSV) would open, and opens nothing.',
    act: 'open',
    body: TableBody,
    bodyLimit: LONGEST_TABLE,
    status: 200,
    answer: PreviewedTableAnswer,
    inRows: true,
    handle({ exits, body }) {
      const { rows, opensNow } = exits.previewTable(body);
      return { rows, end: async (found: PreviewedRow[]) => ({ opensNow: await opensNow(found) }) };
    },
  }),
  endpoint({
    name: 'openTable',
    method: 'POST',
    path: '/table',
    summary:
      'Opens an exit for each row of a table (CSV), and answers once each row has its result. The same table again opens no exit twice.',
    act: 'open',
    body: ConfirmedTableBody,
    bodyLimit: LONGEST_TABLE,
    status: 200,
    answer: OpenedTableAnswer,
    inRows: true,
    handle: ({ exits, body }) => ({ rows: exits.openTable(body) }),
  }),
  endpoint({
    name: 'listOpenings',
    method: 'GET',
    path: '/openings',
    summary: 'The openings that wait for a second person, the oldest first. Nothing of them is blocked yet.',
    act: 'read',
    status: 200,
    answer: OpeningsAnswer,
    handle: async ({ exits }) => ({ openings: await exits.waiting() }),
  }),
  endpoint({
    name: 'confirmOpenings',
    method: 'POST',
    path: '/openings/confirmation',
    summary:
      'Opens exits that another person, or a program, has asked for, and answers once each has its result.',
    act: 'decide',
    body: ConfirmedOpeningsBody,
    status: 200,
    answer: EndedOpeningsAnswer,
    inRows: true,
    handle: async ({ exits, body }) => ({ rows: await exits.confirmOpenings(body.employeeIds) }),
  }),
  endpoint({
    name: 'rejectOpenings',
    method: 'POST',
    path: '/openings/rejection',
    summary: 'Ends openings that another person, or a program, has asked for, or withdraws the own ones.',
    act: 'decide',
    body: RejectedOpeningsBody,
    status: 200,
    answer: EndedOpeningsAnswer,
    inRows: true,
    handle: async ({ exits, body: { employeeIds, note } }) => ({
      rows: await exits.rejectOpenings(employeeIds, note),
    }),
  }),
  endpoint({
    name: 'exitStatus',
    method: 'GET',
    path: '/exits/{exitId}',
    summary: 'How an exit stands: its steps, what needs attention, and who is awaited.',
    act: 'read',
    status: 200,
    answer: StatusAnswer,
    handle: ({ exits, exitId }) => exits.status(exitId),
  }),
  endpoint({
    name: 'exitReport',
    method: 'GET',
    path: '/exits/{exitId}/report',
    summary: 'The evidence of an exit, from its record alone.',
    act: 'report',
    status: 200,
    answer: ReportAnswer,
    handle: ({ exits, exitId }) => exits.report(exitId),
  }),
  endpoint({
    name: 'decideExit',
    method: 'POST',
    path: '/exits/{exitId}/decision',
    summary:
      'Finalises the decision, as the person of the token. The first valid decision stands. Where the plan asks for a second person, it waits: the answer has proposedAt.',
    act: 'decide',
    body: DecisionBody,
    status: 200,
    answer: DecisionAnswer,
    handle: ({ exits, exitId, body }) => exits.decide(exitId, body),
  }),
  endpoint({
    name: 'previewDecision',
    method: 'POST',
    path: '/exits/{exitId}/decision/preview',
    summary: 'Shows the steps that a decision would set off, and when; decides nothing.',
    act: 'decide',
    body: DecisionBody,
    status: 200,
    answer: PreviewedDecisionAnswer,
    handle: ({ exits, exitId, body }) => exits.previewDecision(exitId, body),
  }),
  endpoint({
    name: 'confirmProposal',
    method: 'POST',
    path: '/exits/{exitId}/confirmation',
    summary:
      'Confirms what another person has proposed: a decision, by those who decide; an override, by those who resolve.',
    act: 'decide',
    or: 'resolve',
    body: ConfirmationBody,
    status: 200,
    answer: ConfirmationAnswer,
    handle: ({ exits, exitId, body }) => exits.confirm(exitId, body.number),
  }),
  endpoint({
    name: 'rejectProposal',
    method: 'POST',
    path: '/exits/{exitId}/rejection',
    summary:
      'Rejects what another person has proposed, a decision or an override, or withdraws the own proposal.',
    act: 'decide',
    or: 'resolve',
    body: RejectionBody,
    status: 200,
    answer: ProposalAnswer,
    handle: ({ exits, exitId, body }) => exits.reject(exitId, body),
  }),
  endpoint({
    name: 'amendExit',
    method: 'POST',
    path: '/exits/{exitId}/amendment',
    summary:
      'Changes the last working day, or the day from which leaving takes effect. Due dates and the interview follow.',
    act: 'amend',
    body: AmendmentBody,
    status: 200,
    answer: AmendmentAnswer,
    handle: ({ exits, exitId, body }) => exits.amend(exitId, body),
  }),
  endpoint({
    name: 'handOverExit',
    method: 'POST',
    path: '/exits/{exitId}/hand-over',
    summary: 'Gives the exit to another HR partner of the configuration. The interview follows.',
    act: 'amend',
    body: HandOverBody,
    status: 200,
    answer: HandOverAnswer,
    handle: ({ exits, exitId, body }) => exits.handOver(exitId, body),
  }),
  endpoint({
    name: 'handOverAll',
    method: 'POST',
    path: '/hand-over',
    summary: 'Gives every open exit of one HR partner to another one, and says what became of each.',
    act: 'amend',
    body: HandOverAllBody,
    status: 200,
    answer: HandOverAllAnswer,
    handle: async ({ exits, body }) => ({ rows: await exits.handOverAll(body) }),
  }),
  endpoint({
    name: 'resolveStep',
    method: 'POST',
    path: '/exits/{exitId}/resolve',
    summary: 'Mends a stuck step: tries it again, or records that it was done by hand or is skipped.',
    act: 'resolve',
    body: ResolutionBody,
    status: 200,
    answer: StepAnswer,
    handle: ({ exits, exitId, body }) => exits.resolve(exitId, body),
  }),
  endpoint({
    name: 'previewResolution',
    method: 'POST',
    path: '/exits/{exitId}/resolve/preview',
    summary: 'The step as it stands, where it could be mended so; changes nothing.',
    act: 'resolve',
    body: ResolutionBody,
    status: 200,
    answer: StepAnswer,
    handle: ({ exits, exitId, body }) => exits.previewResolution(exitId, body),
  }),
  endpoint({
    name: 'moveInterview',
    method: 'POST',
    path: '/exits/{exitId}/interview',
    summary: 'Moves the interview, and answers once the new invitations are out.',
    act: 'interview',
    body: ReschedulingBody,
    status: 200,
    answer: InterviewAnswer,
    handle: ({ exits, exitId, body }) => exits.reschedule(exitId, body),
  }),
];
