/**
 * The way of a new user, timed: from a window with the extension to the first suggestion.
 *
 * `tests/editors/vscode/run first.ts`. All of it is real: the server comes from the wheel in the
 * extension with llama.cpp from the package index, and the model is downloaded, some 1.1 GB.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Editor, PYTHON, until } from './editor.ts';

const CODE = `def mean(values: list[float]) -> float:
    """The arithmetic mean of some values."""
    return sum(values) / len(values)


def median(values: list[float]) -> float:
    """The median of some values."""
    ordered = sorted(values)
    middle = `;

// As on a new machine: no \`fimble\` on PATH. Pip's cache may hold llama.cpp, where it is compiled.
const editor = await Editor.open({ 'fimble.server.python': PYTHON }, { PATH: '/usr/bin:/bin' });
const began = Date.now();

function tell(sentence: string): void {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${sentence}`);
}

async function button(toast: string, name: string): Promise<void> {
  const shown = editor.page.locator('.notification-toast', { hasText: toast });
  await shown.waitFor();
  tell(`“${(await shown.locator('.notification-list-item-message').innerText()).replaceAll(/\s+/g, ' ')}”`);
  await editor.shot(`first-${name.replaceAll(' ', '-')}`);
  await shown.getByRole('button', { name, exact: true }).click();
  tell(`clicked ${name}`);
}

try {
  tell('the window is open; the extension is installed');
  await button('The server is not set up yet', 'Set Up the Server');
  await button('Fimble recommends', 'Download');
  await editor.untilReady();
  tell('the model is there');
  writeFileSync(join(editor.folder, 'statistics.py'), '');
  await editor.edit('statistics.py', CODE.slice(0, -'middle = '.length));
  await editor.page.waitForTimeout(1000);
  await editor.type('middle = ');
  await until(async () => (await editor.ghost()) !== '');
  tell(`the first suggestion: ${JSON.stringify(await editor.ghost())}`);
  await editor.shot('first-suggestion');
  await editor.press('Tab');
  assert.match(await editor.saved('statistics.py'), /middle = \S/);
  tell('taken with Tab');
} finally {
  await editor.close();
}
