/** Updates on their way to the view: many at once, since a model writes quicker than one can read. */

import type { Item, Update } from './protocol';

const FRAME_MS = 30;

export class Frames {
  private waiting: Update[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (updates: readonly Update[]) => void) {}

  add(updates: readonly Update[]): void {
    this.waiting.push(...updates);
    this.timer ??= setTimeout(() => this.flush(), FRAME_MS);
  }

  /** Forget what waits: whoever has been sent all of the chat needs none of it. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = [];
  }

  private flush(): void {
    const updates = joined(this.waiting);
    this.clear();
    this.send(updates);
  }
}

/** The same in fewer updates: pieces of one text are one, and of an item the latest counts. */
export function joined(updates: readonly Update[]): Update[] {
  const short: Update[] = [];
  for (const update of updates) {
    const last = short.at(-1);
    const item =
      last?.type === 'item' && update.type === 'item' && last.turn === update.turn
        ? both(last.item, update.item)
        : undefined;
    if (item !== undefined && update.type === 'item') {
      short[short.length - 1] = { ...update, item };
    } else {
      short.push(update);
    }
  }
  return short;
}

function both(one: Item, next: Item): Item | undefined {
  if ((one.kind === 'text' || one.kind === 'thought') && next.kind === one.kind) {
    return { ...next, text: one.text + next.text };
  }
  return one.kind === 'call' && next.kind === 'call' && one.id === next.id ? next : undefined;
}
