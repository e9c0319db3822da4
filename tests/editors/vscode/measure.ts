/**
 * What the extension costs: how long it takes to start, how soon a suggestion is seen after the
 * server gave it, and whether keys take longer with it than without.
 *
 * `tests/editors/vscode/run measure.ts`, on a machine with nothing else to do. The engine is
 * scripted and answers at once, so that nothing but the extension and the editor is measured.
 */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Editor, until } from './editor.ts';
import { fimble } from './server.ts';

const ROUNDS = 4;
const KEYS = 150;
const SUGGESTIONS = 60;
const PAUSE_MS = 70;

/** A command between editor and server that notes when suggestions go by; milliseconds since 1970. */
function timed(command: string): { command: string; times: () => number[] } {
  const log = join(command, '..', 'answers');
  const script = join(command, '..', 'timed.mjs');
  writeFileSync(log, '');
  writeFileSync(
    script,
    `import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
const child = spawn(${JSON.stringify(command)}, process.argv.slice(2), { stdio: ['pipe', 'pipe', 'inherit'] });
process.stdin.pipe(child.stdin);
child.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  if (chunk.includes('"insertText"')) {
    appendFileSync(${JSON.stringify(log)}, performance.timeOrigin + performance.now() + '\\n');
  }
});
child.on('exit', (code) => process.exit(code ?? 1));
`,
  );
  const wrapper = join(command, '..', 'timed');
  writeFileSync(wrapper, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  chmodSync(wrapper, 0o755);
  const times = (): number[] => readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number);
  return { command: wrapper, times };
}

/** In the page: when ghost text appears, and how long keys take until the text has changed. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { ghosts: [] as number[], keys: [] as number[] };
    let pressed = 0;
    let hadGhost = false;
    const lines = document.querySelector('.monaco-editor .view-lines');
    window.addEventListener('keydown', () => (pressed = performance.now()), { capture: true });
    new MutationObserver(() => {
      const hasGhost = lines?.querySelector('.ghost-text-decoration') !== null;
      if (hasGhost && !hadGhost) {
        seen.ghosts.push(performance.timeOrigin + performance.now());
      }
      hadGhost = hasGhost;
      if (pressed > 0) {
        seen.keys.push(performance.now() - pressed);
        pressed = 0;
      }
    }).observe(lines ?? document.body, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { seen });
  });
}

function seen(page: Page): Promise<{ ghosts: number[]; keys: number[] }> {
  return page.evaluate(() => (window as unknown as { seen: { ghosts: number[]; keys: number[] } }).seen);
}

async function ghosts(): Promise<object> {
  const { command, times } = timed(fimble([{ after: 'total = ', text: 'sum(locals)' }]));
  const editor = await Editor.open({ 'fimble.server.command': command });
  try {
    await editor.untilReady();
    await editor.edit('ghosts.py');
    await editor.page.waitForTimeout(3000);
    await watch(editor.page);
    const delays: number[] = [];
    for (let count = 0; count < SUGGESTIONS; count++) {
      await editor.type('total = ');
      await editor.untilGhost('sum(locals)');
      const shown = (await seen(editor.page)).ghosts.at(-1) ?? 0;
      delays.push(shown - Math.max(...times().filter((time) => time <= shown)));
      await editor.press('Escape', 'Enter');
    }
    const activation = await activationMs(editor);
    return { suggestionMs: figures(delays), activation };
  } finally {
    await editor.close();
  }
}

/** As the editor itself has measured it. */
async function activationMs(editor: Editor): Promise<string> {
  await editor.command('Developer: Show Running Extensions');
  const row = editor.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'Fimble' }).first();
  await until(async () => (await row.count()) > 0);
  return row.locator('.activation-time').innerText();
}

async function keys(settings: object, enabled: boolean): Promise<number[]> {
  const editor = await Editor.open(settings, {}, { withExtension: enabled });
  try {
    if (enabled) {
      await editor.untilReady();
    }
    await editor.edit('keys.py', 'value = [1, 2, 3]\n'.repeat(500));
    await editor.page.waitForTimeout(3000);
    await watch(editor.page);
    for (let key = 0; key < KEYS; key++) {
      await editor.type('total = sum(value) + other '.charAt(key % 27));
      await editor.page.waitForTimeout(PAUSE_MS);
    }
    return (await seen(editor.page)).keys;
  } finally {
    await editor.close();
  }
}

function figures(values: readonly number[]): object {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number): number => Number((sorted[Math.floor(part * (sorted.length - 1))] ?? NaN).toFixed(1));
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), most: at(1) };
}

const settings = { 'fimble.server.command': fimble([{ after: ' ', text: 'sum(locals)' }]) };
const without: number[][] = [];
const withIt: number[][] = [];
for (let round = 0; round < ROUNDS; round++) {
  without.push(await keys({}, false));
  withIt.push(await keys(settings, true));
}
const told = {
  ...(await ghosts()),
  keyMs: {
    without: without.map(figures),
    with: withIt.map(figures),
    allWithout: figures(without.flat()),
    allWith: figures(withIt.flat()),
  },
};
console.log(JSON.stringify(told, undefined, 1));
