/** How an update changes a chat. Pure; the extension and the view both use it. */

import type { Chat, Item, Turn, Update } from './protocol';

export const EMPTY: Chat = {
  session: undefined,
  title: '',
  turns: [],
  isRunning: false,
  mode: 'ask',
  modes: [],
  usage: undefined,
  notes: [],
  trust: false,
  trouble: undefined,
  model: '',
};

export function updated(chat: Chat, update: Update): Chat {
  switch (update.type) {
    case 'began': {
      const turn: Turn = { number: update.turn, prompt: update.prompt, items: [], end: undefined, changes: [] };
      return { ...chat, isRunning: chat.isRunning || isOfSession(update.turn), turns: [...chat.turns, turn] };
    }
    case 'item':
      return withTurn(chat, update.turn, (turn) => ({ ...turn, items: withItem(turn.items, update.item) }));
    case 'answered':
      return {
        ...chat,
        turns: chat.turns.map((turn) => ({
          ...turn,
          items: turn.items.map((item) =>
            item.kind === 'ask' && item.id === update.ask ? { ...item, answer: update.answer } : item,
          ),
        })),
      };
    case 'ended':
      return {
        ...withTurn(chat, update.turn, (turn) => ({ ...turn, end: update.end })),
        isRunning: chat.isRunning && !isOfSession(update.turn),
      };
    case 'changes':
      return withTurn(chat, update.turn, (turn) => ({ ...turn, changes: update.changes }));
    case 'set':
      return { ...chat, ...update.values };
  }
}

/** Explanations are none, and come and go beside the turn that runs. */
function isOfSession(turn: number): boolean {
  return turn > 0;
}

/** The latest of that number. */
function withTurn(chat: Chat, number: number, change: (turn: Turn) => Turn): Chat {
  const index = chat.turns.findLastIndex((turn) => turn.number === number);
  return { ...chat, turns: chat.turns.map((turn, at) => (at === index ? change(turn) : turn)) };
}

function withItem(items: readonly Item[], item: Item): Item[] {
  const last = items.at(-1);
  if (last !== undefined && (item.kind === 'text' || item.kind === 'thought') && last.kind === item.kind) {
    return [...items.slice(0, -1), { ...last, text: last.text + item.text }];
  }
  const same = items.findIndex((each) => isSame(each, item));
  return same < 0 ? [...items, item] : items.with(same, item);
}

/** A call, a question and the plan take the place of what was shown of them. */
function isSame(one: Item, other: Item): boolean {
  if (one.kind === 'plan' || other.kind === 'plan') {
    return one.kind === other.kind;
  }
  return 'id' in one && 'id' in other && one.kind === other.kind && one.id === other.id;
}
