/** Mentions in what is typed: `@` and what stands behind it. Pure. */

export interface Typed {
  /** Of the `@`. */
  readonly start: number;
  /** Behind the `@`, up to the caret. */
  readonly text: string;
}

const TYPED = /(?:^|[\s(])@([^\s@]{0,200})$/;
/** No mention is longer; so much in front of the caret is looked at. */
const REACH = 202;

/** The mention that the caret is in or behind. */
export function typedAt(text: string, caret: number): Typed | undefined {
  const found = TYPED.exec(text.slice(Math.max(0, caret - REACH), caret));
  const behind = found?.[1];
  return behind === undefined ? undefined : { start: caret - behind.length - 1, text: behind };
}

/** The text with a mention in the place of what was typed of it, and the caret behind that. */
export function withMention(text: string, typed: Typed, mention: string): { text: string; caret: number } {
  const before = `${text.slice(0, typed.start)}${mention} `;
  const after = text.slice(typed.start + 1 + typed.text.length).replace(/^ /, '');
  return { text: before + after, caret: before.length };
}
