/** From what the server tells to what the view shows. Pure. */

import type { Ask, Call, Chat, Diff, Item, Place, Turn, TurnEnd, Update } from './protocol';
import { EMPTY, updated } from './reduce';
import type { Asked, Content, Ended, Location, Past, SessionUpdate } from './wire';

/** What a path is called for people. */
export type Label = (path: string) => string;

/** What an event does to a chat, in a turn of it. */
export function translated(chat: Chat, turn: number, event: SessionUpdate, label: Label): Update[] {
  const item = (shown: Item): Update[] => [{ type: 'item', turn, item: shown }];
  switch (event.sessionUpdate) {
    case 'agent_message_chunk':
      return item({ kind: 'text', text: event.content.text });
    case 'agent_thought_chunk':
      return item({ kind: 'thought', text: event.content.text });
    case 'plan':
      return item({
        kind: 'plan',
        steps: event.entries.map(({ content, status }) => ({ content, status })),
      });
    case 'tool_call':
      return item({
        kind: 'call',
        id: event.toolCallId,
        title: event.title,
        tool: event.kind,
        status: event.status,
        text: '',
        diffs: [],
        locations: placesOf(event.locations),
      });
    case 'tool_call_update':
      return item(changedCall(callOf(chat, turn, event.toolCallId), event, label));
    case 'usage_update':
      return [{ type: 'set', values: { usage: { used: event.used, size: event.size } } }];
    case 'session_info_update':
      return event.title === '' ? [] : [{ type: 'set', values: { title: event.title } }];
    default:
      return []; // what the user said is known, and other versions may tell more
  }
}

/** A question as an item; `id` is its own. */
export function askOf(id: string, { toolCall, options }: Asked, label: Label): Ask {
  return {
    kind: 'ask',
    id,
    call: toolCall.toolCallId,
    title: toolCall.title,
    about: textOf(toolCall.content),
    diff: diffsOf(toolCall.content, label)[0],
    options: options.map(({ optionId, name, kind }) => ({ id: optionId, name, kind })),
    answer: undefined,
  };
}

/** The turns of a stored session. */
export function replayed(history: readonly Past[], label: Label): readonly Turn[] {
  let chat = EMPTY;
  const apply = (updates: readonly Update[]): void => {
    chat = updates.reduce(updated, chat);
  };
  const ends = new Map<number, TurnEnd>();
  for (const { turn, event } of history) {
    if ('stopReason' in event) {
      ends.set(turn, endOf(event));
      continue;
    }
    if (chat.turns.at(-1)?.number !== turn) {
      const prompt = event.sessionUpdate === 'user_message_chunk' ? event.content.text : '';
      apply([{ type: 'began', turn, prompt }]);
    }
    apply(translated(chat, turn, event, label));
  }
  for (const turn of chat.turns) {
    const end = ends.get(turn.number) ?? { stopReason: 'end_turn', problem: '' };
    apply([...abandoned(turn), { type: 'ended', turn: turn.number, end }]);
  }
  return chat.turns;
}

export function endOf({ stopReason, problem = '' }: Ended): TurnEnd {
  return { stopReason, problem };
}

/** At the end of a turn nothing of it goes on, and no question is open. */
export function abandoned(turn: Turn): Update[] {
  return turn.items.flatMap((item): Update[] => {
    if (item.kind === 'ask' && item.answer === undefined) {
      return [{ type: 'answered', ask: item.id, answer: null }];
    }
    if (item.kind === 'call' && (item.status === 'pending' || item.status === 'in_progress')) {
      return [{ type: 'item', turn: turn.number, item: { ...item, status: 'failed' } }];
    }
    return [];
  });
}

/** All paths that a chat shows because the server named them. */
export function pathsOf(chat: Chat): Set<string> {
  const ofItem = (item: Item): string[] => {
    if (item.kind === 'call') {
      return [...item.locations, ...item.diffs].map((each) => each.path);
    }
    return item.kind === 'ask' && item.diff !== undefined ? [item.diff.path] : [];
  };
  return new Set(
    chat.turns.flatMap((turn) => [
      ...turn.items.flatMap(ofItem),
      ...turn.changes.map((change) => change.path),
    ]),
  );
}

function callOf(chat: Chat, turn: number, id: string): Call {
  const items = chat.turns.findLast((each) => each.number === turn)?.items ?? [];
  const found = items.find((item): item is Call => item.kind === 'call' && item.id === id);
  const unknown = { title: '', tool: 'other', text: '', diffs: [], locations: [] } as const;
  return found ?? { kind: 'call', id, status: 'pending', ...unknown };
}

function changedCall(
  call: Call,
  event: Extract<SessionUpdate, { sessionUpdate: 'tool_call_update' }>,
  label: Label,
): Call {
  const { status, content, locations } = event;
  return {
    ...call,
    status,
    ...(content && { text: textOf(content), diffs: diffsOf(content, label) }),
    ...(locations && { locations: placesOf(locations) }),
  };
}

function textOf(content: readonly Content[]): string {
  return content.flatMap((each) => (each.type === 'content' ? [each.content.text] : [])).join('\n');
}

function diffsOf(content: readonly Content[], label: Label): Diff[] {
  return content.flatMap((each) =>
    each.type === 'diff'
      ? [{ path: each.path, label: label(each.path), oldText: each.oldText, newText: each.newText }]
      : [],
  );
}

function placesOf(locations: readonly Location[] = []): Place[] {
  return locations.map(({ path, line }) => ({ path, line }));
}
