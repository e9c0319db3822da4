/** Suggestions, as a user sees and takes them. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Editor, shotOfFailure, until } from './editor.ts';
import { counted, fimble, pidOf, untilAnother } from './server.ts';

const SCRIPT = [
  { after: 'total = ', text: 'sum(locals)' },
  { after: 'wide = ', text: 'len(locals) + 1' },
  { after: 'for each in range(3):', text: '\n    print(each)\n    print(each + 1)' },
  { after: 'pick = ', text: 'min' },
  { after: 'pick = ', text: 'max', choice: 1 },
  { after: 'pick = ', text: 'sum', choice: 2 },
  { after: 'call(', text: '1, 2) + 3' },
  { after: 'text = "é😀" + ', text: 'str(1)' },
  { after: 'value_', text: 'nothing' },
];

let command: string;
let editor: Editor;

before(async () => {
  command = fimble(SCRIPT);
  editor = await Editor.open({ 'fimble.server.command': command });
  await editor.untilReady();
  await editor.edit('first.py');
  await editor.type('total = ');
  // The first editor of a window knows no suggestions before the window was idle.
  await until(async () => {
    await editor.press('Alt+\\');
    await editor.page.waitForTimeout(500); // each takes the one before back
    return (await editor.ghost()) === 'sum(locals)';
  });
});

afterEach((context) => shotOfFailure(editor, context));
after(() => editor?.close());

test('Tab takes all of it', async () => {
  await editor.edit('all.py');
  await editor.type('total = ');
  await editor.untilGhost('sum(locals)');
  await editor.shot('ghost');
  await editor.press('Tab');
  await editor.untilSaved('all.py', 'total = sum(locals)');
});

test('typing goes through it', async () => {
  await editor.edit('through.py');
  await editor.type('wide = ');
  await editor.untilGhost('len(locals) + 1');
  await editor.type('le');
  await editor.untilGhost('n(locals) + 1');
  await editor.type('x');
  await editor.untilGhost('');
});

test('a word, and then the rest', async () => {
  await editor.edit('word.py');
  await editor.type('wide = ');
  await editor.untilGhost('len(locals) + 1');
  await editor.press('Control+ArrowRight');
  await editor.untilGhost('(locals) + 1');
  await editor.untilSaved('word.py', 'wide = len');
  await editor.press('Tab');
  await editor.untilSaved('word.py', 'wide = len(locals) + 1');
});

test('a line, and then the rest', async () => {
  await editor.edit('line.py');
  await editor.type('for each in range(3):');
  await editor.untilGhost('\n    print(each)\n    print(each + 1)');
  await editor.shot('ghost-lines');
  await editor.press('Control+Alt+ArrowRight', 'Control+Alt+ArrowRight');
  await editor.untilGhost('    print(each + 1)');
  await editor.untilSaved('line.py', 'for each in range(3):\n    print(each)\n');
  await editor.press('Control+Alt+ArrowRight'); // Tab indents there
  await editor.untilSaved('line.py', 'for each in range(3):\n    print(each)\n    print(each + 1)');
});

test('further candidates', async () => {
  await editor.edit('pick.py');
  await editor.type('pick = ');
  await editor.untilGhost('min');
  await editor.press('Alt+]');
  await editor.untilGhost('max');
  await editor.press('Alt+]');
  await editor.untilGhost('sum');
  await editor.press('Alt+[');
  await editor.untilGhost('max');
  await editor.press('Tab');
  await editor.untilSaved('pick.py', 'pick = max');
});

test('what stands right of the cursor is replaced', async () => {
  await editor.edit('right.py');
  await editor.type('x = call(');
  await until(async () => (await editor.ghost()) !== '');
  await editor.press('Tab');
  await editor.untilSaved('right.py', 'x = call(1, 2) + 3');
});

test('positions are right behind wide characters', async () => {
  await editor.edit('utf16.py', 'text = "é😀" +');
  await editor.type(' ');
  await editor.untilGhost('str(1)');
  await editor.press('Tab');
  await editor.untilSaved('utf16.py', 'text = "é😀" + str(1)');
});

test('the completion list keeps its keys', async () => {
  await editor.edit('list.txt', 'value_one = 1\nvalue_two = 2\n');
  await editor.type('value_');
  await editor.untilGhost('nothing');
  await editor.press('Control+Space');
  await editor.page.locator('.suggest-widget.visible').waitFor();
  await editor.press('Control+ArrowRight', 'Tab');
  await editor.untilSaved('list.txt', 'value_one = 1\nvalue_two = 2\nvalue_one');
});

test('snoozed, nothing is shown unless asked for', async () => {
  await editor.edit('snooze.py');
  await editor.status.click();
  await editor.shot('menu');
  await editor.choose('Snooze for 15 minutes');
  await editor.untilStatus(/15 min/);
  await editor.type('total = ');
  await editor.press('Alt+\\');
  await editor.untilGhost('sum(locals)');
  await editor.press('Escape', 'Enter');
  await editor.type('wide = ');
  await editor.page.waitForTimeout(1000);
  assert.equal(await editor.ghost(), '');
  await editor.shot('snoozed');
  await editor.status.click();
  await editor.choose('End the snooze');
  await editor.type('1\nwide = ');
  await editor.untilGhost('len(locals) + 1');
});

test('a language is turned off, and on', async () => {
  await editor.edit('off.py');
  await editor.status.click();
  await editor.choose('Turn suggestions off for python');
  await editor.untilStatus(/off for python/);
  await editor.type('total = ');
  await editor.page.waitForTimeout(1000);
  assert.equal(await editor.ghost(), '');
  await editor.command('Fimble: Turn Suggestions On or Off for This Language');
  await until(async () => !(await editor.status.innerText()).includes('off for'));
  await editor.type('1\ntotal = ');
  await editor.untilGhost('sum(locals)');
});

test('what became of suggestions is told', async () => {
  await untilAnother(command, editor, () => editor.command('Fimble: Restart'));
  await until(() => counted(editor.state)['shown'] !== 0);
  const first = counted(editor.state);
  await editor.edit('told.py');
  await editor.type('wide = ');
  await editor.untilGhost('len(locals) + 1');
  await editor.press('Control+ArrowRight');
  await editor.untilGhost('(locals) + 1');
  await editor.press('Enter');
  await editor.type('total = ');
  await editor.untilGhost('sum(locals)');
  await editor.press('Tab');
  await editor.saved('told.py');
  await editor.command('Fimble: Restart');
  const more = (name: string): number => Number(counted(editor.state)[name]) - Number(first[name]);
  await until(() => more('shown') > 0);
  const told = ['shown', 'accepted', 'partlyAccepted', 'acceptedCharacters'].map(more);
  assert.deepEqual(told, [2, 1, 1, 'len'.length + 'sum(locals)'.length]);
});

test('a server that is killed is started again, but not for ever', async () => {
  await editor.edit('killed.py');
  for (let times = 0; times < 3; times++) {
    await untilAnother(command, editor, () => void process.kill(pidOf(command), 'SIGKILL'));
  }
  await editor.type('total = ');
  await editor.untilGhost('sum(locals)');
  process.kill(pidOf(command), 'SIGKILL');
  const message = editor.page.locator('.notification-toast', { hasText: 'ended by itself too often' });
  await message.waitFor();
  await editor.shot('crashed');
  await message.getByRole('button', { name: 'Restart' }).click();
  await editor.untilReady();
  await editor.page.locator('.monaco-editor .view-lines').first().click();
  await editor.press('Control+End', 'Escape', 'Enter');
  await editor.type('wide = ');
  await editor.untilGhost('len(locals) + 1');
});
