/** What the view tells the extension, what it says aloud, and what it keeps in sight. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Update } from '../../../extension/vscode/src/chat/protocol.ts';
import { ask, call, chat, FINISHED, STREAMING, TROUBLE, turn } from './states.ts';
import { inBrowser, until, type View } from './view.ts';

const open = inBrowser();
let view: View;
beforeEach(async () => {
  view = await open();
});
afterEach(async () => {
  assert.deepEqual(await view.breaches(), []);
  await view.close();
});

async function click(name: string | RegExp): Promise<unknown> {
  await view.told();
  await view.page.getByRole('button', { name, exact: typeof name === 'string' }).first().click();
  return (await view.told()).at(-1);
}

function update(...updates: Update[]): Promise<void> {
  return view.tell({ type: 'updates', updates });
}

test('it asks for the chat when it is there', async () => {
  assert.deepEqual(await view.told(), [{ type: 'ready' }]);
});

test('code is copied, inserted and applied', async () => {
  await view.show(FINISHED);
  for (const [name, type] of [['Copy', 'copy'], ['Insert at the cursor', 'insert'], ['Apply to the file', 'apply']] as const) {
    const said = (await click(name)) as { type: string; text: string };
    assert.equal(said.type, type);
    assert.match(said.text, /^def parse\(text: str\)[^]*depth=1\)$/);
  }
});

test('a place is opened', async () => {
  await view.show(FINISHED);
  assert.deepEqual(await click('src/parser.py:12'), { type: 'showFile', path: 'src/parser.py', line: 12 });
  assert.deepEqual(await click('the notes'), { type: 'showFile', path: 'docs/notes.md', line: undefined });
});

test('changes are reviewed, kept and undone', async () => {
  await view.show(FINISHED);
  const path = '/home/ada/project/src/parser.py';
  assert.deepEqual(await click('Review src/parser.py'), { type: 'review', turn: 1, path });
  assert.deepEqual(await click('Keep src/parser.py'), { type: 'keep', turn: 1, path });
  assert.deepEqual(await click('Undo src/parser.py'), { type: 'undo', turn: 1, path });
  assert.deepEqual(await click('Keep all'), { type: 'keep', turn: 1, path: undefined });
  assert.deepEqual(await click('Undo turn'), { type: 'undo', turn: 1, path: undefined });
  assert.deepEqual(await click('Try again'), { type: 'retry' });
});

test('a message can be said again also above an explanation', async () => {
  await view.show(chat({ turns: [...FINISHED.turns, turn({ number: -1, prompt: 'Explain it' })] }));
  assert.deepEqual(await click('Try again'), { type: 'retry' });
});

test('notes are dismissed, the folder is trusted, and remedies are taken', async () => {
  await view.show(TROUBLE);
  assert.deepEqual(await click('Trust this folder'), { type: 'trust' });
  assert.equal(await view.page.locator('.note').count(), 2, 'it may be refused');
  await update({ type: 'set', values: { notes: TROUBLE.notes.slice(0, 1), trust: false } });
  assert.equal(await view.page.getByRole('button', { name: 'Trust this folder' }).count(), 0);
  await click('Dismiss this note');
  assert.equal(await view.page.locator('.note').count(), 0);
  assert.deepEqual(await click('Download a Model'), { type: 'command', command: 'fimble.setUpModel' });
  assert.equal(await view.page.getByRole('button', { name: 'Send' }).getAttribute('aria-disabled'), 'true');
});

test('the mode and the model are switched, and the meter warns', async () => {
  await view.show(FINISHED);
  await view.told();
  await view.page.getByRole('combobox', { name: 'Mode' }).selectOption('plan');
  assert.deepEqual(await view.told(), [{ type: 'mode', mode: 'plan' }]);
  assert.deepEqual(await click(/^Model: /), { type: 'command', command: 'fimble.switchModel' });
  const meter = view.page.getByRole('meter');
  assert.equal(await meter.getAttribute('aria-valuenow'), '85');
  assert.match((await meter.getAttribute('aria-valuetext')) ?? '', /A new chat has more room/);
});

test('what is composed elsewhere stands in the input, and stays when it is hidden', async () => {
  await view.tell({ type: 'compose', text: 'Explain this' });
  assert.equal(await view.page.inputValue('#fimble-input'), 'Explain this');
  assert.deepEqual(await view.page.evaluate(() => document.activeElement?.id), 'fimble-input');
});

test('the begin, a question and the end are said aloud, and no token is', async () => {
  const said = (): Promise<string> => view.page.locator('[role=status]').innerText();
  await view.show(chat({}));
  await update({ type: 'began', turn: 1, prompt: 'Hi' });
  assert.equal(await said(), 'Fimble is answering.');
  await update({ type: 'item', turn: 1, item: { kind: 'text', text: 'Hello' } });
  assert.equal(await said(), 'Fimble is answering.');
  await update({ type: 'item', turn: 1, item: ask({ title: 'Run make' }) });
  assert.equal(await said(), 'Permission needed: Run make');
  await update({ type: 'answered', ask: 'q1', answer: 'allow_once' });
  await update({ type: 'ended', turn: 1, end: { stopReason: 'end_turn', problem: '' } });
  assert.equal(await said(), 'The answer is complete.');
});

test('the end stays in sight, unless the user looks elsewhere', async () => {
  const scroll = view.page.locator('.scroll');
  const away = (): Promise<number> => scroll.evaluate((at) => at.scrollHeight - at.scrollTop - at.clientHeight);
  const more: Update = { type: 'item', turn: 1, item: { kind: 'text', text: '\n\nOne more paragraph.'.repeat(10) } };
  await view.show(chat({ isRunning: true, turns: [turn({ end: undefined })] }));
  for (let count = 0; count < 5; count += 1) {
    await update(more);
    await until(async () => (await away()) < 2);
  }
  await scroll.evaluate((at) => at.scrollTo(0, 50));
  const jump = view.page.getByRole('button', { name: 'Jump to latest' });
  await jump.waitFor();
  await update(more);
  assert.equal(await scroll.evaluate((at) => at.scrollTop), 50);
  await jump.click();
  await until(async () => (await away()) < 2);
  await jump.waitFor({ state: 'detached' });
});

test('finished blocks are not drawn anew', async () => {
  await view.show(chat({ isRunning: true, turns: [turn({ end: undefined, items: [{ kind: 'text', text: 'One.\n\nTwo.' }] })] }));
  const first = view.page.locator('.markdown > p').first();
  await first.evaluate((paragraph) => Object.assign(paragraph, { isSame: true }));
  await update({ type: 'item', turn: 1, item: { kind: 'text', text: ' More.\n\nThree.' } });
  assert.equal(await first.evaluate((paragraph) => (paragraph as unknown as { isSame?: boolean }).isSame), true);
  assert.deepEqual(await view.page.locator('.markdown p').allInnerTexts(), ['One.', 'Two. More.', 'Three.']);
});

test('why a call failed is seen without unfolding it', async () => {
  await view.show(STREAMING);
  const reason = view.page.locator('.call-reason');
  assert.deepEqual(await reason.allInnerTexts(), ['ruff: command not found']);
  await click(/Run ruff check/);
  await reason.waitFor({ state: 'detached' });
  const failed = view.page.locator('.call.failed .output');
  assert.equal((await failed.innerText()).trim(), 'ruff: command not found');
});

test('live output follows, and closes when it is done', async () => {
  const output = (status: 'in_progress' | 'completed'): Update => ({
    type: 'item',
    turn: 1,
    item: call({ id: 'c4', title: 'Run make', tool: 'execute', status, text: 'line\n'.repeat(100) }),
  });
  await view.show(STREAMING);
  await update(output('in_progress'));
  const shown = view.page.locator('.call', { hasText: 'Run make' }).locator('.output');
  const away = await shown.evaluate((at) => at.scrollHeight - at.scrollTop - at.clientHeight);
  assert.ok(away < 2, String(away));
  await update(output('completed'));
  await shown.waitFor({ state: 'detached' });
});
