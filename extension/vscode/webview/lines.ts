/** The lines of a diff, with a few around them. Pure. */

import { structuredPatch } from 'diff';
import type { Diff } from '../src/chat/protocol';

export interface Line {
  readonly kind: 'added' | 'removed' | 'same' | 'gap';
  readonly text: string;
}

export interface Lines {
  readonly lines: readonly Line[];
  readonly added: number;
  readonly removed: number;
  /** Lines that are not among `lines`. */
  readonly left: number;
}

const CONTEXT = 2;
const MOST = 200;
const LONGEST_LINE = 500;
/** Texts that differ more are shown as all new; comparing them would take long. */
const TIMEOUT_MS = 100;

export function linesOf(diff: Diff): Lines {
  const old = diff.oldText ?? '';
  const patch = structuredPatch('', '', old, diff.newText, '', '', { context: CONTEXT, timeout: TIMEOUT_MS });
  const all = patch === undefined ? replaced(old, diff.newText) : patch.hunks.flatMap(hunk);
  const lines = all.slice(0, MOST);
  const count = (kind: Line['kind']): number => all.filter((line) => line.kind === kind).length;
  return { lines, added: count('added'), removed: count('removed'), left: all.length - lines.length };
}

function hunk({ lines }: { lines: string[] }, index: number): Line[] {
  const shown = lines.filter((line) => !line.startsWith('\\')).map((line): Line => {
    const kind = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
    return { kind, text: cut(line.slice(1)) };
  });
  return index === 0 ? shown : [{ kind: 'gap', text: '' }, ...shown];
}

function replaced(old: string, now: string): Line[] {
  const as = (kind: 'added' | 'removed', text: string): Line[] =>
    text === '' ? [] : text.replace(/\n$/, '').split('\n').map((line) => ({ kind, text: cut(line) }));
  return [...as('removed', old), ...as('added', now)];
}

function cut(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}
