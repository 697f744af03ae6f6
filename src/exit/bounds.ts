/** What a record, an event and a payload carry at most. An account can be in thousands of groups, and each of them can be worth a note. */

/** UTF-16 code units in JSON, which are at most 3 bytes each. A payload of Temporal's has 2 MB, a message of NATS has 1 MB. */
const MOST_LISTED = 65_536;
/** As above, for people. */
const MOST_SAID = 32_768;

/** @returns the first ones, as many as a list may have */
export function bounded<T>(list: readonly T[], most = MOST_LISTED): T[] {
  let length = 0;
  return list.filter((each) => (length += JSON.stringify(each).length) <= most);
}

/** @returns the first notes, and how many more there are */
export function boundedNotes(notes: readonly string[]): string[] {
  const first = bounded(
    notes.map((note) => boundedText(note, MOST_SAID / 2)),
    MOST_SAID,
  );
  const more = notes.length - first.length;
  return more > 0 ? [...first, `${more} further notes are left out`] : first;
}

export const boundedText = (text: string, most = MOST_SAID): string =>
  text.length > most ? `${text.slice(0, most)}… (shortened)` : text;
