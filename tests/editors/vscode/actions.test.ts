/** The light bulb, and the commands that a model answers. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { ChatPage } from './chat.ts';
import { Editor, shotOfFailure, until } from './editor.ts';
import { fimble } from './server.ts';

const ADD = 'def add(a, b):\n    return a + b\n';
const SCRIPT = [
  { chat: '```python\ndef add(a, b):\n    return b + a\n```', when: 'swap them' },
  { chat: 'It **adds** two numbers.', when: 'add' },
];

let editor: Editor;

before(async () => {
  editor = await Editor.open({ 'fimble.server.command': fimble(SCRIPT) });
  await editor.untilStatus('qwen2.5-coder-1.5b');
});

afterEach((context) => shotOfFailure(editor, context));
after(() => editor?.close());

test('a fix from the light bulb', async () => {
  await editor.edit('fix.py', 'import os\n\nprint(os.sep)\nprint(json.dumps(1))\n');
  await editor.press('ArrowUp', 'Home', 'Control+ArrowRight', 'ArrowRight', 'ArrowRight');
  const offered = editor.page.locator('.action-widget .monaco-list-row', { hasText: 'json' }).first();
  await editor.press('Control+.');
  await offered.waitFor();
  await editor.shot('lightbulb');
  await offered.click();
  await until(async () => (await editor.saved('fix.py')).includes('import json'));
  assert.equal(await editor.saved('fix.py'), 'import json\nimport os\n\nprint(os.sep)\nprint(json.dumps(1))\n');
});

test('a rewrite is shown before it is made', async () => {
  await editor.edit('rewrite.py', ADD);
  await editor.press('ArrowUp');
  await editor.command('Fimble: Rewrite…');
  await editor.page.locator('.quick-input-widget', { hasText: 'What should be different' }).waitFor();
  await editor.type('swap them');
  await editor.press('Enter');
  const apply = editor.page.getByRole('button', { name: 'Apply', exact: true });
  await apply.waitFor();
  await editor.shot('rewrite');
  // VS Code has the user tick what asks for confirmation.
  await editor.page.locator('.panel').getByRole('checkbox').first().click();
  await apply.click();
  await apply.waitFor({ state: 'hidden' });
  await editor.page.locator('.monaco-editor .view-lines').first().click();
  await until(async () => (await editor.saved('rewrite.py')).includes('b + a'));
  assert.equal(await editor.saved('rewrite.py'), 'def add(a, b):\n    return b + a\n');
});

test('an explanation is shown in the chat, and the focus stays in the code', async () => {
  await editor.edit('explain.py', ADD);
  await editor.press('ArrowUp');
  await editor.command('Fimble: Explain');
  const chat = new ChatPage(editor);
  await chat.untilSaid('It adds two numbers.');
  await chat.untilIdle();
  await editor.shot('explain');
  await editor.page.locator('.monaco-editor.focused').waitFor();
});

test('what can not be done is one sentence', async () => {
  await editor.edit('empty.py', '\n');
  await editor.command('Fimble: Explain');
  await editor.page.locator('.notification-toast', { hasText: 'Fimble: ' }).first().waitFor();
  await editor.shot('refused');
});

test('the walkthrough knows what is done', async () => {
  await editor.command('Fimble: Get Started');
  const done = editor.page.locator('.gettingStartedContainer .codicon-getting-started-step-checked.complete');
  await until(async () => (await done.count()) >= 2, () => 'the server and the model are not ticked');
  await editor.shot('walkthrough-done');
});
