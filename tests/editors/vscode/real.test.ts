/** The same with the model that a user has. Every other test here scripts what the engine says. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ChatPage } from './chat.ts';
import { Editor, PYTHON, shotOfFailure, until } from './editor.ts';
import { withModel } from './server.ts';

const MODEL = process.env['FIMBLE_EDITOR_MODEL'] ?? 'qwen2.5-coder-1.5b';
const MEDIAN = `def mean(values: list[float]) -> float:
    """The arithmetic mean of some values."""
    return sum(values) / len(values)


def median(values: list[float]) -> float:
    """The median of an odd number of values."""
    ordered = sorted(values)
    return ordered[`;

const WRONG = 'def add(a, b):\n    return a - b\n';

let chat: ChatPage;
let editor: Editor;

before(async () => {
  const { command, variables } = withModel(MODEL);
  editor = await Editor.open({ 'fimble.server.command': command, 'fimble.model': MODEL }, variables);
  chat = new ChatPage(editor);
  // Code that people have written: the library that Fimble asks endpoints with.
  const httpx = execFileSync(PYTHON, ['-c', 'import httpx; print(httpx.__path__[0])'], { encoding: 'utf8' });
  cpSync(httpx.trim(), join(editor.folder, 'httpx'), { recursive: true });
  await editor.untilReady(MODEL);
});

afterEach((context) => shotOfFailure(editor, context));
after(() => editor?.close());

test('it suggests while one types', async () => {
  await editor.edit('median.py', MEDIAN.slice(0, -'return ordered['.length));
  await editor.page.waitForTimeout(1000);
  await editor.type('return ordered[');
  await until(async () => (await editor.ghost()) !== '');
  await editor.shot('real-ghost');
  await editor.press('Tab');
  await until(async () => (await editor.saved('median.py')).length > MEDIAN.length + 1);
  const saved = await editor.saved('median.py');
  assert.ok(saved.startsWith(MEDIAN), saved);
  // It is code that does what its docstring says.
  execFileSync(PYTHON, ['-c', `${saved}\nassert median([5, 1, 3]) == 3`]);
});

test('it explains', async () => {
  await editor.edit('explained.py', MEDIAN.slice(0, MEDIAN.indexOf('\n\n\n') + 1));
  await editor.press('ArrowUp');
  await editor.command('Fimble: Explain');
  await chat.turn.getByRole('button', { name: 'Copy the answer' }).waitFor();
  await chat.untilSaid(/sum|average|divid/i);
  await editor.shot('real-explain');
});

test('it mends a file that it is told of, asks first, and takes it back', async () => {
  await editor.edit('calc.py', WRONG);
  await chat.open();
  await chat.say('In @calc.py the function add is wrong: it must return the sum of a and b. Fix it.');
  await chat.asking.waitFor();
  await editor.shot('real-chat-asks');
  await editor.untilSaved('calc.py', WRONG);
  await chat.asking.getByRole('button', { name: 'Allow' }).first().click();
  await chat.untilIdle();
  await editor.shot('real-chat-done');
  execFileSync(PYTHON, ['-c', `${await editor.saved('calc.py')}\nassert add(2, 3) == 5`]);
  await chat.button('Undo turn').click();
  await chat.turn.locator('.change.undone').waitFor();
  await editor.untilSaved('calc.py', WRONG);
});
