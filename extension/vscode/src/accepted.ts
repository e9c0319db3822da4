/** Which suggestion is on the screen, and how much of it has been inserted in parts. */

export interface Place {
  readonly line: number;
  readonly character: number;
}

/** A suggestion as the server gave it. */
export interface Offered {
  /** By which the server knows it. */
  readonly id: string;
  readonly text: string;
  /** Where its text begins. */
  readonly start: Place;
}

/**
 * The suggestion of which `text` is a beginning, and so was inserted; undefined if it is of none.
 * Further candidates differ from each other at once, so there is at most one.
 */
export function acceptedOf(offered: readonly Offered[], text: string): Offered | undefined {
  return text === '' ? undefined : offered.find((each) => each.text.startsWith(text));
}

/**
 * Whether the editor shows a suggestion while an entry of its completion list is selected: only one
 * that goes on from that. Both are given as the line would read, from its start.
 */
export function goesOn(suggested: string, selected: string): boolean {
  return suggested.startsWith(selected);
}
