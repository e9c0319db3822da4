/** What the view says of a chat. Pure. */

import type { Call, Chat, FileChange, Item, Turn, TurnEnd } from '../src/chat/protocol';
import { lastTurn, runningTurn } from '../src/chat/turns';

/** One line on the screen has no more characters than that. */
const LINE = 500;
/** Longest title that is read aloud. */
const SPOKEN = 120;

/** A text that is meant to be short, and was not written here. */
export function clip(text: string): string {
  return text.length > LINE ? `${text.slice(0, LINE)}…` : text;
}

/** How a turn ended, if not by itself; empty if there is nothing to say. */
export function endWords(end: TurnEnd): string {
  if (end.problem !== '') {
    return end.problem;
  }
  switch (end.stopReason) {
    case 'end_turn':
      return '';
    case 'cancelled':
      return 'Stopped.';
    case 'max_tokens':
      return 'The answer was cut off: it became too long.';
    case 'max_turn_requests':
      return 'Stopped after many steps. Say “go on” to continue.';
    case 'refusal':
      return 'The model refused to answer.';
    default:
      return 'The turn did not end well. Try it again.';
  }
}

export const STATUS: Record<Call['status'], string> = {
  pending: 'Waiting',
  in_progress: 'Running',
  completed: 'Done',
  failed: 'Failed',
};

/** Why a call failed, in one line; empty if it did not, or nothing is known. */
export function reasonOf({ status, text }: Call): string {
  const line = status === 'failed' ? text.split('\n').find((each) => each.trim() !== '') : undefined;
  return clip(line?.trim() ?? '');
}

/** What is said aloud when a chat has become another; empty for all that is only more text. */
export function news(before: Chat, after: Chat): string {
  if (before.session !== after.session && before.turns !== after.turns && !after.isRunning) {
    return '';
  }
  const said: string[] = [];
  if (!before.isRunning && after.isRunning) {
    said.push('Fimble is answering.');
  }
  const known = openAsks(before);
  for (const ask of openAsks(after)) {
    if (!known.some((each) => each.id === ask.id)) {
      said.push(`Permission needed: ${ask.title.slice(0, SPOKEN)}`);
    }
  }
  const end = lastTurn(after)?.end;
  if (before.isRunning && !after.isRunning && end !== undefined) {
    said.push(endWords(end) || 'The answer is complete.');
  }
  return said.join(' ');
}

/** Questions that wait for an answer. */
export function openAsks(chat: Chat): Extract<Item, { kind: 'ask' }>[] {
  const items = runningTurn(chat)?.items ?? [];
  return items.filter((item) => item.kind === 'ask').filter((ask) => ask.answer === undefined);
}

/** All that the model has answered in a turn. */
export function answerOf(turn: Turn): string {
  return turn.items.flatMap((item) => (item.kind === 'text' ? [item.text] : [])).join('\n\n');
}

export function openChanges(changes: readonly FileChange[]): FileChange[] {
  return changes.filter((change) => change.state === 'open');
}

/** Of the window's tokens, in percent. */
export function percentUsed({ used, size }: { used: number; size: number }): number {
  return size > 0 ? Math.min(100, Math.max(0, Math.round((100 * used) / size))) : 0;
}

/** When something was, for a list: `just now`, `5 minutes ago`, `yesterday`, or a date. */
export function when(iso: string, now: number): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) {
    return '';
  }
  const minutes = Math.floor((now - then) / 60_000);
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  if (minutes < 1) {
    return 'just now';
  }
  if (minutes < 60) {
    return relative.format(-minutes, 'minute');
  }
  if (minutes < 24 * 60) {
    return relative.format(-Math.floor(minutes / 60), 'hour');
  }
  const days = Math.floor(minutes / (24 * 60));
  return days < 14 ? relative.format(-days, 'day') : new Date(then).toLocaleDateString();
}
