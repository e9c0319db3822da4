/** The chat, as a user sees it: questions, diffs, the way back, and what can go wrong. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { call, ChatPage } from './chat.ts';
import { Editor, shotOfFailure, until } from './editor.ts';
import { fimble, pidOf } from './server.ts';

const TEXT = 'def add(a, b):\n    return a - b\n\n\n# 1\n# 2\n# 3\n# 4\n# 5\n\n\ndef zero():\n    return 1\n';
const ADDS = TEXT.replace('a - b', 'a + b');
const MENDED = ADDS.replace('return 1', 'return 0');
const HOSTILE = [
  '<script>window.hacked = 1</script><img src="https://evil.test/a.png" onerror="window.hacked = 1">',
  '[click](javascript:window.hacked=1) ![x](https://evil.test/b.png)',
  '<iframe src="https://evil.test/c"></iframe><style>@import "https://evil.test/d.css";</style>',
].join('\n\n');
const edit = (old: string, now: string): string => call('edit', { path: 'calc.py', old, new: now });
const SCRIPT = [
  { chat: call('read', { path: 'calc.py' }), when: 'mend it' },
  { chat: edit('return a - b', 'return a + b'), when: 'a - b' },
  { chat: edit('return 1', 'return 0'), when: 'Written' },
  { chat: 'It **adds** now.', when: 'Written' },
  { chat: edit('return 1', 'return 2'), when: 'make it two' },
  { chat: 'I leave it.', when: 'not allow' },
  { chat: call('edit', { path: 'open.py', old: 'one = 1', new: 'one = 2' }), when: 'make one two' },
  { chat: 'Two it is.', when: 'Written' },
  { chat: 'It counts.', when: 'Explain @open.py' },
  { chat: 'word '.repeat(400), when: 'at length', seconds_per_token: 0.05 },
  { chat: 'Short.', when: 'at length' },
  { chat: `Look:\n\n${HOSTILE}`, when: 'be hostile' },
  { chat: 'Here:\n\n```python\ntotal = 1\n```\n\nSee `calc.py:12`.', when: 'give code' },
  { chat: 'more '.repeat(400), when: 'until loaded', seconds_per_token: 0.05 },
  { chat: 'word '.repeat(400), when: 'until killed', seconds_per_token: 0.05 },
];

let chat: ChatPage;
let command: string;
let editor: Editor;

before(async () => {
  command = fimble(SCRIPT);
  editor = await Editor.open({ 'fimble.server.command': command });
  chat = new ChatPage(editor);
  writeFileSync(join(editor.folder, 'calc.py'), TEXT);
  await editor.untilReady();
  await chat.open();
});

afterEach((context) => shotOfFailure(editor, context));
after(() => editor?.close());

function file(): string {
  return readFileSync(join(editor.folder, 'calc.py'), 'utf8');
}

/** A button above the editor. */
function above(name: string): ReturnType<typeof editor.page.locator> {
  return editor.page.locator('.editor-actions').getByRole('button', { name: new RegExp(`^${name}`) });
}

function tab(title: string): ReturnType<typeof editor.page.locator> {
  return editor.page.locator('.tab', { hasText: title });
}

test('an edit is asked about, and allowed in the view or above its diff', async () => {
  await editor.shot('chat-empty');
  await chat.say('mend it');
  await chat.asking.waitFor();
  await editor.shot('chat-asks');
  await chat.button('Open diff').click();
  await tab('calc.py (proposed)').waitFor();
  await editor.page.locator('.modified .view-line', { hasText: 'return a + b' }).waitFor();
  await editor.shot('chat-asks-diff');
  assert.equal(file(), TEXT);
  await above('Allow').click();
  await tab('calc.py (proposed)').waitFor({ state: 'detached' });
  await until(() => file() === ADDS);
  await chat.asking.getByRole('button', { name: 'Allow' }).click();
  await chat.untilSaid('It adds now.');
  await chat.untilIdle();
  await editor.shot('chat-done');
  assert.equal(file(), MENDED);
});

test('what a turn changed is looked at, and taken back in part', async () => {
  await chat.button('Review calc.py').click();
  await tab('calc.py (before ↔ now)').waitFor();
  await editor.page.locator('.modified .view-line', { hasText: 'return 0' }).waitFor();
  await above('Keep File').waitFor();
  await editor.shot('chat-review');
  // VS Code's own buttons take back single changes.
  await editor.page.locator('.monaco-diff-editor .gutter .codicon-discard').first().click();
  await editor.page.keyboard.press('Control+s');
  await until(() => file() === MENDED.replace('a + b', 'a - b'), file);
  await editor.shot('chat-reverted');
  await above('Undo File').click();
  await until(() => file() === TEXT, file);
  await chat.turn.locator('.change.undone').waitFor();
  await tab('calc.py (before ↔ now)').waitFor({ state: 'detached' });
  await editor.shot('chat-undone');
});

test('what is rejected is not made', async () => {
  await chat.say('make it two');
  await chat.asking.getByRole('button', { name: 'Reject' }).click();
  await chat.untilIdle();
  assert.equal(file(), TEXT);
});

test('a turn is stopped, and tried again', async () => {
  await chat.say('tell me at length');
  await chat.untilSaid('word word');
  await chat.button('Stop').click();
  await chat.untilSaid('Stopped.');
  await chat.button('Try again').click();
  await chat.untilSaid('Short.');
  await chat.untilIdle();
  assert.equal(await chat.frame.locator('.prompt', { hasText: 'at length' }).count(), 1);
});

