/**
 * The pictures of the README: a chat's question and review, and frames of typing, with the real model.
 *
 * `tests/editors/vscode/run pictures.ts FOLDER`, then `python -m tests.editors.animate FOLDER`.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChatPage } from './chat.ts';
import { Editor, until } from './editor.ts';
import { withModel } from './server.ts';

const MODEL = 'qwen2.5-coder-1.5b';
const FRAME_MS = 120;
const KEY_MS = 90;
const TYPED = [
  'def mean(values: list[float]) -> float:\n"""The arithmetic mean."""\nreturn ',
  'def median(values: list[float]) -> float:\n"""The median of an odd number of values."""\nordered = ',
  'return ',
];
/** Pressed ahead of each. */
const KEYS = [[], ['Enter', 'Enter', 'Shift+Tab'], ['Enter']];

const folder = process.argv[2];
if (folder === undefined) {
  throw new Error('Say where the pictures should go.');
}
const frames = join(folder, 'frames');
mkdirSync(frames, { recursive: true });
const { command, variables } = withModel(MODEL);
const settings = {
  'editor.fontSize': 15,
  'fimble.model': MODEL,
  'fimble.server.command': command,
  'workbench.colorTheme': 'Default Dark Modern',
};
const editor = await Editor.open(settings, variables);
const { page } = editor;

try {
  await editor.untilReady(MODEL);
  await typing();
  await chatting(new ChatPage(editor));
} finally {
  await editor.close();
}

/** A picture every so often while suggestions are typed at, waited for and taken. */
async function typing(): Promise<void> {
  await editor.edit('statistics.py');
  await page.keyboard.press('Control+b'); // room for the code
  await page.waitForTimeout(1500);
  const clip = await page.locator('.editor-instance').first().boundingBox();
  let isTyping = true;
  const filming = (async () => {
    for (let number = 0; isTyping; number++) {
      const start = Date.now();
      const path = join(frames, `${String(number).padStart(4, '0')}.png`);
      await page.screenshot({ path, ...(clip && { clip: { ...clip, height: Math.min(clip.height, 330) } }) });
      await page.waitForTimeout(Math.max(0, FRAME_MS - (Date.now() - start)));
    }
  })();
  for (const [number, text] of TYPED.entries()) {
    await editor.press(...(KEYS[number] ?? []));
    await page.keyboard.type(text, { delay: KEY_MS });
    await until(async () => (await editor.ghost()) !== '');
    await page.waitForTimeout(900);
    await page.keyboard.press('Tab');
    await page.waitForTimeout(500);
  }
  await page.waitForTimeout(800);
  isTyping = false;
  await filming;
  await page.keyboard.press('Control+b');
}

async function chatting(chat: ChatPage): Promise<void> {
  writeFileSync(join(editor.folder, 'calc.py'), 'def add(a, b):\n    """Add two numbers."""\n    return a - b\n');
  await editor.edit('calc.py', 'def add(a, b):\n    """Add two numbers."""\n    return a - b\n');
  await chat.open();
  await chat.say('@calc.py: the function add is wrong, fix it.');
  await chat.asking.waitFor();
  await chat.button('Open diff').click();
  await page.locator('.tab', { hasText: '(proposed)' }).waitFor();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(folder ?? '', 'chat.png') });
  await chat.asking.getByRole('button', { name: 'Allow' }).first().click();
  await chat.untilIdle();
  await chat.button('Review calc.py').click();
  await page.locator('.tab', { hasText: '(before ↔ now)' }).waitFor();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(folder ?? '', 'review.png') });
}
