/** How the interview of an exit stands, and whether it can move. */
import type { RecordedEvent } from './events.js';
import type { Interview } from './interview.js';
import { type Step, isStuck } from './status.js';
import type { StepLedger } from './step-ledger.js';

interface InterviewWish {
  /** A time that a person gave: ISO 8601, UTC. */
  at?: string | undefined;
  /** Mail address of the person. */
  by?: string | undefined;
  /** A person asked for another time. Otherwise the interview moves only where it must. */
  isAsked: boolean;
}

export type InterviewRequest = RecordedEvent<
  'interview.reschedule-requested' | 'resignation.amended' | 'exit.handed-over'
>;

export const isInterviewRequest = (event: { type: string }): event is InterviewRequest =>
  ['interview.reschedule-requested', 'resignation.amended', 'exit.handed-over'].includes(event.type);

export class InterviewStanding {
  /** As the latest invitation has it. */
  interview: Interview | undefined;
  /** The latest request for another time, or the act that made one necessary. */
  request: InterviewRequest | undefined;

  constructor(private readonly ledger: StepLedger) {}

  /** The step that carries out the latest request, or schedules the first time. */
  get currentStep(): Step | undefined {
    return this.moving ?? this.scheduling;
  }

  /** The step that a person did by hand. EMS cannot withdraw an invitation that it did not send. */
  get arrangedByHand(): Step | undefined {
    return [this.moving, this.scheduling].find((step) => step?.state === 'done-by-hand');
  }

  record({ data }: RecordedEvent<'interview.scheduled' | 'interview.rescheduled'>): void {
    const { identities: _, employeeName: __, notes: ___, ...interview } = data;
    // Two outcomes can arrive in either order. The later invitation has the higher SEQUENCE (RFC 5546 §2.1.4).
    if (interview.sequence >= (this.interview?.sequence ?? 0)) this.interview = interview;
  }

  /** What HR is asked for by the latest request. */
  get wish(): InterviewWish {
    const { request } = this;
    if (request?.type !== 'interview.reschedule-requested') return { by: request?.data.by, isAsked: false };
    const { at, by } = request.data;
    return { at: at === undefined ? undefined : new Date(at).toISOString(), by, isAsked: true };
  }

  /** Why its steps do not allow another time now. */
  get problem(): string | undefined {
    if (!this.currentStep) return 'the exit has not begun to schedule the interview: try again in a moment';
    const { state } = this.currentStep;
    if (state === 'pending' || state === 'running')
      return 'the interview is being arranged: try again once that step is done';
    if (!this.interview && !isStuck(this.currentStep))
      return `the step schedule-hr-interview is ${state}: EMS knows of no interview to move`;
    return undefined;
  }

  /**
   * Whether an invitation may exist for a time in the future. An entry in a calendar may have moved there.
   * @param now ISO 8601
   */
  mayNeedWithdrawal(now: string): boolean {
    const { interview, scheduling } = this;
    if (this.arrangedByHand) return true;
    if (interview)
      return Date.parse(interview.start) > Date.parse(now) || interview.calendarUrl !== undefined;
    // A step that was skipped half-way may have sent an invitation.
    return scheduling?.startedAt !== undefined && scheduling.state !== 'done';
  }

  private get scheduling(): Step | undefined {
    return this.ledger.find('schedule-hr-interview');
  }

  private get moving(): Step | undefined {
    return this.ledger.find('reschedule-hr-interview');
  }
}
