import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** The search attributes of an exit. They are not encrypted: no personal data beyond the employee id. */
export const searchAttributes = {
  EmployeeId: defineSearchAttributeKey('EmployeeId', SearchAttributeType.KEYWORD),
  ExitPhase: defineSearchAttributeKey('ExitPhase', SearchAttributeType.KEYWORD),
  ExitOutcome: defineSearchAttributeKey('ExitOutcome', SearchAttributeType.KEYWORD),
  NeedsAttention: defineSearchAttributeKey('NeedsAttention', SearchAttributeType.BOOL),
  /** When the decision is overdue. */
  ReviewBy: defineSearchAttributeKey('ReviewBy', SearchAttributeType.DATETIME),
  LastWorkingDay: defineSearchAttributeKey('LastWorkingDay', SearchAttributeType.DATETIME),
};
