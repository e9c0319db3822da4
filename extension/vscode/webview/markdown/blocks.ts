/**
 * Markdown that grows at its end: blocks that are finished are rendered once. Pure.
 *
 * All blocks but the last are finished: whatever is added, they stay as they are. So only the text
 * from the last one on is read again.
 */

import type { Token } from 'markdown-it';
import { block, markdown, type Env } from './rules';

/** Deeper than that, text would be left out; it is shown as it was written. */
const DEEPEST = markdown.options.maxNesting - 2;

export interface Rendered {
  /** HTML of the blocks that are finished now and were not before. */
  readonly finished: string;
  /** HTML of the last block; empty if no text will be added. */
  readonly open: string;
  /** Where the text begins that must be read again. */
  readonly next: number;
}

/** Render the text from `from` on, which is 0 or the `next` of a shorter text. */
export function rendered(text: string, from: number, isLive: boolean): Rendered {
  const tail = text.slice(from);
  const env: Env = {};
  const tokens = markdown.parse(tail, env);
  const html = (some: Token[], env: Env): string => markdown.renderer.render(some, markdown.options, env);
  if (tokens.some(({ level }) => level >= DEEPEST)) {
    const source = block(tail, '', env);
    return isLive ? { finished: '', open: source, next: from } : { finished: source, open: '', next: text.length };
  }
  if (!isLive) {
    return { finished: html(tokens, env), open: '', next: text.length };
  }
  const last = Math.max(0, tokens.findLastIndex((token) => token.level === 0 && token.map !== null && token.nesting >= 0));
  return {
    finished: html(tokens.slice(0, last), env),
    open: html(tokens.slice(last), { ...env, isLive }),
    next: from + offsetOf(tail, tokens[last]?.map?.[0] ?? 0),
  };
}

/** Links that are named at the end are known in all of the text only when all of it is there. */
export function namesLinks(text: string): boolean {
  return /^ {0,3}\[[^\]\n]{1,200}\]:/m.test(text);
}

/** Of the first character of a line; lines end as Markdown has them. */
function offsetOf(text: string, line: number): number {
  const ends = /\r\n|\r|\n/g;
  for (let count = 0; count < line; count += 1) {
    if (ends.exec(text) === null) {
      return text.length;
    }
  }
  return ends.lastIndex;
}
