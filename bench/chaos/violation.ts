/** What EMS promises, as the judge calls it, and what was seen instead. */
export type Rule =
  | 'every accepted resignation has an exit'
  | 'every accepted decision is carried out'
  | 'nothing is stuck in silence'
  | 'blocked is true when it is said'
  | 'restored is true when it is said'
  | 'revoked is true when it is said'
  | 'no hold takes or gives back a thing too many'
  | 'no mail goes out twice under different Message-IDs'
  | 'no different mails go out under one Message-ID'
  | 'each mail that is said to be sent was taken'
  | 'no invitation without an interview'
  | 'no two interviews at one time'
  | 'every process ends on SIGTERM within its grace'
  | 'every process starts again'
  | 'every history replays';

export interface Violation {
  rule: Rule;
  /** Where it is about one. */
  employeeId?: string;
  exitId?: string;
  says: string;
}
