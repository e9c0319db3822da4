/** The light bulb, and the commands that a model answers. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ChatPage } from './chat.ts';
import { Editor, PATIENCE_MS, PYTHON, shotOfFailure, until } from './editor.ts';
import { fimble } from './server.ts';

const ADD = 'def add(a, b):\n    return a + b\n';
const SWAPPED = { chat: '```python\ndef add(a, b):\n    return b + a\n```', when: 'swap them' };
const SCRIPT = [
  SWAPPED,
  SWAPPED,
  { chat: '```python\ndef twice(number):\n    """Give the double of `number`."""', when: 'docstring' },
  { chat: 'It **adds** two numbers.', when: 'add' },
];

const DOCUMENTED = 'def twice(number):\n    """Give the double of `number`."""\n    return number * 2\n';

const HALF = 'def half(n: int) -> int:\n    return n // 3\n';
const TEST = 'from half import half\n\n\ndef test_half() -> None:\n    assert half(8) == 4\n';
const PYTEST = '[pytest]\npythonpath = .\naddopts = -p no:asyncio -p no:pytest-lsp -p no:anyio\n';

let editor: Editor;

before(async () => {
  const programs = [dirname(PYTHON), process.env['PATH']].join(delimiter);
  editor = await Editor.open({ 'fimble.server.command': fimble(SCRIPT) }, { PATH: programs });
  await editor.untilReady();
});

afterEach((context) => shotOfFailure(editor, context));
after(() => editor?.close());

/** Have the function above the cursor rewritten, and wait for its diff. */
async function rewrite(): Promise<void> {
  await editor.press('ArrowUp');
  await editor.command('Fimble: Rewrite…');
  await editor.page.locator('.quick-input-widget', { hasText: 'What should be different' }).waitFor();
  await editor.type('swap them');
  await editor.press('Enter');
  await editor.page.locator('.tab', { hasText: '(proposed)' }).waitFor();
  await editor.page.locator('.view-line', { hasText: 'return b + a' }).first().waitFor();
}

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
  await rewrite();
  await editor.shot('rewrite');
  await editor.page.getByRole('button', { name: 'Apply', exact: true }).first().click();
  await editor.page.locator('.tab', { hasText: 'rewrite.py (proposed)' }).waitFor({ state: 'detached' });
  await editor.untilSaved('rewrite.py', 'def add(a, b):\n    return b + a\n');
});

test('a rewrite that is discarded is not made', async () => {
  await editor.edit('discarded.py', ADD);
  await rewrite();
  await editor.page.getByRole('button', { name: 'Discard', exact: true }).first().click();
  await editor.page.locator('.tab', { hasText: 'discarded.py (proposed)' }).waitFor({ state: 'detached' });
  await editor.untilSaved('discarded.py', ADD);
});

test('what a model writes for the light bulb is shown before it is made', async () => {
  await editor.edit('twice.py', 'def twice(number):\n    return number * 2\n');
  await editor.press('ArrowUp', 'ArrowUp', 'Home');
  await editor.press('Control+.');
  await editor.page.locator('.action-widget .monaco-list-row', { hasText: 'Document `twice`' }).click();
  await editor.page.locator('.tab', { hasText: 'twice.py (proposed)' }).waitFor();
  await editor.page.locator('.view-line', { hasText: 'Give the double' }).first().waitFor();
  await editor.shot('document');
  await editor.page.getByRole('button', { name: 'Apply', exact: true }).first().click();
  await editor.untilSaved('twice.py', DOCUMENTED);
});

test('a file that is not open is changed after a look, also from a diff that was moved', async () => {
  writeFileSync(join(editor.folder, 'half.py'), HALF);
  writeFileSync(join(editor.folder, 'pytest.ini'), PYTEST);
  await editor.edit('test_half.py', TEST);
  await editor.press('ArrowUp', 'End');
  const offered = editor.page.locator('.action-widget .monaco-list-row', { hasText: 'Make `test_half` pass' });
  const proposed = editor.page.locator('.tab', { hasText: 'half.py (proposed)' });
  const toast = editor.page.locator('.notification-toast');
  await until(async () => {
    await editor.command('Notifications: Clear All Notifications');
    await editor.press('Escape', 'Control+.'); // the folder has to be read first
    if (!(await offered.waitFor({ timeout: 5000 }).then(() => true, () => false))) {
      return false;
    }
    await offered.click();
    await proposed.or(toast).first().waitFor({ timeout: 2 * PATIENCE_MS });
    return proposed.isVisible(); // tests that take too long on a busy machine give nothing
  });
  await editor.page.locator('.original .view-line', { hasText: 'return n // 3' }).waitFor();
  await editor.page.locator('.modified .view-line', { hasText: 'return n // 2' }).waitFor();
  await editor.command('View: Move Editor into Right Group');
  await until(async () => (await editor.page.locator('.editor-group-container').count()) === 2);
  await editor.shot('not-open');
  await editor.page.getByRole('button', { name: 'Apply', exact: true }).first().click();
  await proposed.waitFor({ state: 'detached' });
  await editor.page.locator('.tab.active', { hasText: /^half\.py$/ }).waitFor();
  await editor.untilSaved('half.py', HALF.replace('// 3', '// 2'));
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
