/** The chat that was shown before its window was loaded again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Explanations } from '../src/chat/explanations';
import { Kept } from '../src/chat/kept';
import { Scene, say, text } from './scene';

/** A chat whose server has the sessions `s1`, which was shown, and `s2`. */
function reloaded(...sessions: string[]): Scene {
  const scene = new Scene();
  scene.link.answers['list'] = () => ({ sessions: sessions.map((sessionId) => ({ sessionId, updatedAt: '' })) });
  scene.link.answers['resume'] = ({ session }) => ({
    ...scene.link.session(String(session)),
    history: [
      { turn: 1, event: { sessionUpdate: 'user_message_chunk', content: text('mend it') } },
      { turn: 1, event: say('I') },
      { turn: 1, event: { stopReason: 'interrupted', files: [], problem: 'Interrupted.' } },
    ],
    usage: null,
  });
  return scene;
}

test('the chat that was shown is shown again, above what is explained', async () => {
  const scene = reloaded('s2', 's1');
  new Explanations(scene.board).tell({ id: 'e', title: 'Explain it', text: 'It adds.', done: true });
  await scene.conversation.restore('s1');
  const chat = scene.check();
  assert.equal(chat.session, 's1');
  assert.deepEqual(chat.turns.map((turn) => [turn.number, turn.prompt, turn.end?.problem]), [
    [1, 'mend it', 'Interrupted.'],
    [-1, 'Explain it', ''],
  ]);
  await scene.conversation.retry();
  await scene.ended();
  assert.deepEqual(scene.link.asked.slice(-2), [
    ['fork', { session: 's1', turn: 0 }],
    ['prompt', { session: 's2', text: 'mend it' }],
  ]);
});

test('a chat that is gone is a new one', async () => {
  const scene = reloaded('s2');
  await scene.conversation.restore('s1');
  assert.deepEqual(scene.link.names(), ['list']);
  assert.equal(scene.check().session, undefined);
});

test('who has begun something is shown nothing else', async () => {
  for (const begin of [(scene: Scene) => scene.say('hello'), (scene: Scene) => scene.conversation.clear()]) {
    const scene = reloaded('s1');
    const restoring = scene.conversation.restore('s1');
    await begin(scene);
    const before = scene.check();
    await restoring;
    assert.deepEqual(scene.check(), before);
    assert.ok(scene.link.names().includes('resume'));
  }
});

test('what is shown is kept in the workspace until something else is', () => {
  const written: unknown[] = [];
  const memento = { get: () => 's1', update: (_key: string, value: unknown) => Promise.resolve(void written.push(value)) };
  const kept = new Kept(memento as never);
  kept.note(undefined);
  assert.deepEqual(written, []); // the chat is empty before the former is shown
  assert.deepEqual([kept.take(), kept.take()], ['s1', undefined]);
  for (const session of ['s1', 's1', undefined, 's2']) {
    kept.note(session);
  }
  assert.deepEqual(written, ['s1', undefined, 's2']);
});
