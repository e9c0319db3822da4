import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf, counted } from '../src/chat/counts';
import type { Chat, Item } from '../src/chat/protocol';
import { EMPTY, updated } from '../src/chat/reduce';
import { abandoned, askOf, pathsOf, replayed, translated } from '../src/chat/translate';
import type { Past, SessionUpdate } from '../src/chat/wire';

const label = (path: string): string => path.replace('/p/', '');
const text = (words: string): { type: 'text'; text: string } => ({ type: 'text', text: words });
const BEGUN = updated(EMPTY, { type: 'began', turn: 1, prompt: 'go' });

function after(...events: SessionUpdate[]): Chat {
  return events.reduce((chat, event) => translated(chat, 1, event, label).reduce(updated, chat), BEGUN);
}

function items(...events: SessionUpdate[]): readonly Item[] {
  return after(...events).turns[0]?.items ?? [];
}

const CALL: SessionUpdate = {
  sessionUpdate: 'tool_call',
  toolCallId: 'c1',
  title: 'edit a.py',
  kind: 'edit',
  status: 'pending',
  locations: [{ path: '/p/a.py', line: 3 }],
};

test('words and thoughts follow each other', () => {
  const shown = items(
    { sessionUpdate: 'agent_thought_chunk', content: text('hm ') },
    { sessionUpdate: 'agent_thought_chunk', content: text('so') },
    { sessionUpdate: 'agent_message_chunk', content: text('A') },
    { sessionUpdate: 'agent_message_chunk', content: text('nswer') },
  );
  assert.deepEqual(shown, [
    { kind: 'thought', text: 'hm so' },
    { kind: 'text', text: 'Answer' },
  ]);
});

test('a call keeps its name when its output and its diff come', () => {
  const diff = { type: 'diff', path: '/p/a.py', oldText: null, newText: 'x\n' } as const;
  const shown = items(
    CALL,
    { sessionUpdate: 'tool_call_update', toolCallId: 'c1', status: 'in_progress', content: [{ type: 'content', content: text('1') }] },
    { sessionUpdate: 'tool_call_update', toolCallId: 'c1', status: 'in_progress', content: [{ type: 'content', content: text('12') }, diff] },
    { sessionUpdate: 'tool_call_update', toolCallId: 'c1', status: 'completed' },
  );
  assert.deepEqual(shown, [
    {
      kind: 'call',
      id: 'c1',
      title: 'edit a.py',
      tool: 'edit',
      status: 'completed',
      text: '12',
      diffs: [{ path: '/p/a.py', label: 'a.py', oldText: null, newText: 'x\n' }],
      locations: [{ path: '/p/a.py', line: 3 }],
    },
  ]);
});

test('the plan is shown once, as it is now', () => {
  const step = { content: 'look', status: 'pending', priority: 'medium' } as const;
  const shown = items(
    { sessionUpdate: 'plan', entries: [step] },
    { sessionUpdate: 'plan', entries: [{ ...step, status: 'completed' }] },
  );
  assert.deepEqual(shown, [{ kind: 'plan', steps: [{ content: 'look', status: 'completed' }] }]);
});

test('the window and the title are of the chat', () => {
  const chat = after(
    { sessionUpdate: 'usage_update', used: 5, size: 10 },
    { sessionUpdate: 'session_info_update', title: 'Named' },
    { sessionUpdate: 'session_info_update', title: '' },
  );
  assert.deepEqual([chat.usage, chat.title], [{ used: 5, size: 10 }, 'Named']);
});

test('what is not known is passed over', () => {
  const event = { sessionUpdate: 'available_commands_update' } as unknown as SessionUpdate;
  assert.deepEqual(translated(BEGUN, 1, event, label), []);
});

