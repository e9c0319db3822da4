/** Explanations of code, which the server streams to whoever shows a chat: turns with numbers below 0. */

import type { Board } from './board';
import type { Turn, Update } from './protocol';
import type { Explanation } from './wire';

interface Shown {
  readonly number: number;
  readonly title: string;
  readonly text: string;
}

export class Explanations {
  /** By id, the number of its turn and what of it is there. */
  private readonly shown = new Map<string, Shown>();
  private count = 0;

  constructor(private readonly board: Board) {}

  /** Show what there is of one so far; returns whether it is a new one. */
  tell(explanation: Explanation): boolean {
    const { id, title, text, done } = explanation;
    const { chat } = this.board;
    const before = this.shown.get(id);
    const number = before?.number ?? -(++this.count);
    const known = before !== undefined && this.has(number) ? before.text : undefined;
    if (known === undefined || text.startsWith(known)) {
      const updates: Update[] = known === undefined ? [{ type: 'began', turn: number, prompt: title }] : [];
      const more = text.slice(known?.length ?? 0);
      if (more !== '') {
        updates.push({ type: 'item', turn: number, item: { kind: 'text', text: more } });
      }
      if (done) {
        updates.push({ type: 'ended', turn: number, end: endOf(explanation) });
      }
      this.board.apply(...updates);
    } else {
      const changed = (turn: Turn): Turn => ({
        ...turn,
        items: [{ kind: 'text', text }],
        end: done ? endOf(explanation) : undefined,
      });
      this.board.replace({
        ...chat,
        turns: chat.turns.map((turn) => (turn.number === number ? changed(turn) : turn)),
      });
    }
    if (done) {
      this.shown.delete(id);
    } else {
      this.shown.set(id, { number, title, text });
    }
    return before === undefined;
  }

  /** The server has ended, and with it what it explained. */
  end(): void {
    for (const [id, { number, title, text }] of [...this.shown]) {
      if (this.has(number)) {
        this.tell({ id, title, text, done: true, problem: 'The server ended meanwhile.' });
      }
    }
    this.shown.clear();
  }

  private has(number: number): boolean {
    return this.board.chat.turns.some((turn) => turn.number === number);
  }
}

function endOf({ problem = '' }: Explanation): NonNullable<Turn['end']> {
  return { stopReason: problem === '' ? 'end_turn' : 'error', problem };
}
