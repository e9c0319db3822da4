/** Questions of the server that wait for the user. */

import type { Board } from './board';
import type { Ask } from './protocol';
import { askOf, type Label } from './translate';
import { runningTurn } from './turns';
import type { Asked, Outcome } from './wire';

export interface Cancellation {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

const CANCELLED: Outcome = { outcome: { outcome: 'cancelled' } };

export class Asks {
  private readonly open = new Map<string, (option: string | null) => void>();
  private count = 0;

  constructor(
    private readonly board: Board,
    private readonly label: Label,
    /** The question is answered or taken back. */
    private readonly onEnd: (ask: Ask) => void,
  ) {}

  /** Have the user decide; `cancellation` takes the question back. */
  async ask(asked: Asked, cancellation: Cancellation): Promise<Outcome> {
    const { chat } = this.board;
    const turn = runningTurn(chat);
    if (turn === undefined || asked.sessionId !== chat.session || cancellation.isCancellationRequested) {
      return CANCELLED;
    }
    const ask = askOf(`ask-${++this.count}`, asked, this.label);
    this.board.apply({ type: 'item', turn: turn.number, item: ask });
    let listener: { dispose(): void } | undefined;
    const answer = await new Promise<string | null>((resolve) => {
      this.open.set(ask.id, resolve);
      listener = cancellation.onCancellationRequested(() => resolve(null));
    });
    listener?.dispose();
    this.open.delete(ask.id);
    this.board.apply({ type: 'answered', ask: ask.id, answer });
    this.onEnd(ask);
    return answer === null ? CANCELLED : { outcome: { outcome: 'selected', optionId: answer } };
  }

  /** What the user has chosen; what is not among the options is no answer. */
  answer(id: string, option: string): void {
    if (this.find(id)?.options.some((each) => each.id === option)) {
      this.open.get(id)?.(option);
    }
  }

  find(id: string): Ask | undefined {
    const items = this.board.chat.turns.flatMap((turn) => turn.items);
    return items.find((item): item is Ask => item.kind === 'ask' && item.id === id);
  }

  /** The turn is over. */
  takeBack(): void {
    for (const resolve of this.open.values()) {
      resolve(null);
    }
  }
}