test('a new chat, and the one before from the history', async () => {
  await editor.command('Fimble: New Chat');
  await chat.frame.getByText('Ask Fimble').waitFor();
  await chat.button('Earlier chats').click();
  const earlier = chat.frame.locator('.session-name', { hasText: 'mend it' });
  await earlier.first().waitFor();
  await editor.shot('chat-history');
  await earlier.first().click();
  await chat.untilSaid('Short.');
  await editor.command('Fimble: New Chat');
  await chat.frame.getByText('Ask Fimble').waitFor();
  await chat.frame.locator('textarea:focus').waitFor();
  await editor.command('Fimble: Chat History');
  await earlier.first().click();
  await chat.untilSaid('Short.');
  await chat.frame.locator('article', { hasText: 'It adds now.' }).waitFor();
});

test('a chat is there again after its view was closed', async () => {
  await editor.page.keyboard.press('Control+Alt+b');
  await chat.input.waitFor({ state: 'detached' });
  await chat.open();
  await chat.untilSaid('Short.');
});

test('what is hostile stays text', async () => {
  const requests: string[] = [];
  editor.page.on('request', (request) => requests.push(request.url()));
  await chat.say('be hostile');
  await chat.untilSaid('Look:');
  await chat.untilIdle();
  await editor.shot('chat-hostile');
  const hacked = await chat.frame.locator('body').evaluate(() => 'hacked' in globalThis);
  assert.equal(hacked, false);
  assert.deepEqual(requests.filter((url) => url.includes('evil.test')), []);
});

test('code of an answer is inserted, and applied after a look', async () => {
  await editor.edit('new.py', 'value = 0\n');
  await chat.say('give code');
  await chat.untilIdle();
  await chat.button('Insert at the cursor').click();
  await editor.page.locator('.monaco-editor .view-line', { hasText: 'total = 1' }).waitFor();
  assert.equal((await editor.saved('new.py')).trimEnd(), 'value = 0\ntotal = 1');
  await editor.press('Control+a');
  await chat.button('Apply to the file').click();
  await tab('new.py (replaces the selection').waitFor();
  await editor.shot('chat-apply');
  await above('Apply').click();
  await tab('new.py (replaces').waitFor({ state: 'detached' });
  await editor.page.locator('.monaco-editor.focused').waitFor();
  assert.equal((await editor.saved('new.py')).trimEnd(), 'total = 1');
  await chat.button('calc.py:12').click();
  await editor.page.locator('.tab.active', { hasText: /^calc\.py$/ }).waitFor();
});

test('what is selected is pointed at', async () => {
  await editor.page.locator('.monaco-editor .view-lines').first().click();
  await editor.press('Control+Home', 'Shift+ArrowDown', 'Shift+ArrowDown');
  await editor.command('Fimble: Add Selection to Chat');
  await until(async () => (await chat.input.inputValue()) === '@calc.py:1-2 ', () => 'it is not in the input');
});

test('a file that is open and has nothing to save is saved with the edit', async () => {
  await editor.edit('open.py', 'one = 1\n');
  await editor.command('Fimble: Open Chat');
  await chat.frame.locator('textarea:focus').waitFor();
  await chat.say('make one two');
  await chat.asking.getByRole('button', { name: 'Allow' }).click();
  await chat.untilIdle();
  await until(() => readFileSync(join(editor.folder, 'open.py'), 'utf8') === 'one = 2\n');
  await editor.page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
});

test('the open file is explained', async () => {
  await editor.command('Fimble: New Chat');
  await chat.button('Explain the open file').click();
  await chat.turn.filter({ hasText: 'Explain @open.py' }).waitFor();
  await chat.untilSaid('It counts.');
  await chat.untilIdle();
});

test('what is typed into a new chat stands as it was typed', async () => {
  await editor.command('Fimble: New Chat');
  await chat.frame.locator('textarea:focus').waitFor();
  await editor.type('hello world');
  await until(async () => (await chat.input.inputValue()) === 'hello world', () => 'it is in another order');
  await chat.input.fill('');
});

test('a window that is loaded again in a turn shows it, and that it was interrupted', async () => {
  await chat.say('talk until loaded');
  await chat.untilSaid('more more');
  await editor.page.reload();
  await editor.untilReady();
  await chat.open();
  await chat.untilSaid('Interrupted; nothing after this was done.');
  await editor.shot('chat-loaded-again');
  await chat.button('Try again').click();
  await chat.turn.filter({ hasNotText: 'Interrupted' }).filter({ hasText: 'more more' }).waitFor();
  await chat.button('Stop').click();
  await chat.untilIdle();
});

test('a server that is killed in a turn is found again', async () => {
  await chat.say('talk until killed');
  await chat.untilSaid('word word');
  const pid = pidOf(command);
  process.kill(pid, 'SIGKILL');
  await chat.untilSaid('The server ended in the middle of it');
  await editor.shot('chat-killed');
  await until(() => pidOf(command) !== pid);
  await chat.say('be hostile');
  await chat.untilSaid('Look:');
  await chat.untilIdle();
});

test('without a server there is a way forward', async () => {
  editor.configure({ 'fimble.server.command': '/no/such/fimble' });
  const trouble = chat.frame.getByRole('alert');
  await trouble.getByText('/no/such/fimble').waitFor();
  await editor.shot('chat-trouble');
  await trouble.getByRole('button', { name: 'Open Settings' }).click();
  await editor.page.locator('.settings-editor').waitFor();
  await editor.press('Escape');
  editor.configure({ 'fimble.server.command': command });
  await trouble.waitFor({ state: 'detached' });
});
