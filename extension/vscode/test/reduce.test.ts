import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Item, Update } from '../src/chat/protocol';
import { EMPTY, updated } from '../src/chat/reduce';

const CALL: Call = {
  kind: 'call',
  id: 'c1',
  title: 'Read a.py',
  tool: 'read',
  status: 'pending',
  text: '',
  diffs: [],
  locations: [],
};

function items(...given: Item[]): readonly Item[] {
  const updates: Update[] = [
    { type: 'began', turn: 1, prompt: 'Hi' },
    ...given.map((item): Update => ({ type: 'item', turn: 1, item })),
  ];
  return updates.reduce(updated, EMPTY).turns[0]?.items ?? [];
}

test('text is added to text, and begins anew behind something else', () => {
  assert.deepEqual(
    items({ kind: 'text', text: 'a' }, { kind: 'text', text: 'b' }, CALL, { kind: 'text', text: 'c' }),
    [{ kind: 'text', text: 'ab' }, CALL, { kind: 'text', text: 'c' }],
  );
});

test('a thought is not added to text', () => {
  const given: Item[] = [{ kind: 'text', text: 'a' }, { kind: 'thought', text: 'b' }];
  assert.deepEqual(items(...given), given);
});

test('an update of a call takes its place', () => {
  const done: Call = { ...CALL, status: 'completed', text: 'all of it' };
  assert.deepEqual(items(CALL, { kind: 'text', text: 'a' }, done), [done, { kind: 'text', text: 'a' }]);
});

test('there is one plan', () => {
  const later: Item = { kind: 'plan', steps: [{ content: 'Look', status: 'completed' }] };
  assert.deepEqual(items({ kind: 'plan', steps: [] }, later), [later]);
});

test('a turn runs until it has ended', () => {
  const began = updated(EMPTY, { type: 'began', turn: 3, prompt: 'Hi' });
  assert.equal(began.isRunning, true);
  const ended = updated(began, { type: 'ended', turn: 3, end: { stopReason: 'end_turn', problem: '' } });
  assert.equal(ended.isRunning, false);
  assert.equal(ended.turns[0]?.end?.stopReason, 'end_turn');
});

test('an answer is kept with its question', () => {
  const ask: Item = {
    kind: 'ask',
    id: 'q',
    call: 'c1',
    title: 'Run',
    about: '',
    diff: undefined,
    options: [],
    answer: undefined,
  };
  const asked = updated(updated(EMPTY, { type: 'began', turn: 1, prompt: '' }), { type: 'item', turn: 1, item: ask });
  const answered = updated(asked, { type: 'answered', ask: 'q', answer: 'allow_once' });
  assert.deepEqual(answered.turns[0]?.items, [{ ...ask, answer: 'allow_once' }]);
});

test('an explanation neither starts nor ends a turn', () => {
  const explained: Update[] = [
    { type: 'began', turn: -1, prompt: 'one' },
    { type: 'began', turn: -2, prompt: 'two' },
    { type: 'item', turn: -1, item: { kind: 'text', text: 'x' } },
    { type: 'ended', turn: -2, end: { stopReason: 'end_turn', problem: '' } },
  ];
  for (const isRunning of [true, false]) {
    const chat = explained.reduce(updated, { ...EMPTY, isRunning });
    assert.deepEqual(chat.turns.map((turn) => turn.items.length), [1, 0]);
    assert.equal(chat.isRunning, isRunning);
  }
});