test('a question has its reason, its diff and its options', () => {
  const ask = askOf(
    'ask-1',
    {
      sessionId: 's',
      toolCall: {
        toolCallId: 'c1',
        title: 'edit a.py',
        content: [
          { type: 'content', content: text('It is asked.\na.py') },
          { type: 'diff', path: '/p/a.py', oldText: 'a', newText: 'b' },
        ],
      },
      options: [{ optionId: 'allow_once', name: 'Allow', kind: 'allow_once' }],
    },
    label,
  );
  assert.equal(ask.about, 'It is asked.\na.py');
  assert.deepEqual(ask.diff, { path: '/p/a.py', label: 'a.py', oldText: 'a', newText: 'b' });
  assert.deepEqual(ask.options, [{ id: 'allow_once', name: 'Allow', kind: 'allow_once' }]);
  assert.equal(ask.answer, undefined);
});

test('a stored session is turns that have ended', () => {
  const said = (turn: number, words: string): Past => ({
    turn,
    event: { sessionUpdate: 'user_message_chunk', content: text(words) },
  });
  const turns = replayed(
    [
      said(1, 'first'),
      { turn: 1, event: { sessionUpdate: 'agent_message_chunk', content: text('yes') } },
      said(3, 'second'),
      { turn: 3, event: CALL },
      { turn: 3, event: { stopReason: 'interrupted', files: [], problem: 'Interrupted.' } },
    ],
    label,
  );
  assert.deepEqual(turns.map((turn) => [turn.number, turn.prompt, turn.end]), [
    [1, 'first', { stopReason: 'end_turn', problem: '' }],
    [3, 'second', { stopReason: 'interrupted', problem: 'Interrupted.' }],
  ]);
  const call = turns[1]?.items[0];
  assert.equal(call?.kind === 'call' && call.status, 'failed'); // it was cut off
});

test('a turn that is over has no open question', () => {
  const ask: Item = { kind: 'ask', id: 'ask-1', call: 'c1', title: '', about: '', diff: undefined, options: [], answer: undefined };
  const chat = updated(after(CALL), { type: 'item', turn: 1, item: ask });
  const [turn] = chat.turns;
  assert.ok(turn);
  const closed = abandoned(turn).reduce(updated, chat).turns[0];
  assert.ok(closed);
  assert.deepEqual(closed.items.map((item) => (item.kind === 'ask' ? item.answer : item.kind === 'call' && item.status)), ['failed', null]);
  assert.deepEqual(abandoned(closed), []);
});

test('what the server has named may be opened', () => {
  assert.deepEqual(pathsOf(after(CALL)), new Set(['/p/a.py']));
});

test('lines are counted', async () => {
  const CASES: [string, string, number, number][] = [
    ['', 'a\nb\n', 2, 0],
    ['a\nb\n', '', 0, 2],
    ['a\nb\nc\n', 'a\nB\nc\nd\n', 2, 1],
    ['same\n', 'same\n', 0, 0],
    ['', '', 0, 0],
  ];
  for (const [before, after, added, removed] of CASES) {
    assert.deepEqual(await counted(before, after), { added, removed }, JSON.stringify([before, after]));
  }
});

test('a long rewrite is counted without end of patience, and others go on meanwhile', async () => {
  const lines = (word: string): string => Array.from({ length: 60_000 }, (_, at) => `${word} ${at * 7}\n`).join('');
  let others = 0;
  const timer = setInterval(() => (others += 1));
  assert.deepEqual(await counted(lines('a'), lines('b')), { added: 60_000, removed: 60_000 });
  clearInterval(timer);
  assert.ok(others > 0);
});

test('a change is open, kept or undone', () => {
  const COUNTS = { added: 1, removed: 0 };
  const file = { path: '/p/a.py', before: null, after: 'x\n', undone: false };
  assert.deepEqual(changeOf(file, COUNTS, false, label), { path: '/p/a.py', label: 'a.py', added: 1, removed: 0, state: 'open' });
  assert.equal(changeOf(file, COUNTS, true, label).state, 'kept');
  assert.equal(changeOf({ ...file, undone: true }, COUNTS, true, label).state, 'undone');
});
