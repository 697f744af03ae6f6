/** How a server may differ from RFC 7643 and RFC 7644. Each manner is reported of real servers, and lasts for a whole script. */
export const manners = [
  'plain',
  /** The next reads show the value from before a write. */
  'lags',
  'answers every filter with everything',
  'answers every filter with nothing',
  'finds another account',
  /** A group has another name than the one that finds it. */
  'names groups otherwise',
  'ends lists too early',
  'lists one a page',
  'hides active',
  'hides members',
  /** Neither a list of members nor a filter shows an inactive account. */
  'hides inactive members',
  'takes the memberships of a suspended account',
  /** By a job, which runs after the block. */
  'takes the memberships of a suspended account later',
  /** By a job, which runs after the restore. */
  'takes the memberships of a reactivated account later',
  /** It answers a write of `active` by its path with success, and ignores it. */
  'ignores the path of a write',
  'deletes a suspended account',
  /** Removing one member removes the others. */
  'empties the group',
] as const;
export type Manner = (typeof manners)[number];

/** How a step may end on such a server. Elsewhere the hold must come through. */
const admitted: Partial<Record<Manner, RegExp>> = {
  'finds another account': /^cannot tell: /,
  'names groups otherwise': /^cannot tell: /,
  'ends lists too early': /^cannot tell: /,
  'hides active': /^cannot tell: /,
  'hides members': /^cannot tell: /,
  'hides inactive members': /^cannot tell: /,
  'deletes a suspended account': /it cannot give it back/,
  // A server whose groups are all empty is one that may hide members.
  'empties the group':
    / no longer lists \d+ other members? |^cannot tell: .* (may not show all|does not show the) members /,
};

export const isAdmitted = (sentence: string, manner: Manner): boolean =>
  admitted[manner]?.test(sentence) === true;
