import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { checked } from '../src/chat/checked';
import { Frames, joined } from '../src/chat/frames';
import { page } from '../src/chat/html';
import { candidates, mentionOf } from '../src/chat/paths';
import type { FromView, Update } from '../src/chat/protocol';
import { troubleOf } from '../src/chat/trouble';

test('messages of the view are taken as they should be', () => {
  const GOOD: FromView[] = [
    { type: 'ready' },
    { type: 'prompt', text: 'hello' },
    { type: 'undo', turn: 3, path: undefined },
    { type: 'keep', turn: 3, path: '/a' },
    { type: 'showFile', path: '/a', line: 4 },
    { type: 'command', command: 'fimble.switchModel' },
    { type: 'command', command: 'fimble.restart' },
  ];
  for (const message of GOOD) {
    assert.deepEqual(checked(message), message);
  }
  assert.deepEqual(checked({ type: 'undo', turn: 1 }), { type: 'undo', turn: 1, path: undefined });
  assert.deepEqual(checked({ type: 'stop', more: 1 }), { type: 'stop' });
});

test('others are dropped', () => {
  const BAD: unknown[] = [
    undefined,
    null,
    'ready',
    [],
    {},
    { type: 'toString' },
    { type: '__proto__' },
    { type: 'prompt' },
    { type: 'prompt', text: 5 },
    { type: 'prompt', text: ['x'] },
    { type: 'undo', turn: '1' },
    { type: 'undo', turn: -1 },
    { type: 'undo', turn: 1.5 },
    { type: 'undo', turn: NaN },
    { type: 'undo', turn: 1, path: null },
    { type: 'showFile', path: { toString: () => '/etc/passwd' } },
    { type: 'command', command: 'workbench.action.terminal.sendSequence' },
    { type: 'command', command: 'workbench.trust.manage' },
    { type: 'command', command: ['fimble.restart'] },
  ];
  for (const message of BAD) {
    assert.equal(checked(message), undefined, JSON.stringify(message));
  }
});

test('only files of the folders, and what the server named, are opened', () => {
  const folders = ['/w/one', '/w/two'];
  const open = (path: string): string[] => candidates(path, folders, new Set(['/lib/os.py']));
  assert.deepEqual(open('/w/one/a.py'), ['/w/one/a.py']);
  assert.deepEqual(open('src/a.py'), ['/w/one/src/a.py', '/w/two/src/a.py']);
  assert.deepEqual(open('/lib/os.py'), ['/lib/os.py']);
  for (const path of ['/etc/passwd', '../secret', '/w/one/../secret', 'a/../../../x', '/w/one2/a', '', '/w/one', '/lib/../lib/os.py']) {
    assert.deepEqual(open(path), [], path);
  }
});

test('a file is pointed at as the server reads it', () => {
  const lines = { first: 10, last: 20 };
  assert.equal(mentionOf(join('src', 'a.py'), lines), '@src/a.py:10-20');
  assert.equal(mentionOf('a b.py'), '@"a b.py"');
  assert.equal(mentionOf('größe.py', lines), '@"größe.py":10-20');
});

test('pieces that come in one frame are one', () => {
  const say = (text: string): Update => ({ type: 'item', turn: 1, item: { kind: 'text', text } });
  const think: Update = { type: 'item', turn: 1, item: { kind: 'thought', text: '?' } };
  const call = (text: string): Update => ({
    type: 'item',
    turn: 1,
    item: { kind: 'call', id: 'c', title: '', tool: 'read', status: 'in_progress', text, diffs: [], locations: [] },
  });
  assert.deepEqual(joined([say('a'), say('b'), think, say('c'), call('1'), call('12')]), [say('ab'), think, say('c'), call('12')]);
  const elsewhere: Update = { type: 'item', turn: 2, item: { kind: 'text', text: 'x' } };
  assert.deepEqual(joined([say('a'), elsewhere]), [say('a'), elsewhere]);
});

test('frames are sent together, and in their order', async () => {
  const sent: (readonly Update[])[] = [];
  const say = (text: string): Update => ({ type: 'item', turn: 1, item: { kind: 'text', text } });
  await new Promise<void>((resolve) => {
    const frames = new Frames((updates) => {
      sent.push(updates);
      resolve();
    });
    frames.add([say('gone')]);
    frames.clear();
    frames.add([say('a')]);
    frames.add([say('b'), { type: 'answered', ask: 'x', answer: null }]);
    assert.deepEqual(sent, []);
  });
  assert.deepEqual(sent, [[say('ab'), { type: 'answered', ask: 'x', answer: null }]]);
});

test('the page reaches nothing', () => {
  const html = page({ script: 's.js', style: 's.css', source: 'https://self', nonce: 'abc' });
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
  assert.ok(policy.startsWith("default-src 'none'; script-src 'nonce-abc'; style-src https://self;"));
  assert.ok(!/unsafe|connect-src|\*/.test(policy));
});

test('trouble says what can be done', () => {
  const usual = { isThere: true, hasFolder: true, isRemote: false };
  const server = (state: 'missing' | 'crashed' | 'failed' | 'ready' | 'stopped' | 'starting'): { state: typeof state; message: string } => ({ state, message: state });
  const titles = (given: Parameters<typeof troubleOf>[0]): string[] | undefined =>
    troubleOf(given)?.remedies.map((each) => each.title);
  assert.equal(troubleOf({ ...usual, server: server('ready') }), undefined);
  assert.equal(troubleOf({ ...usual, server: server('starting'), isThere: false }), undefined);
  assert.equal(troubleOf({ ...usual, server: server('stopped') }), undefined);
  assert.deepEqual(titles({ ...usual, server: server('stopped'), isThere: false }), ['Restart', 'Show Output']);
  assert.deepEqual(titles({ ...usual, server: server('missing') }), ['Set Up the Server', 'Open Settings']);
  assert.deepEqual(titles({ ...usual, server: server('failed') }), ['Download a Model', 'Switch Model…', 'Show Output']);
  assert.deepEqual(titles({ ...usual, server: server('failed'), isRemote: true }), ['Restart', 'Open Settings', 'Switch Model…']);
  assert.deepEqual(titles({ ...usual, server: server('ready'), hasFolder: false }), ['Open Folder…']);
});
