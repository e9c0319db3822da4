/** Small questions about turns. Pure. */

import type { Chat, Turn } from './protocol';
import type { Resumed } from './wire';

/** Characters of a message that name its chat. */
const TITLE = 60;

/** What a chat is called that begins so. */
export function titleOf(prompt: string): string {
  const line = prompt.trim().replace(/\s+/g, ' ');
  return line.length > TITLE ? `${line.slice(0, TITLE - 1)}…` : line;
}

/** The latest turn of a stored session. */
export function lastOf({ history }: Resumed): number {
  return Math.max(0, ...history.map((each) => each.turn));
}

/** Whether a tool was called that can change files. */
export function mayHaveChanged(turn: Turn): boolean {
  return turn.items.some((item) => item.kind === 'call' && ['edit', 'execute', 'other'].includes(item.tool));
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The turn that runs. Explanations are none. */
export function runningTurn(chat: Chat): Turn | undefined {
  return chat.turns.findLast((turn) => turn.number > 0 && turn.end === undefined);
}

/** The latest message of the user and what came of it. */
export function lastTurn(chat: Chat): Turn | undefined {
  return chat.turns.findLast((turn) => turn.number > 0);
}
