/** Explanations of code, which the server streams to whoever shows a chat: turns with the number 0. */

import type { Board } from './board';
import type { Turn, Update } from './protocol';
import type { Explanation } from './wire';

export class Explanations {
  /** By id, where in the chat it is and what of it is there. */
  private readonly shown = new Map<string, { readonly index: number; readonly text: string }>();

  constructor(private readonly board: Board) {}

  /** Show what there is of one so far; returns whether it is a new one. */
  tell(explanation: Explanation): boolean {
    const { id, title, text, done } = explanation;
    const { chat } = this.board;
    const before = this.shown.get(id);
    const at = before === undefined ? undefined : chat.turns[before.index];
    const isThere = at?.number === 0 && at.prompt === title && at.end === undefined;
    const index = isThere && before !== undefined ? before.index : chat.turns.length;
    const known = isThere && before !== undefined ? before.text : '';
    const isLatest = chat.turns.findLastIndex((turn) => turn.number === 0) <= index;
    if (isLatest && text.startsWith(known)) {
      const updates: Update[] = isThere ? [] : [{ type: 'began', turn: 0, prompt: title }];
      if (text !== known) {
        updates.push({ type: 'item', turn: 0, item: { kind: 'text', text: text.slice(known.length) } });
      }
      if (done) {
        updates.push({ type: 'ended', turn: 0, end: endOf(explanation) });
      }
      // It is no turn of the session, whose own may run or not.
      this.board.apply(...updates, { type: 'set', values: { isRunning: chat.isRunning } });
    } else {
      this.board.replace({ ...chat, turns: chat.turns.with(index, turnOf(explanation)) });
    }
    if (done) {
      this.shown.delete(id);
    } else {
      this.shown.set(id, { index, text });
    }
    return before === undefined;
  }

  /** The server has ended, and with it what it explained. */
  end(): void {
    for (const [id, { index, text }] of [...this.shown]) {
      const title = this.board.chat.turns[index]?.prompt;
      if (title !== undefined) {
        this.tell({ id, title, text, done: true, problem: 'The server ended meanwhile.' });
      }
    }
  }
}

function turnOf(explanation: Explanation): Turn {
  const { title, text, done } = explanation;
  return {
    number: 0,
    prompt: title,
    items: [{ kind: 'text', text }],
    end: done ? endOf(explanation) : undefined,
    changes: [],
  };
}

function endOf({ problem = '' }: Explanation): NonNullable<Turn['end']> {
  return { stopReason: problem === '' ? 'end_turn' : 'error', problem };
}
