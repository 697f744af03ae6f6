/** How the interview of an exit stands: what was said of it, and what can be asked of it. */
import type { RecordedEvent } from './events.js';
import type { Interview } from './interview.js';
import type { Step } from './status.js';
import type { StepLedger } from './step-ledger.js';

export class InterviewStanding {
  /** As everybody was last told. */
  interview: Interview | undefined;
  /** The latest request for another time. */
  request: RecordedEvent<'interview.reschedule-requested'> | undefined;

  constructor(private readonly ledger: StepLedger) {}

  /** The step that the latest request for a time is carried out by. */
  get currentStep(): Step | undefined {
    return this.moving ?? this.scheduling;
  }

  /** The step that was done by hand: what was arranged so has to be withdrawn so. */
  get arrangedByHand(): Step | undefined {
    return [this.moving, this.scheduling].find((step) => step?.state === 'done-by-hand');
  }

  record({ data }: RecordedEvent<'interview.scheduled' | 'interview.rescheduled'>): void {
    const { identities: _, employeeName: __, notes: ___, ...interview } = data;
    // Of two answers that cross, the one that everybody was told last has the higher SEQUENCE.
    if (interview.sequence >= (this.interview?.sequence ?? 0)) this.interview = interview;
  }

  /** Why it cannot be moved now, as far as its steps tell. */
  get problem(): string | undefined {
    if (!this.currentStep) return 'the exit has only just begun';
    const { state } = this.currentStep;
    if (state === 'pending' || state === 'running') return 'the interview is being arranged at this moment';
    if (!this.interview && state !== 'needs-attention')
      return `the step schedule-hr-interview is ${state}: nothing is known of an interview`;
    return undefined;
  }

  /**
   * Whether an invitation may be out that has to be withdrawn: for a time that is ahead, or may have been moved there in the calendar.
   * @param now ISO 8601
   */
  mayNeedWithdrawal(now: string): boolean {
    const { interview, scheduling } = this;
    if (this.arrangedByHand) return true;
    if (interview)
      return Date.parse(interview.start) > Date.parse(now) || interview.calendarUrl !== undefined;
    // Given up half-way: an invitation that stays out would be a meeting about nothing.
    return scheduling?.startedAt !== undefined && scheduling.state !== 'done';
  }

  private get scheduling(): Step | undefined {
    return this.ledger.find('schedule-hr-interview');
  }

  private get moving(): Step | undefined {
    return this.ledger.find('reschedule-hr-interview');
  }
}
